"""Passages are slices: ordered, within the budget, and nothing but white space is lost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.loaders import load
from retrieval.passages import Tokens, cut, page_at, trail_at
from retrieval.testing import FakeEmbedder
from retrieval.types import Document, Heading, Passage, Span

_OFFSETS = FakeEmbedder().token_offsets


def _document(text: str, name: str = "a.md") -> Document:
    return load(Path(name), name, text.encode())


def _passages(text: str, budget: int = 40, name: str = "a.md", language: str = "en") -> list[str]:
    document = _document(text, name)
    return [one.span.of(document.text) for one in cut(document, language, _OFFSETS, budget)]


def _lost(document: Document, passages: tuple[Passage, ...], budget: int) -> str:
    """What no passage and no heading holds, of passages that are slices, in order and within the budget."""
    covered = [False] * len(document.text)
    before = document.body_start
    for passage in passages:
        assert before <= passage.span.start < passage.span.end <= len(document.text)
        before = passage.span.end
        assert len(_OFFSETS(passage.span.of(document.text))) <= budget
        assert passage.sentences[0].start == passage.span.start
        assert passage.sentences[-1].end == passage.span.end
        inside = passage.span.start
        for sentence in passage.sentences:
            assert inside <= sentence.start < sentence.end
            inside = sentence.end
            assert sentence.of(document.text) == sentence.of(document.text).strip()
            for at in range(sentence.start, sentence.end):
                covered[at] = True
    headings = {at for h in document.headings for at in range(h.span.start, h.span.end)}
    outside = (at for at in range(document.body_start, len(document.text)) if not covered[at] and at not in headings)
    return "".join(document.text[at] for at in outside).strip()


_WORDS = st.sampled_from(
    ["word", "Dr. No", "3.14", "e.g. this", "End.", "Really?!", "# Heading\n", "- item\n", "| a | b |\n", "\n\n", "\n",
     "東京都は大きい。", "ประเทศไทย", "مرحبا بالعالم.", "x" * 90, "…", "\r\n", "\u2028", "🙂",
     "A sentence stands here. "]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_WORDS, min_size=1, max_size=60).map(" ".join), st.integers(4, 60), st.sampled_from(["en", "zh", "ar"]))
@example("one " * 500, 16, "en")
@example("東京" * 400, 16, "zh")
def test_slices_are_ordered_within_budget_and_lose_only_white_space(text: str, budget: int, language: str) -> None:
    document = Document("a.txt", "", text, "a")
    if text.strip():
        assert not _lost(document, cut(document, language, _OFFSETS, budget), budget)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_WORDS, min_size=1, max_size=60).map(" ".join), st.integers(4, 60))
def test_the_same_holds_for_markdown_with_its_headings(text: str, budget: int) -> None:
    if text.strip():
        document = _document(text)
        assert not _lost(document, cut(document, "en", _OFFSETS, budget), budget)


def test_a_passage_never_crosses_a_heading() -> None:
    assert _passages("# A\n\nOne.\n\n## B\n\nTwo.\n\nThree.\n") == ["One.", "Two.\n\nThree."]


def test_headings_travel_with_the_passage_and_stand_in_no_excerpt() -> None:
    document = _document("# Book\n\n## Part\n\n### Chapter\n\nText here.\n\n## Other\n\nMore text.\n")
    found = [(one.span.of(document.text), one.headings) for one in cut(document, "en", _OFFSETS, 40)]
    assert found == [("Text here.", ("Part", "Chapter")), ("More text.", ("Other",))]


def test_a_document_of_headings_alone_is_still_quoted() -> None:
    assert _passages("# Only\n\n## Headings\n") == ["# Only\n\n## Headings"]


def test_a_paragraph_that_fits_stays_whole_and_a_long_one_is_divided_evenly() -> None:
    sentence = "Eight words stand in this one sentence here. "
    assert _passages(sentence * 4, budget=40) == [(sentence * 4).strip()]
    assert [len(one) for one in _passages(sentence * 8, budget=40)] == [len(sentence) * 4 - 1] * 2


def test_hard_wrapped_prose_is_no_list_of_lines() -> None:
    text = (
        "The keeper climbed the two hundred steps to the lamp at\n"
        "dusk. He trimmed the wick and filled the bowl with oil,\n"
        "and sat down to wait for the ships to pass the point.\n"
    )
    document = _document(text, "a.txt")
    (passage,) = cut(document, "en", _OFFSETS, 60)
    assert [s.of(text) for s in passage.sentences] == [
        "The keeper climbed the two hundred steps to the lamp at\ndusk.",
        "He trimmed the wick and filled the bowl with oil,\nand sat down to wait for the ships to pass the point.",
    ]


def test_each_line_of_a_list_or_table_is_a_sentence_of_its_own() -> None:
    text = "- first thing\n- second thing\n\n| a | 1 |\n| b | 2 |\n"
    document = _document(text)
    sentences = [s.of(text) for one in cut(document, "en", _OFFSETS, 60) for s in one.sentences]
    assert sentences == ["- first thing", "- second thing", "| a | 1 |", "| b | 2 |"]


def test_rows_are_a_passage_each() -> None:
    assert _passages("city,trams\nUlm,10\nBonn,4\n", name="a.csv") == ["city: Ulm; trams: 10", "city: Bonn; trams: 4"]


def test_a_sentence_over_the_budget_is_divided_between_words() -> None:
    found = _passages("alpha beta gamma delta " * 20, budget=10)
    assert all(len(one.split()) <= 10 for one in found)
    assert " ".join(found) == ("alpha beta gamma delta " * 20).strip()


def test_a_very_long_block_is_never_cut_within_a_word() -> None:
    words = [f"word{number}" for number in range(9000)]
    found = _passages(" ".join(words), budget=50)
    assert " ".join(found).split() == words


def test_a_word_without_end_is_kept_whole_in_text() -> None:
    text = "x" * 100_000
    assert "".join(_passages(text, name="a.txt")) == text


def test_a_word_without_end_is_divided_although_the_model_sees_one_token_in_it() -> None:
    document = _document("x" * 100_000, "a.txt")

    def one_token(text: str) -> NDArray[np.int32]:
        return np.array([[0, len(text)]], np.int32)

    lengths = [len(one.span) for one in cut(document, "en", one_token, 40)]
    assert sum(lengths) == 100_000
    assert max(lengths) <= 40 * 100


def test_the_trail_of_every_passage_is_that_above_it() -> None:
    text = "# A\n\none\n\n## B\n\ntwo\n\n#### C\n\nthree\n\n## D\n\nfour\n\n# E\n\nfive\n\n### F\n\nsix\n"
    trails = [one.headings for one in cut(_document(text), "en", _OFFSETS, 40)]
    assert trails == [(), ("B",), ("B", "C"), ("D",), ("E",), ("E", "F")]


class _Counted(Sequence[Heading]):
    """Headings that count how often one is looked at."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings, self.looked_at = headings, 0

    def __len__(self) -> int:
        return len(self._headings)

    def __getitem__(self, index: Any) -> Any:
        self.looked_at += 1
        return self._headings[index]


