"""Tables: each row of a .csv or .tsv file becomes one line `column: value; column: value`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_LONGEST_FIELD = 10_000_000


def load(data: bytes) -> Loaded:
    """One line a row; the first row names the columns. Raises DocumentError, naming the line that is no row."""
    return one_line_each(_rows(decode(data)))


def _rows(text: str) -> Iterator[str]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:20_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if "\t" in text.split("\n", 1)[0] else csv.excel
    reader = csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        names = next(reader, [])
        for row in reader:
            names_here = [*names, *[""] * (len(row) - len(names))]
            fields = [(n.strip(), v.strip()) for n, v in zip(names_here, row, strict=False)]
            yield "; ".join(f"{name}: {value}" if name else value for name, value in fields if value)
    except csv.Error as error:
        raise DocumentError(f"line {reader.line_num} is no row of a table ({error}): mend or remove it") from error
