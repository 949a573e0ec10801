"""What tells the blocks of a text, their lines, columns, tables and rows, so that a sentence ends where a line does."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, repeat

from retrieval.sentences import sentences_of, trimmed
from retrieval.types import Span

_FILE = r"data:[\w/+.;=-]{0,100};base64,[A-Za-z0-9+/]{200,}={0,2}"
_BETWEEN_BLOCKS = re.compile(  # blank lines, or a file within the text, with the name by which Markdown refers to it
    rf"\n[^\S\n]*(?:\n[^\S\n]*)+|{_FILE}|\[[^\[\]\n]{{1,100}}\]:[ \t]{{0,10}}<?{_FILE}>?"
)
_ITEM = re.compile(  # a bullet of a Word document is often a character of private use in its PDF
    r"\s*(?:[-*•‣◦▪·✓✔➔\ue000-\uf8ff–—+|>#]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)])\s"
)
_DOUBTFUL = re.compile(  # with which a sentence may go on as well: a dash, the day of a date, an initial
    r"\s*(?:(?P<hyphen>-)|(?P<short_dash>–)|(?P<long_dash>—)|(?P<number>\d{1,3}\.)|(?P<letter>[A-Z]\.))\s"
)
_FIRST = re.compile(r"\s*(?:1\.(?!\s+[^\W\d_]+\s+\d{4})|A\.)\s")  # no date, as "1. Mai 2023"
_QUOTED = re.compile(r"[^\S\n]*(?:>[^\S\n]?)+(?=[^\S\n]*[^\s>])")  # the marks before what a message or Markdown quotes
_STOPS = re.compile(r"[.!?:;,…。！？：；，、؟؛،।॥۔][\"'”’»)\]*_]*\s*$")  # or commas, at the end of a line
_BARRED = re.compile(r"[^\S\n]*\|[^|\n]*\|")  # how a row of a Markdown table begins
_STAMP = re.compile(  # with which a record of a log or a message of a chat begins
    r"[\u200e\s]*[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}:\d\d)(?!\d)"
)
_VISIBLE = re.compile(r"\S")
_FIRST_WORD = re.compile(r"\s*([^\W\d_]+(?:[-'’][^\W\d_]+)*)[.,;!?)\]]*\s")  # of prose: no "name:", no code
_ENDS_WITHIN = re.compile(r"[.!?][\"'”’)\]]*[^\S\n]+\S")
_LONGEST_ROW = 300  # characters of a row among prose that is one sentence, whatever its cells hold
_WRAPPED_LINE = 50  # shortest line, in characters, that is taken for a wrapped one wherever it stands
_COLUMN = 25  # narrowest column, in characters, whose lines are taken for wrapped ones
_NEAR = 10  # lines on either side of one that say whether it stands in a column
_FEW = 5  # fewest lines, itself among them, that say whether one stands in a column


def blocks(text: str, section: Span, language: str) -> Iterator[Iterable[Span]]:
    """The paragraphs of a section as sentences."""
    start = section.start
    for match in chain(_BETWEEN_BLOCKS.finditer(text, section.start, section.end), [None]):
        block = Span(start, match.start() if match else section.end)
        if _VISIBLE.search(text, block.start, block.end):
            lines = _lines(text, block, section)
            yield (sentence for line in lines for sentence in _sentences_of_line(text, line, language))
        start = match.end() if match else section.end


def _sentences_of_line(text: str, line: Span, language: str) -> Iterable[Span]:
    """A row of a table as one sentence, unless it is long; else those of the text."""
    row = trimmed(text, line)
    whole = 0 < len(row) <= _LONGEST_ROW and _is_row(text, row) and "\n" not in text[row.start : row.end]
    return (row,) if whole else sentences_of(text, line, language)


def _lines(text: str, block: Span, section: Span) -> Iterator[Span]:
    """Divides a block of a section at its real line ends: all of them in a table or list, none where prose is
    hard-wrapped or stands in a column.

    Where its first line begins with a date or time, so does every record.
    """
    if _is_table(text, block):
        yield from every_line(text, block)
        return
    widest = max(len(line) for line in every_line(text, block))
    stamped = _STAMP.match(text, block.start, block.end) is not None
    rest = Span(block.end, section.end)
    start = block.start
    for line, following, near in _neighbours(text, every_line(text, block)):
        wrapped = line.width >= max(_WRAPPED_LINE, 0.6 * widest) or _in_column(text, line, following, near)
        is_record = stamped and _STAMP.match(text, following.start, following.end) is not None
        if not wrapped or is_record or _begins_item(text, line, following, near, rest):
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

    @cached_property
    def behind_quotes(self) -> int:
        """Where it begins behind the marks of a quotation."""
        quoted = _QUOTED.match(self._text, self.start, self.end)
        return quoted.end() if quoted else self.start

    @cached_property
    def depth(self) -> int:
        """How many marks of quotations it begins with."""
        return self._text.count(">", self.start, self.behind_quotes)

    @cached_property
    def doubtful_mark(self) -> re.Match[str] | None:
        """The mark that it begins with, where that may be none of an item."""
        return _DOUBTFUL.match(self._text, self.behind_quotes, self.end)

    @property
    def doubtful_kind(self) -> str | None:
        """The kind of that mark."""
        return self.doubtful_mark.lastgroup if self.doubtful_mark else None


def _neighbours(text: str, lines: Iterable[Span]) -> Iterator[tuple[_Line, _Line, Sequence[_Line]]]:
    """Each line but the last, the one that follows, and those near it, itself among them; an empty one is none."""
    near: deque[_Line | None] = deque(repeat(None, 2 * _NEAR + 1), 2 * _NEAR + 1)
    for one in chain((_Line(text, span) if len(span) else None for span in lines), repeat(None, _NEAR)):
        near.append(one)
        line, following = near[_NEAR], near[_NEAR + 1]
        if line and following:
            yield line, following, list(filter(None, near))


def _begins_item(text: str, line: _Line, following: _Line, near: Sequence[_Line], rest: Span) -> bool:
    """Whether an item begins with a line, or a quotation.

    With a dash, a number or a letter only behind a stop or a comma, where it is the first number or letter, or where
    another line near it has such a mark or what follows the block begins with the next one.
    """
    is_quoted_on = following.depth == line.depth
    if not _ITEM.match(text, following.behind_quotes if is_quoted_on else following.start, following.end):
        return False
    mark = following.doubtful_mark if is_quoted_on else None
    if mark is None or _STOPS.search(text, line.start, line.end) or _FIRST.match(text, mark.start(), following.end):
        return True
    if any(one.doubtful_kind == mark.lastgroup for one in near if one is not following):
        return True
    beyond = _DOUBTFUL.match(text, rest.start, rest.end)
    return beyond is not None and beyond[0].strip() == _next_mark(mark[0].strip())


def _next_mark(mark: str) -> str:
    """The mark of the item behind one: a dash again, or the next number or letter."""
    if mark[0].isdecimal():
        return f"{int(mark[:-1]) + 1}."
    return f"{chr(ord(mark[0]) + 1)}." if mark[0].isalpha() else mark


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
    rows = [_is_row(text, line) for line in every_line(text, block) if len(line)]
    return 2 * sum(rows) > len(rows) or rows == [False, True]


def _is_row(text: str, line: Span) -> bool:
    return text.find(" | ", line.start, line.end) >= 0 or _BARRED.match(text, line.start, line.end) is not None


def every_line(text: str, block: Span) -> Iterator[Span]:
    """The lines of a block with their ends; at least one, which may be empty as is the last one behind a line end."""
    start = block.start
    while (end := text.find("\n", start, block.end) + 1) > 0:
        yield Span(start, end)
        start = end
    yield Span(start, block.end)
