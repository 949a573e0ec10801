"""Tables: each row of a .csv or .tsv file becomes one line `column: value; column: value`."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_LONGEST_FIELD = 10_000_000
_DELIMITERS = ",;\t|"
_ROWS = 50  # by which the delimiter and the row of names are found
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NAMED_DELIMITER = re.compile(r'"?sep=([^"\r\n])"?[ \t]*\r?\n', re.IGNORECASE)  # as Excel writes it


def load(data: bytes) -> Loaded:
    """One line a row; the first row names the columns, or the one below a title and the like, which stay text.

    Raises DocumentError, naming the line that is no row.
    """
    return one_line_each(_rows(decode(data)))


def _rows(text: str) -> Iterator[str]:
    csv.field_size_limit(_LONGEST_FIELD)
    named = _NAMED_DELIMITER.match(text)
    start = named.end() if named else 0
    delimiter = named[1] if named else max(_DELIMITERS, key=lambda one: _shape(_first_rows(text, one)))
    titles = _titles(_first_rows(text, delimiter, start))
    reader = _reader(text, delimiter, start)
    names: list[str] = []
    while True:
        line = reader.line_num + (2 if named else 1)  # where the row begins, not where the reader gave it up
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DocumentError(f"line {line} is no row of a table ({error}): mend or remove it") from error
        if not names and not titles:
            names = row
            continue
        titles -= bool(titles and row)
        names_here = [*names, *[""] * (len(row) - len(names))]
        fields = [(n.strip(), v.strip()) for n, v in zip(names_here, row, strict=False)]
        yield "; ".join(f"{name}: {value}" if name else value for name, value in fields if value)


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the names of the columns: such as fill few of them, above a row without a number that
    has rows with numbers below it.
    """
    share, width = _shape(rows)
    filled = (2 * sum(bool(field.strip()) for field in row) > width for row in rows)
    first = next((number for number, is_filled in enumerate(filled) if is_filled), 0)
    if share < 0.5 or _has_number(rows[first : first + 1]) or not _has_number(rows[first + 1 :]):
        return 0
    return first


def _has_number(rows: Sequence[Sequence[str]]) -> bool:
    return any(field.strip().lstrip("-+")[:1].isdigit() for row in rows for field in row)


def _shape(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The commonest number of fields in a row, above one, of those as common the largest; before it, in what share."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    count, width = max(((count, width) for width, count in counts.items()), default=(0, 0))
    return count / max(1, len(rows)), width


def _first_rows(text: str, delimiter: str, start: int = 0) -> list[list[str]]:
    """The first rows that are not empty, up to one that cannot be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(row for row in islice(_reader(text, delimiter, start), _ROWS) if row)
    return rows


def _reader(text: str, delimiter: str, start: int = 0) -> Any:
    lines = (match[0] for match in _LINE.finditer(text, start))  # a StringIO would take four bytes a character
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
