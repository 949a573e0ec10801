"""Cuts a document into passages: whole sentences, one section each, within the model's token budget.

Everything here is a slice of the document; nothing is joined, normalised or dropped but white space between sentences,
headings (they travel as `Passage.headings`), pictures and the like in base64, and the metadata before the body.
Sections are those of `retrieval.headings`, lines those of `retrieval.lines`, sentences those of `retrieval.sentences`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import chain, pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from retrieval.headings import page_at, sections
from retrieval.lines import blocks, every_line
from retrieval.sentences import EDGES, asks, edge, sentences_of, trimmed
from retrieval.types import Document, Passage, Span

VERSION = 11
"""Raised when the same document would be cut otherwise, so that libraries are cut again.

That may lie in this module, in `retrieval.headings`, in `retrieval.lines` or in `retrieval.sentences`.
"""

TokenOffsets = Callable[[str], NDArray[np.int32]]
"""Text -> the `[start, end)` of each of the model's tokens, in code points, shape `[tokens, 2]`."""

_Group = tuple[list[Span], tuple[str, ...]]
"""The sentences of a passage, and what stands in its headings besides those of its section."""

_BETWEEN_FIELDS = "; "  # of a row
_EDGES_OF_ROWS = (_BETWEEN_FIELDS, " ")
_ASKED_AT_ONCE = 2  # questions that stand in one passage with what follows them
_LONGEST_NAME = 80  # characters of a row's first field that name it
_TOKENISED = 200_000  # characters given to the tokenizer at once
_LOOKED_AHEAD = 1_000_000  # tokens of a paragraph that are counted before it is divided
_WIDEST_TOKEN = 100  # characters; a longer word may be one token to the model, as may be a whole line without spaces


def cut(document: Document, language: str, token_offsets: TokenOffsets, budget: int) -> Iterator[Passage]:
    """The passages of `document`, in order and as they are asked for, none of more than `budget` tokens.

    A passage never crosses a heading. A paragraph that fits stays whole; shorter neighbours join up to half the
    budget; a longer one is divided evenly between sentences; a sentence over the budget is divided at a line end,
    else at white space, or between tokens where there is none. A question, as of an interview, stands in one passage
    with what follows it, where both fit and that is no question. Where `document.layout` is `"rows"`, every line is a
    passage; one over the budget is divided as a paragraph is, but between fields before white space, and its first
    field stands in the headings of its later passages.

    Memory does not grow with a section, a paragraph or a line: little more than `budget` squared tokens are looked at
    in advance.
    """
    tokens = Tokens(document.text, token_offsets)
    divided = _divided_rows if document.layout == "rows" else _divided_prose
    for section, headings in sections(document):
        tokens.forget(section.start)
        for sentences, above in divided(document, section, language, tokens, budget):
            span = Span(sentences[0].start, sentences[-1].end)
            yield Passage(span, tuple(sentences), headings + above, page_at(document, span.start))
            tokens.forget(span.end)


class Tokens:
    """Counts the model's tokens in spans of one text; a stretch without tokens counts as one each 100 characters.

    The text is tokenised as it is asked for, in pieces that end before white space. What was forgotten must not be
    asked for again.
    """

    def __init__(self, text: str, token_offsets: TokenOffsets) -> None:
        self._text, self._offsets = text, token_offsets
        self._starts = np.zeros(0, np.int64).data
        self._read = 0  # characters tokenised so far
        self._last = 0  # the last of all starts, or the beginning of the text
        self._forgotten = 0

    def count(self, span: Span) -> int:
        """How many tokens start inside `span`."""
        while self._read < span.end:
            self._read_on()
        first = bisect_left(self._starts, span.start)
        return bisect_left(self._starts, span.end, first) - first

    def start_of(self, at: int, index: int) -> int:
        """The offset where token number `index` of those that start at or behind `at` starts; else the text's end."""
        while True:
            wanted = bisect_left(self._starts, at) + index
            if wanted < len(self._starts):
                return self._starts[wanted]
            if self._read == len(self._text):
                return len(self._text)
            self._read_on()

    def exceed(self, span: Span, most: int) -> bool:
        """Whether more than `most` tokens start inside `span`; looks no further than it must."""
        return self.start_of(span.start, most) < span.end

    def forget(self, before: int) -> None:
        """Says that nothing before `before` will be asked for."""
        self._forgotten = before

    def _read_on(self) -> None:
        begin, end = self._read, self._end_of_piece()
        offsets = self._offsets(self._text[begin:end])[:, 0].astype(np.int64) + begin
        edges = np.concatenate((np.full(1, self._last), offsets, np.full(1, end)))
        wide = np.flatnonzero(np.diff(edges) > _WIDEST_TOKEN)
        more = [np.arange(edges[at] + _WIDEST_TOKEN, edges[at + 1], _WIDEST_TOKEN) for at in wide]
        starts = np.sort(np.concatenate([offsets, *more])) if more else offsets
        kept = self._starts[bisect_left(self._starts, self._forgotten) :]
        self._starts = np.concatenate((np.asarray(kept), starts)).data
        self._last = int(starts[-1]) if len(starts) else self._last
        self._read = end

    def _end_of_piece(self) -> int:
        start, end = self._read, min(self._read + _TOKENISED, len(self._text))
        if end < len(self._text):
            space = max(self._text.rfind(" ", start, end), self._text.rfind("\n", start, end))
            end = space if space > start else end
        return end


