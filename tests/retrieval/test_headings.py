"""A place in a document has a page and headings above it."""

from __future__ import annotations

import pytest

from retrieval.headings import page_at, trail_at, trail_over
from retrieval.types import Document, Heading, Span

_HEADINGS = (Heading(Span(0, 3), 1, "Top"), Heading(Span(5, 8), 2, "Sub"), Heading(Span(20, 23), 2, "Next"))


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (9, 1), (10, 2), (25, 3), (99, 3)])
def test_pages_count_from_one(offset: int, page: int) -> None:
    document = Document("a.pdf", "", "a", "x" * 100, pages=(0, 10, 20))
    assert page_at(document, offset) == page
    assert page_at(Document("a.txt", "", "a", "x"), 0) is None


def test_the_trail_leaves_out_the_title() -> None:
    document = Document("a.md", "", "Top", "x" * 40, headings=_HEADINGS)
    assert [trail_at(document, at) for at in (1, 10, 30)] == [(), ("Sub",), ("Next",)]


def test_above_a_stretch_are_the_headings_above_all_of_it() -> None:
    document = Document("a.md", "", "a", "x" * 40, headings=_HEADINGS)
    found = [trail_over(document, span) for span in (Span(9, 20), Span(9, 30), Span(20, 30))]
    assert found == [("Top", "Sub"), ("Top",), ("Top", "Next")]