def test_cutting_looks_at_each_heading_a_few_times_however_many_there_are() -> None:
    text = "".join(f"## Part {number}\n\nText {number}.\n\n" for number in range(300))
    document = _document(text)
    counted = _Counted(document.headings)
    expected = cut(document, "en", _OFFSETS, 40)
    assert cut(replace(document, headings=counted), "en", _OFFSETS, 40) == expected  # type: ignore[arg-type]
    assert counted.looked_at <= 3 * len(counted)


def test_counting_tokens_looks_at_a_few_of_them() -> None:
    """The work for a span grows with the logarithm of the text, so that long texts are cut in good time."""
    starts = np.arange(0, 40_000_000, 4, np.int32)
    tokens = Tokens(np.stack([starts, starts + 4], axis=1), 40_000_000)
    tracemalloc.start()
    assert [tokens.count(Span(at, at + 400)) for at in range(0, 4000, 40)] == [100] * 100
    assert tokens.start_of(Span(39_000_000, 40_000_000), 10) == 39_000_040
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (9, 1), (10, 2), (25, 3), (99, 3)])
def test_pages_count_from_one(offset: int, page: int) -> None:
    document = Document("a.pdf", "", "x" * 100, "a", pages=(0, 10, 20))
    assert page_at(document, offset) == page
    assert page_at(Document("a.txt", "", "x", "a"), 0) is None


def test_the_trail_leaves_out_the_title() -> None:
    headings = (Heading(Span(0, 3), 1, "Top"), Heading(Span(5, 8), 2, "Sub"), Heading(Span(20, 23), 2, "Next"))
    document = Document("a.md", "", "x" * 40, "Top", headings=headings)
    assert [trail_at(document, at) for at in (1, 10, 30)] == [(), ("Sub",), ("Next",)]
