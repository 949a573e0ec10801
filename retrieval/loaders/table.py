"""Tables: each row of a .csv or .tsv file becomes one line `column: value; column: value`."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_LONGEST_FIELD = 10_000_000
_DELIMITERS = ",;\t|"
_SAMPLE, _ROWS = 20_000, 50  # characters and rows by which the delimiter is found
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NAMED_DELIMITER = re.compile(r'"?sep=([^"\r\n])"?[ \t]*\r?\n', re.IGNORECASE)  # as Excel writes it


def load(data: bytes) -> Loaded:
    """One line a row; the first row names the columns. Raises DocumentError, naming the line that is no row."""
    return one_line_each(_rows(decode(data)))


def _rows(text: str) -> Iterator[str]:
    csv.field_size_limit(_LONGEST_FIELD)
    named = _NAMED_DELIMITER.match(text)
    start = named.end() if named else 0
    delimiter = named[1] if named else _delimiter(text[:_SAMPLE])
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
        if not names:
            names = row
            continue
        names_here = [*names, *[""] * (len(row) - len(names))]
        fields = [(n.strip(), v.strip()) for n, v in zip(names_here, row, strict=False)]
        yield "; ".join(f"{name}: {value}" if name else value for name, value in fields if value)


def _delimiter(sample: str) -> str:
    """What cuts most of the first rows into as many fields as the first of them, and into most."""

    def fit(delimiter: str) -> tuple[float, int]:
        widths: list[int] = []
        with contextlib.suppress(csv.Error):
            widths.extend(len(row) for row in islice(_reader(sample, delimiter), _ROWS) if row)
        widths = widths[: max(1, len(widths) - 1)]  # the last may be cut off
        alike = sum(width == widths[0] for width in widths)
        return (alike / len(widths), widths[0]) if widths and widths[0] > 1 else (0.0, 0)

    return max(_DELIMITERS, key=fit)


def _reader(text: str, delimiter: str, start: int = 0) -> Any:
    lines = (match[0] for match in _LINE.finditer(text, start))  # a StringIO would take four bytes a character
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