def _divided_rows(document: Document, section: Span, language: str, tokens: Tokens, budget: int) -> Iterator[_Group]:
    """Each row on its own: one sentence where it fits the budget, else those of its text."""
    text = document.text
    for row in (trimmed(text, line) for line in every_line(text, section)):
        if not len(row):
            continue
        sentences = sentences_of(text, row, language) if tokens.exceed(row, budget) else [row]
        pieces = (piece for sentence in sentences for piece in _within(text, sentence, tokens, budget, _EDGES_OF_ROWS))
        above: tuple[str, ...] = ()
        for group in _divide(text, pieces, tokens, budget, ends=True):
            yield group, above
            above = (_first_field(text, row),)


def _first_field(text: str, row: Span) -> str:
    """What says which row it is; of a long field the first words."""
    end = min(row.start + _LONGEST_NAME, row.end)
    field = text.find(_BETWEEN_FIELDS, row.start, end)
    return text[row.start : field if field > row.start else edge(text, row.start, end, (" ",))].strip()


def _divided_prose(document: Document, section: Span, language: str, tokens: Tokens, budget: int) -> Iterator[_Group]:
    text = document.text
    paragraphs = (
        (piece for sentence in block for piece in _within(text, sentence, tokens, budget, EDGES))
        for block in blocks(text, section, language)
    )
    for group in _pack(text, paragraphs, tokens, budget):
        yield group, ()


def _within(text: str, sentence: Span, tokens: Tokens, budget: int, edges: Sequence[str]) -> Iterator[Span]:
    """The sentence, divided behind one of `edges` only where it holds more than `budget` tokens."""
    start = sentence.start
    while (limit := tokens.start_of(start, budget)) < sentence.end:
        at = max(edge(text, start, limit, edges), start + 1)
        piece = trimmed(text, Span(start, at))
        if len(piece):
            yield piece
        start = at
    rest = trimmed(text, Span(start, sentence.end))
    if len(rest):
        yield rest


def _pack(text: str, paragraphs: Iterable[Iterator[Span]], tokens: Tokens, budget: int) -> Iterator[list[Span]]:
    """Joins short neighbouring paragraphs and divides long ones, so that every group fits the budget."""
    join_up_to = budget // 2
    waiting: list[Span] = []
    for paragraph, following in pairwise(chain(paragraphs, [None])):
        assert paragraph is not None
        head: list[Span] = []
        for sentence in paragraph:
            head.append(sentence)
            if waiting and tokens.exceed(Span(waiting[0].start, sentence.end), join_up_to):
                begun = yield from _divide(text, iter(waiting), tokens, budget)
                head, waiting = [*begun, *head], []
            if tokens.exceed(Span(head[0].start, sentence.end), join_up_to):  # nothing will be joined to it
                sentences = chain(head, paragraph)
                waiting = yield from _divide(text, sentences, tokens, budget, ends=following is None)
                head = []
        waiting += head
    if waiting:
        yield from _divide(text, iter(waiting), tokens, budget, ends=True)


def _questions_at_end(text: str, sentences: list[Span]) -> list[Span]:
    """Takes the questions with which sentences end off them, two at most."""
    count = len(list(takewhile(lambda one: asks(text, one), reversed(sentences[-_ASKED_AT_ONCE:]))))
    taken = sentences[len(sentences) - count :]
    del sentences[len(sentences) - count :]
    return taken


def _divide(
    text: str, sentences: Iterator[Span], tokens: Tokens, budget: int, *, ends: bool = False
) -> Generator[list[Span], None, list[Span]]:
    """As few groups as the budget allows, of about equal size; beyond so many tokens that is the budget itself. Returns
    the questions at the end, which belong to what follows, unless all of it `ends` there.
    """
    ahead: list[Span] = []
    for sentence in sentences:
        ahead.append(sentence)
        if tokens.exceed(Span(ahead[0].start, sentence.end), min(budget * (budget - 1), _LOOKED_AHEAD)):
            break
    total = tokens.count(Span(ahead[0].start, ahead[-1].end))
    wanted = -(-total // budget)
    target = -(-total // wanted) if wanted else budget
    group: list[Span] = []
    for sentence in chain(ahead, sentences):
        full = group and tokens.count(Span(group[0].start, group[-1].end)) >= target
        if full or (group and tokens.exceed(Span(group[0].start, sentence.end), budget)):
            begun = [] if asks(text, sentence) else _questions_at_end(text, group)
            if begun and tokens.exceed(Span(begun[0].start, sentence.end), budget):
                group, begun = group + begun, []
            if group:
                yield group
            group = begun
        group.append(sentence)
    begun = [] if ends else _questions_at_end(text, group)
    if group:
        yield group
    return begun
