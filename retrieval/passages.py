"""Cuts a document into passages: whole sentences, one section each, within the model's token budget.

Everything here is a slice of the document; nothing is joined, normalised or dropped but white space between sentences,
headings (they travel as `Passage.headings`), pictures and the like in base64, and the metadata before the body.
Sentences are those of `retrieval.sentences`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise, repeat, takewhile

import numpy as np
from numpy.typing import NDArray

from retrieval.sentences import EDGES, asks, edge, sentences_of, trimmed
from retrieval.types import About, Document, Heading, Passage, Span

VERSION = 9
"""Raised when the same document would be cut otherwise, so that libraries are cut again."""

TokenOffsets = Callable[[str], NDArray[np.int32]]
"""Text -> the `[start, end)` of each of the model's tokens, in code points, shape `[tokens, 2]`."""

_Group = tuple[list[Span], tuple[str, ...]]
"""The sentences of a passage, and what stands in its headings besides those of its section."""

_FILE = r"data:[\w/+.;=-]{0,100};base64,[A-Za-z0-9+/]{200,}={0,2}"
_BETWEEN_BLOCKS = re.compile(  # blank lines, or a file within the text, with the name by which Markdown refers to it
    rf"\n[^\S\n]*(?:\n[^\S\n]*)+|{_FILE}|\[[^\[\]\n]{{1,100}}\]:[ \t]{{0,10}}<?{_FILE}>?"
)
_ITEM = re.compile(r"\s*(?:[-*•‣◦▪–—+|>#]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)])\s")
_BARRED = re.compile(r"[^\S\n]*\|[^|\n]*\|")  # how a row of a Markdown table begins
_STAMP = re.compile(  # with which a record of a log or a message of a chat begins
    r"[\u200e\s]*[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}:\d\d)(?!\d)"
)
_VISIBLE = re.compile(r"\S")
_FIRST_WORD = re.compile(r"\s*([^\W\d_]+(?:[-'’][^\W\d_]+)*)[.,;!?)\]]*\s")  # of prose: no "name:", no code
_ENDS_WITHIN = re.compile(r"[.!?][\"'”’)\]]*[^\S\n]+\S")
_BETWEEN_FIELDS = "; "  # of a row
_EDGES_OF_ROWS = (_BETWEEN_FIELDS, " ")
_ASKED_AT_ONCE = 2  # questions that stand in one passage with what follows them
_LONGEST_ROW = 300  # characters of a row among prose that is one sentence, whatever its cells hold
_LONGEST_NAME = 80  # characters of a row's first field that name it
_WRAPPED_LINE = 50  # shortest line, in characters, that is taken for a wrapped one wherever it stands
_COLUMN = 25  # narrowest column, in characters, whose lines are
_NEAR = 10  # lines on either side of one that say whether it is of such a column
_FEW = 5  # lines, itself among them, of which fewer say nothing
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
    for section, headings in _sections(document):
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


def _sections(document: Document) -> Iterator[tuple[Span, tuple[str, ...]]]:
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


def _divided_rows(document: Document, section: Span, language: str, tokens: Tokens, budget: int) -> Iterator[_Group]:
    """Each row on its own: one sentence where it fits the budget, else those of its text."""
    text = document.text
    for row in (trimmed(text, line) for line in _every_line(text, section)):
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
        for block in _blocks(text, section, language)
    )
    for group in _pack(text, paragraphs, tokens, budget):
        yield group, ()


def _blocks(text: str, section: Span, language: str) -> Iterator[Iterable[Span]]:
    """The paragraphs of a section as sentences."""
    start = section.start
    for match in chain(_BETWEEN_BLOCKS.finditer(text, section.start, section.end), [None]):
        block = Span(start, match.start() if match else section.end)
        if _VISIBLE.search(text, block.start, block.end):
            yield (sentence for line in _lines(text, block) for sentence in _sentences_of_line(text, line, language))
        start = match.end() if match else section.end


def _sentences_of_line(text: str, line: Span, language: str) -> Iterable[Span]:
    """A row of a table as one sentence, unless it is long; else those of the text."""
    row = trimmed(text, line)
    whole = 0 < len(row) <= _LONGEST_ROW and _is_row(text, row) and "\n" not in text[row.start : row.end]
    return (row,) if whole else sentences_of(text, line, language)


