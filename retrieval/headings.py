"""Where a place in a document stands: the headings above it, its page, and the sections between headings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain, pairwise, takewhile

from retrieval.types import About, Document, Heading, Span

_VISIBLE = re.compile(r"\S")


def page_at(document: About, offset: int) -> int | None:
    """The page, counting from 1, on which `offset` stands; None where the format has no pages."""
    return bisect_right(document.pages, offset) or None if document.pages else None


def trail_at(document: About, offset: int) -> tuple[str, ...]:
    """The headings above `offset`, outermost first, without the document's title."""
    found: tuple[str, ...] = ()
    for heading, trail in _trails(document):
        if heading.span.start > offset:
            break
        found = trail
    return found


def trail_over(document: About, span: Span) -> tuple[str, ...]:
    """The headings above all of `span`, outermost first: fewer than above its beginning where others stand in it."""
    found = trail_at(document, span.start)
    for heading, trail in _trails(document):
        if span.start < heading.span.start < span.end:
            both = zip(found, trail, strict=False)
            found = tuple(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], both))
    return found


def sections(document: Document) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """The text between headings, each with the trail of headings above it.

    A heading above nothing, neither text nor a deeper heading, is text itself; so are headings alone.
    """
    text, body = document.text, Span(document.body_start, len(document.text))
    if not any(_VISIBLE.search(text, between.start, between.end) for *_, between in _between(document)):
        if _VISIBLE.search(text, body.start):
            yield body, ()
        return
    for heading, trail, below, between in _between(document):
        if _VISIBLE.search(text, between.start, between.end):
            yield between, trail
        elif heading is not None and heading.span.start >= body.start and (not below or below.level <= heading.level):
            yield heading.span, trail


def _between(document: Document) -> Iterator[tuple[Heading | None, tuple[str, ...], Heading | None, Span]]:
    """What stands behind each heading and before the first: that heading, its trail, the next one, and where."""
    marks = chain([(None, ())], _trails(document), [(None, ())])
    for (heading, trail), (below, _) in pairwise(marks):
        start = max(heading.span.end if heading else 0, document.body_start)
        end = below.span.start if below else len(document.text)
        yield heading, trail, below, Span(start, max(start, end))


def _trails(document: About) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    """Each heading with the trail that holds below it: itself and those above it, without the document's title."""
    trail: list[Heading] = []
    for heading in document.headings:
        while trail and trail[-1].level >= heading.level:
            trail.pop()
        trail.append(heading)
        yield heading, tuple(one.text for one in trail if one.text != document.title)
