"""Tables of Word documents: which column each cell stands in, and whether the table holds data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.loaders.cells import names_columns
from retrieval.loaders.wordml import W, value
from retrieval.loaders.wordtext import found, text_of


def holds_data(table: Any) -> bool:
    """Whether values stand in columns that have names.

    The corner may be empty, or missing, in the first row that has a cell for each other column.
    """
    above: dict[int, str] = {}
    rows, columns = [], 0
    for row in found(table, "tr"):
        texts = {0: ""}
        for column, cell in by_column(row):
            if not goes_on(cell):
                above[column] = text_of(cell, boxes=True).strip()
            texts[column] = above.get(column, "")
            columns = max(columns, column + _columns(cell))
        rows.append(list(texts.values()))
    full = [texts for texts in rows if len(texts) == columns]
    return any(names_columns(texts, columns, corner=texts is full[0]) for texts in full)


def by_column(row: Any) -> Iterator[tuple[int, Any]]:
    """Each cell of a row with the column that it begins in."""
    column = max(0, int(value(row.find(W + "trPr"), "gridBefore") or 0))
    for cell in found(row, "tc"):
        yield column, cell
        column += _columns(cell)


def goes_on(cell: Any) -> bool:
    """Whether it is a further part of the cell above it."""
    properties = cell.find(W + "tcPr")
    merge = None if properties is None else properties.find(W + "vMerge")
    return merge is not None and merge.get(W + "val") != "restart"


def _columns(cell: Any) -> int:
    """How many columns a cell takes."""
    return max(1, int(value(cell.find(W + "tcPr"), "gridSpan") or 1))