def _lines(text: str, block: Span) -> Iterator[Span]:
    """Divides a block at its real line ends: all of them in a table or list, none where prose is hard-wrapped or stands
    in a column.

    Where its first line begins with a date or time, so does every record.
    """
    if _is_table(text, block):
        yield from _every_line(text, block)
        return
    widest = max(len(line) for line in _every_line(text, block))
    begins = [_ITEM, _STAMP] if _STAMP.match(text, block.start, block.end) else [_ITEM]
    start = block.start
    for line, following, near in _neighbours(text, _every_line(text, block)):
        wrapped = line.width >= max(_WRAPPED_LINE, 0.6 * widest) or _in_column(text, line, following, near)
        if not wrapped or any(one.match(text, following.start, following.end) for one in begins):
            yield Span(start, line.end)
            start = line.end
    yield Span(start, block.end)


class _Line:
    """A line of a block. What every line near it asks of it is found once, and only where one asks."""

    def __init__(self, text: str, span: Span) -> None:
        self._text, self.start, self.end, self.width = text, span.start, span.end, len(span)

    @cached_property
    def begins_small(self) -> bool:
        """Whether it begins with a small letter."""
        first = _FIRST_WORD.match(self._text, self.start, self.end)
        return first is not None and first[1][0].islower()

    @cached_property
    def holds_end(self) -> bool:
        """Whether a sentence ends within it."""
        return _ENDS_WITHIN.search(self._text, self.start, self.end) is not None


def _neighbours(text: str, lines: Iterable[Span]) -> Iterator[tuple[_Line, _Line, Sequence[_Line]]]:
    """Each line but the last, the one that follows, and those near it, itself among them; an empty one is none."""
    near: deque[_Line | None] = deque(repeat(None, 2 * _NEAR + 1), 2 * _NEAR + 1)
    for one in chain((_Line(text, span) if len(span) else None for span in lines), repeat(None, _NEAR)):
        near.append(one)
        line, following = near[_NEAR], near[_NEAR + 1]
        if line and following:
            yield line, following, list(filter(None, near))


def _in_column(text: str, line: _Line, following: _Line, near: Sequence[_Line]) -> bool:
    """Whether prose runs on behind a line because the column that it stands in, however narrow, ends there.

    Of a column many lines are about as wide, whatever stands among them (a header, a last line, two lines that a broken
    word joined). Prose is told from verses and entries by lines that begin with a small letter, and by sentences that
    end within a line.
    """
    widths = sorted([one.width for one in near])
    width = widths[len(near) // 2]
    alike = bisect_right(widths, 1.2 * width) - bisect_left(widths, 0.8 * width)
    if len(near) < _FEW or width < _COLUMN or alike < 0.4 * len(near):
        return False
    if sum([one.begins_small for one in near]) < 0.25 * len(near) or not any(one.holds_end for one in near):
        return False
    ended = text[line.start : line.end].rstrip().endswith((".", "!", "?", ":", ";"))
    return line.width >= (0.5 if following.begins_small and not ended else 0.8) * width


def _is_table(text: str, block: Span) -> bool:
    """Whether most lines are rows of cells, laid out as those of a page, of a Word document or of Markdown are, or one
    is below a title.
    """
    rows = [_is_row(text, line) for line in _every_line(text, block) if len(line)]
    return 2 * sum(rows) > len(rows) or rows == [False, True]


def _is_row(text: str, line: Span) -> bool:
    return text.find(" | ", line.start, line.end) >= 0 or _BARRED.match(text, line.start, line.end) is not None


def _every_line(text: str, block: Span) -> Iterator[Span]:
    """The lines of a block with their ends; at least one, which may be empty as is the last one behind a line end."""
    start = block.start
    while (end := text.find("\n", start, block.end) + 1) > 0:
        yield Span(start, end)
        start = end
    yield Span(start, block.end)


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


def _trails(document: About) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    """Each heading with the trail that holds below it: itself and those above it, without the document's title."""
    trail: list[Heading] = []
    for heading in document.headings:
        while trail and trail[-1].level >= heading.level:
            trail.pop()
        trail.append(heading)
        yield heading, tuple(one.text for one in trail if one.text != document.title)
