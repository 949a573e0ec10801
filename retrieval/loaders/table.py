"""Tables: each row of a .csv or .tsv file becomes one line `column: value; column: value`."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, repeat, zip_longest
from typing import Any, Literal

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_LONGEST_FIELD = 10_000_000
_DELIMITERS = "\t;|,"  # first those that text has fewest of
_ROWS = 50  # by which the delimiter and the row of names are found
_VALUE = re.compile(r"[-+]?\d+(?:[-+.,:/'’ T_]+\d+)+ ?[Z%]?")
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_PLAIN_BACKSLASHES = re.compile(r'\\\\|\\(?!")')
_NAMED_DELIMITER = re.compile(r'"?sep=([^"\r\n])"?[ \t]*\r?\n', re.IGNORECASE)  # as Excel writes it

_Reading = Literal["strict", "lenient", "escaped"]
_READINGS: tuple[_Reading, ...] = ("strict", "lenient", "escaped")  # in the order in which they are tried


def load(data: bytes) -> Loaded:
    """One line a row, the first of its lines in the file; the first row names the columns, or the one below a title and
    the like, which stay text.

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
    width, titles = _shape(first)[1], _titles(first)
    reader = _reader(text, delimiter, reading, start)
    names = [""] if not titles and _begins_with_values(first) else []  # once there are any, all that follows is rows
    if named:
        yield ""
    while True:
        above = reader.line_num
        line = above + (2 if named else 1)  # where the row begins, not where the reader gave it up
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DocumentError(f"line {line} is no row of a table ({error}): mend or remove it") from error
        if delimiter == "\t" and _are_rows(row, width):
            raise DocumentError(f"line {line} has a quote that is not closed: mend or remove it")
        if names or titles:
            titles -= bool(titles and row)
            yield _named(row, names)
        else:
            names = row
            yield ""
        yield from repeat("", reader.line_num - above - 1)


def _named(row: Sequence[str], names: Sequence[str]) -> str:
    """The fields of a row that hold something, each behind the name of its column."""
    fields = [(name.strip(), value.strip()) for value, name in zip_longest(row, names[: len(row)], fillvalue="")]
    return "; ".join(f"{name}: {value}" if name else value for name, value in fields if value)


def _delimiter(text: str) -> str:
    """The one by which most of the first rows have as many fields, also where they cannot be read strictly.

    Of several the first: a decimal comma is the commonest reason for a tie.
    """
    return max(_DELIMITERS, key=lambda one: [_shape(_first_rows(text, one, reading)) for reading in _READINGS])


def _are_rows(row: Sequence[str], width: int) -> bool:
    """Whether a row of several lines is as many rows, which a quotation mark that opens nothing joins."""
    lines = _LINE.findall("\t".join(row))
    return len(lines) > 1 and all(line.count("\t") == width - 1 for line in lines)


def _begins_with_values(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds a date, time or decimal in a column where most rows have one that is written alike.

    Whole numbers do not tell: years often name columns.
    """
    below = list(zip_longest(*rows[1:], fillvalue=""))
    first = zip(rows[0] if rows else (), below, strict=False)
    return any(_VALUE.fullmatch(value.strip()) and _is_one_of(value, column) for value, column in first)


def _is_one_of(value: str, column: Sequence[str]) -> bool:
    """Whether most of what a column holds is written like a value."""
    filled = [_written(other) for other in column if other.strip()]
    return 2 * filled.count(_written(value)) > len(filled)


def _written(value: str) -> str:
    """How a value is written, whatever its digits are; years are told from other numbers."""
    value = value.strip().lstrip("-+")
    return "year" if _YEAR.fullmatch(value) else _DIGITS.sub("0", value)


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the names of the columns: such as fill few of them, above a row without a number that
    has rows with numbers below it.

    Where nothing is a number, they are empty, or fill one column of three or more, and all that follows fits the names.
    """
    share, width = _shape(rows)
    filled = [sum(bool(field.strip()) for field in row) for row in rows]
    first = next((number for number, count in enumerate(filled) if 2 * count > width), 0)
    below = rows[first + 1 :]
    if share < 0.5 or not first or not below or _has_value(rows[first], below):
        return 0
    most = 1 if width > 2 else 0
    is_set_apart = max(filled[:first]) <= most and all(len(row) == width for row in rows[first:])
    return first if is_set_apart or any(_is_number(field) for row in below for field in row) else 0


def _has_value(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row holds a number, other than a year in a column that holds something else."""
    columns = zip(row, zip_longest(*below, fillvalue=""), strict=False)
    return any(
        _is_number(field) and (_written(field) != "year" or _is_one_of(field, column)) for field, column in columns
    )


def _is_number(field: str) -> bool:
    return field.strip().lstrip("-+")[:1].isdigit()


def _shape(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The commonest number of fields in a row, above one, of those as common the largest; before it, in what share."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    count, width = max(((count, width) for width, count in counts.items()), default=(0, 0))
    return count / max(1, len(rows)), width


def _first_rows(text: str, delimiter: str, reading: _Reading, start: int = 0) -> list[list[str]]:
    """The first rows that are not empty, up to one that cannot be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(row for row in islice(_reader(text, delimiter, reading, start), _ROWS) if row)
    return rows


def _reader(text: str, delimiter: str, reading: _Reading, start: int) -> Any:
    """Reads rows; a lenient one takes quotation marks for text behind a space, and everywhere between tabs.

    Where they are escaped, so is each that a backslash precedes; any other backslash is text.
    """
    lines = (match[0] for match in _LINE.finditer(text, start))  # a StringIO would take four bytes a character
    if reading == "lenient" and delimiter == "\t":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if reading == "escaped":
        lines = (_PLAIN_BACKSLASHES.sub(lambda found: 2 * found[0], line) for line in lines)
    escape = "\\" if reading == "escaped" else None
    spaces = reading != "lenient"
    return csv.reader(lines, delimiter=delimiter, escapechar=escape, skipinitialspace=spaces, strict=True)
