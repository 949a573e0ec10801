"""Words of a question in further forms: spellings of both sides of the Atlantic, and what these change."""

from __future__ import annotations

import pytest

from retrieval.library import Library
from retrieval.preparing import prepare
from retrieval.testing import FakeEmbedder
from retrieval.types import Filter
from retrieval.variants import other_spellings
from tests.conftest import Write


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"), ("neighbourhoods", "neighborhoods"), ("honoured", "honored"), ("kilometres", "kilometers"),
        ("centred", "centered"), ("fibre", "fiber"), ("organise", "organize"), ("organisations", "organizations"),
        ("analysed", "analyzed"), ("catalogues", "catalogs"), ("travelling", "traveling"), ("signalled", "signaled"),
        ("grey", "gray"), ("ploughs", "plows"), ("aluminium", "aluminum"), ("programme", "program"),
    ],
)  # fmt: skip
def test_a_word_is_spelt_in_both_ways(british: str, american: str) -> None:
    assert list(other_spellings(british)) == [american]
    assert list(other_spellings(american)) == [british]


@pytest.mark.parametrize(
    "word",
    [
        *(
            "hour",
            "four",
            "tour",
            "scoured",
            "called",
            "stalled",
            "general",
            "wise",
            "prise",
            "prize",
            "sister",
            "there",
        ),
        *("more", "store", "chamber", "timber", "charters", "draughts", "enter"),
    ],
)
def test_most_words_are_spelt_in_one_way(word: str) -> None:
    assert list(other_spellings(word)) == []


def test_a_name_has_one_spelling(library: Library, write: Write, embedder: FakeEmbedder) -> None:
    write("grey.txt", "Sir Edward Grey was born in London. His coat was grey.\n")
    library.sync()
    named = prepare("When was Gray born?", embedder, library.searcher(), Filter())
    assert named.missing == ("Gray",)
    assert prepare("What was gray?", embedder, library.searcher(), Filter()).missing == ()


def test_the_other_spelling_is_found_and_neither_corrected_nor_missing(
    library: Library, write: Write, embedder: FakeEmbedder
) -> None:
    write("harbour.txt", "The harbour is forty kilometres away. She drank the water.\n")
    library.sync()
    question = "How many kilometers is the harbor's wall? What does she drink?"
    asked = prepare(question, embedder, library.searcher(), Filter())
    assert (asked.missing, asked.corrections) == ((), ())
    words = [asked.text[term.start : term.end] for term in asked.terms]
    absent = {word for word, one in zip(words, asked.absent, strict=True) if one}
    assert "wall" in absent
    assert not absent & {"kilometers", "harbor's", "drink"}
    other = prepare("How many kilograms?", embedder, library.searcher(), Filter())
    assert other.missing == ("kilograms",)
