"""Words of a question in further forms: spellings of both sides of the Atlantic, and what these change."""

from __future__ import annotations

import pytest

from retrieval.library import Library
from retrieval.ranking import prepare
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
    "word", ["hour", "four", "tour", "called", "general", "wise", "sister", "there", "more", "store"]
)
def test_most_words_are_spelt_in_one_way(word: str) -> None:
    assert not set(other_spellings(word)) - {"sistre"}


def test_the_other_spelling_is_found_and_neither_corrected_nor_missing(
    library: Library, write: Write, embedder: FakeEmbedder
) -> None:
    write("harbour.txt", "The harbour is forty kilometres away. She drank the water.\n")
    library.sync()
    asked = prepare("How many kilometers is the harbor? What does she drink?", embedder, library.searcher(), Filter())
    assert (asked.missing, asked.corrections) == ((), ())
    assert not asked.absent[
        [asked.text[t.start : t.end] in {"kilometers", "harbor", "drink"} for t in asked.terms]
    ].any()
    other = prepare("How many kilograms?", embedder, library.searcher(), Filter())
    assert other.missing == ("kilograms",)
