"""Cuts a document into passages: whole sentences, one section each, within the model's token budget.

Everything here is a slice of the document; nothing is joined, normalised or dropped but white space between sentences,
headings (they travel as `Passage.headings`) and the metadata before the body. Sentence boundaries come from sentencex.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Document, Heading, Passage, Span

VERSION = 1
"""Raised when the same document would be cut otherwise, so that libraries are cut again."""

TokenOffsets = Callable[[str], NDArray[np.int32]]
"""Text -> the `[start, end)` of each of the model's tokens, in code points, shape `[tokens, 2]`."""

_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_ITEM = re.compile(r"\s*(?:[-*•‣◦▪–—+|>#]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)])\s")
_WRAPPED_LINE = 50  # shortest line, in characters, that is taken for a wrapped one
_SEGMENT = 20_000  # characters given to the segmenter at once
_WIDEST_TOKEN = 100  # characters; a longer word may be one token to the model, as may be a whole line without spaces


def cut(document: Document, language: str, token_offsets: TokenOffsets, budget: int) -> tuple[Passage, ...]:
    """The passages of `document`, in order, none of more than `budget` tokens.

    A passage never crosses a heading. A paragraph that fits stays whole; shorter neighbours join up to half the
    budget; a longer one is divided evenly between sentences; a sentence over the budget is divided at white space,
    or between tokens where there is none. Where `document.layout` is `"rows"`, every line is a passage.
    """
    tokens = Tokens(token_offsets(document.text), len(document.text))
    passages: list[Passage] = []
    for section, headings in _sections(document):
        paragraphs = [
            [piece for sentence in block for piece in _within(document.text, sentence, tokens, budget)]
            for block in _blocks(document, section, language)
        ]
        join_up_to = 0 if document.layout == "rows" else budget // 2
        for sentences in _pack([p for p in paragraphs if p], tokens, budget, join_up_to):
            span = Span(sentences[0].start, sentences[-1].end)
            passages.append(Passage(span, tuple(sentences), headings, page_at(document, span.start)))
    return tuple(passages)


class Tokens:
    """Counts the model's tokens in any span of one text; a stretch without tokens counts as one each 100 characters."""

    def __init__(self, offsets: NDArray[np.int32], length: int) -> None:
        edges = np.concatenate((np.zeros(1, np.int32), offsets[:, 0], np.full(1, length, np.int32)))
        wide = np.flatnonzero(np.diff(edges) > _WIDEST_TOKEN)
        more = [np.arange(edges[at] + _WIDEST_TOKEN, edges[at + 1], _WIDEST_TOKEN) for at in wide]
        starts = np.sort(np.concatenate([offsets[:, 0], *more])) if more else offsets[:, 0]
        self._starts = np.ascontiguousarray(starts, np.int32).data

    def count(self, span: Span) -> int:
        """How many tokens start inside `span`."""
        first = bisect_left(self._starts, span.start)
        return bisect_left(self._starts, span.end, first) - first

    def start_of(self, span: Span, index: int) -> int:
        """The offset where token number `index` of `span` starts."""
        return self._starts[bisect_left(self._starts, span.start) + index]


def _sections(document: Document) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """The text between headings, each with the trail of headings above it; headings alone are kept as text."""
    trails = list(_trails(document))
    starts: list[tuple[int, tuple[str, ...]]] = [(0, ()), *((heading.span.end, trail) for heading, trail in trails)]
    ends = [*(heading.span.start for heading, _ in trails), len(document.text)]
    empty = True
    for (start, trail), end in zip(starts, ends, strict=True):
        first = max(start, document.body_start)
        if document.text[first:end].strip():
            empty = False
            yield Span(first, end), trail
    if empty and document.text.strip():
        yield Span(0, len(document.text)), ()


def _blocks(document: Document, section: Span, language: str) -> Iterator[list[Span]]:
    """The paragraphs of a section as sentences; a record is a paragraph of its own."""
    start = section.start
    for match in [*_BLANK_LINES.finditer(document.text, section.start, section.end), None]:
        end = match.start() if match else section.end
        lines = list(_lines(document, Span(start, end)))
        if document.layout == "rows":
            yield from ([line] for line in (_trim(document.text, s) for s in lines) if len(line))
        else:
            yield [s for line in lines for s in _sentences(document.text, line, language)]
        start = match.end() if match else end


