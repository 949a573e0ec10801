"""Tables: each row of a .csv or .tsv file becomes one line `column: value; column: value`."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat, takewhile, zip_longest
from typing import Any, Literal

from retrieval.errors import DocumentError
from retrieval.loaders.columns import filled, header, joined, next_header, shape
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_LONGEST_FIELD = 10_000_000
_DELIMITERS = "\t;|,"  # first those that text has fewest of
_ROWS = 50  # by which the delimiter and the row of names are found
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_PLAIN_BACKSLASHES = re.compile(r'\\\\|\\(?!")')
_NAMED_DELIMITER = re.compile(r'"?sep=([^"\r\n])"?[ \t]*\r?\n', re.IGNORECASE)  # as Excel writes it

_Reading = Literal["strict", "lenient", "escaped"]
_READINGS: tuple[_Reading, ...] = ("strict", "lenient", "escaped")  # in the order in which they are tried


def load(data: bytes) -> Loaded:
    """One line a row, the first of its lines in the file; the first row names the columns, or the one below a title and
    the like, which stay text, or two rows together. So does one behind an empty row, where another table begins.

    Where the first row is one of dates or decimals like those below it, nothing names them. Raises DocumentError,
    naming the line that is no row.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    text = decode(data)
    try:
        return one_line_each(_rows(text))
    except DocumentError:
        for reading in _READINGS[1:] if '\\"' in text else _READINGS[1:2]:
            with contextlib.suppress(DocumentError):
                if _read_alike_so_far(text, reading):
                    return one_line_each(_rows(text, reading))
        raise


def _read_alike_so_far(text: str, reading: _Reading) -> bool:
    """Whether this reading makes the same of all rows before the one that cannot be read strictly."""
    with contextlib.suppress(DocumentError):
        return all(strict == other for strict, other in zip(_rows(text), _rows(text, reading), strict=False))
    return True


def _rows(text: str, reading: _Reading = "strict") -> Iterator[str]:
    """What each line of the file gives: "" where a row names the columns, is blank or began further up."""
    named = _NAMED_DELIMITER.match(text)
    start = named.end() if named else 0
    delimiter = named[1] if named else _delimiter(text)
    first = _first_rows(text, delimiter, reading, start)
    titles, heads = header(first)
    names: list[str] = []
    above: deque[Sequence[str]] = deque(maxlen=_ROWS)  # the last rows below those names
    lines = _Lines(text, start)
    if named:
        yield ""
    for row, further in _read(lines, delimiter, reading, shape(first)[1], skipped=1 if named else 0):
        if above and not filled(row):
            if found := next_header(above, _block(text, delimiter, reading, lines.end)):
                (titles, heads), names = found, []
                above.clear()
            yield ""
        elif titles and row:
            titles -= 1
            yield _named(row, [])
        elif heads and row:
            heads -= 1
            names = joined(names, row)
            yield ""
        else:
            if row:
                above.append(row)
            yield _named(row, names)
        yield from repeat("", further)


def _read(
    lines: _Lines, delimiter: str, reading: _Reading, width: int, *, skipped: int
) -> Iterator[tuple[list[str], int]]:
    """Each row, and how many lines it takes beyond its first."""
    reader = _reader(lines, delimiter, reading)
    while True:
        above = reader.line_num
        line = above + skipped + 1  # where the row begins, not where the reader gave it up
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DocumentError(f"line {line} is no row of a table ({error}): mend or remove it") from error
        if delimiter == "\t" and _are_rows(row, width):
            raise DocumentError(f"line {line} has a quote that is not closed: mend or remove it")
        yield row, reader.line_num - above - 1


def _named(row: Sequence[str], names: Sequence[str]) -> str:
    """The fields of a row that hold something, each behind the name of its column."""
    fields = [(name.strip(), value.strip()) for value, name in zip_longest(row, names[: len(row)], fillvalue="")]
    return "; ".join(f"{name}: {value}" if name else value for name, value in fields if value)


def _delimiter(text: str) -> str:
    """The one by which most of the first rows have as many fields, also where they cannot be read strictly.

    Of several the first: a decimal comma is the commonest reason for a tie.
    """
    return max(_DELIMITERS, key=lambda one: [shape(_first_rows(text, one, reading)) for reading in _READINGS])


def _are_rows(row: Sequence[str], width: int) -> bool:
    """Whether a row of several lines is as many rows, which a quotation mark that opens nothing joins."""
    lines = _LINE.findall("\t".join(row))
    return len(lines) > 1 and all(line.count("\t") == width - 1 for line in lines)


def _first_rows(text: str, delimiter: str, reading: _Reading, start: int = 0) -> list[list[str]]:
    """The first rows that are not empty, up to one that cannot be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(row for row in islice(_reader(_Lines(text, start), delimiter, reading), _ROWS) if row)
    return rows


def _block(text: str, delimiter: str, reading: _Reading, start: int) -> list[list[str]]:
    """The first rows up to one that holds nothing or cannot be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(takewhile(filled, islice(_reader(_Lines(text, start), delimiter, reading), _ROWS)))
    return rows


class _Lines:
    """The lines of a text, and where the last one ended; a StringIO would take four bytes a character."""

    def __init__(self, text: str, start: int) -> None:
        self.end = start
        self._found = _LINE.finditer(text, start)

    def __iter__(self) -> Iterator[str]:
        for match in self._found:
            self.end = match.end()
            yield match[0]


def _reader(lines: Iterable[str], delimiter: str, reading: _Reading) -> Any:
    """Reads rows; a lenient one takes quotation marks for text behind a space, and everywhere between tabs.

    Where they are escaped, so is each that a backslash precedes; any other backslash is text.
    """
    if reading == "lenient" and delimiter == "\t":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if reading == "escaped":
        lines = (_PLAIN_BACKSLASHES.sub(lambda found: 2 * found[0], line) for line in lines)
    escape = "\\" if reading == "escaped" else None
    spaces = reading != "lenient"
    return csv.reader(lines, delimiter=delimiter, escapechar=escape, skipinitialspace=spaces, strict=True)