def _lines(document: Document, block: Span) -> Iterator[Span]:
    """Divides a block at its real line ends: all of them in a table or list, none where prose is hard-wrapped."""
    text = document.text
    breaks = [m.start() for m in re.finditer("\n", text[block.start : block.end])]
    edges = [block.start, *(block.start + at + 1 for at in breaks), block.end]
    lines = [Span(a, b) for a, b in pairwise(edges)]
    widest = max((len(line) for line in lines), default=0)
    start = block.start
    for line, following in pairwise(lines):
        wrapped = (
            document.layout == "prose"
            and len(line) >= max(_WRAPPED_LINE, 0.6 * widest)
            and not _ITEM.match(text, following.start, following.end)
        )
        if not wrapped:
            yield Span(start, line.end)
            start = line.end
    yield Span(start, block.end)


def _sentences(text: str, span: Span, language: str) -> Iterator[Span]:
    from sentencex import get_sentence_boundaries

    start = span.start
    while start < span.end:
        end = min(start + _SEGMENT, span.end)
        if end < span.end:  # rather between words than within one
            space = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            end = space + 1 if space > start else end
        piece = text[start:end]
        for boundary in get_sentence_boundaries(language, piece):
            found = Span(start + boundary["start_index"], start + boundary["end_index"])
            trimmed = _trim(text, found)
            if len(trimmed):
                yield trimmed
        start = end


def _trim(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def _within(text: str, sentence: Span, tokens: Tokens, budget: int) -> Iterator[Span]:
    """The sentence, divided only where it holds more than `budget` tokens: after white space where there is any."""
    start = sentence.start
    while tokens.count(Span(start, sentence.end)) > budget:
        limit = tokens.start_of(Span(start, sentence.end), budget)
        space = max(text.rfind(" ", start, limit), text.rfind("\n", start, limit))
        at = space + 1 if space > start + (limit - start) // 2 else limit
        piece = _trim(text, Span(start, max(at, start + 1)))
        if len(piece):
            yield piece
        start = max(at, start + 1)
    rest = _trim(text, Span(start, sentence.end))
    if len(rest):
        yield rest


def _pack(paragraphs: Sequence[list[Span]], tokens: Tokens, budget: int, join_up_to: int) -> Iterator[list[Span]]:
    """Joins short neighbouring paragraphs and divides long ones, so that every group fits the budget."""
    waiting: list[Span] = []
    for paragraph in paragraphs:
        if waiting and tokens.count(Span(waiting[0].start, paragraph[-1].end)) > join_up_to:
            yield from _divide(waiting, tokens, budget)
            waiting = []
        waiting.extend(paragraph)
    if waiting:
        yield from _divide(waiting, tokens, budget)


def _divide(sentences: list[Span], tokens: Tokens, budget: int) -> Iterator[list[Span]]:
    """As few groups as the budget allows, of about equal size."""
    total = tokens.count(Span(sentences[0].start, sentences[-1].end))
    wanted = -(-total // budget)
    target = total / wanted if wanted else budget
    group: list[Span] = []
    for sentence in sentences:
        size = tokens.count(Span(group[0].start, sentence.end)) if group else 0
        if group and (size > budget or tokens.count(Span(group[0].start, group[-1].end)) >= target):
            yield group
            group = []
        group.append(sentence)
    if group:
        yield group


def page_at(document: Document, offset: int) -> int | None:
    """The page, counting from 1, on which `offset` stands; None where the format has no pages."""
    return bisect_right(document.pages, offset) or None if document.pages else None


def trail_at(document: Document, offset: int) -> tuple[str, ...]:
    """The headings above `offset`, outermost first, without the document's title."""
    found: tuple[str, ...] = ()
    for heading, trail in _trails(document):
        if heading.span.start > offset:
            break
        found = trail
    return found


def _trails(document: Document) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    """Each heading with the trail that holds below it: itself and those above it, without the document's title."""
    trail: list[Heading] = []
    for heading in document.headings:
        while trail and trail[-1].level >= heading.level:
            trail.pop()
        trail.append(heading)
        yield heading, tuple(one.text for one in trail if one.text != document.title)
