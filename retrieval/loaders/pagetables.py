"""Tables of web pages: which column each cell stands in, also beside and below those that span several."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from retrieval.loaders.cells import LONGEST_NAME, MOST_COLUMNS, names_columns
from retrieval.loaders.elements import flat, is_unseen, joined, name_of

Spanning = dict[int, tuple[str, int]]
"""By column, the cells from above that span a row, and how many rows they span yet, it among them."""

_SPAN = re.compile(r"\s*(\d{1,4})\s*")
_MOST_ROWS = 9999  # in which a cell that spans rows is followed


def shown_cells(row: Any) -> list[Any]:
    """The cells of a row that can be seen."""
    return [cell for cell in row if not is_unseen(cell)]


def _span(cell: Any, name: str) -> int:
    """How many rows or columns a cell takes; 0 stands for all there are."""
    found = _SPAN.fullmatch(cell.get(name) or "")
    return int(found[1]) or _MOST_ROWS if found else 1


def holds_data(table: Any) -> bool:
    """Whether values stand in columns that have names; not where a table lays out a page.

    The corner may be empty in the first row that has a cell for each column, and beside any name that is marked as one.
    """
    if table.find(".//table") is not None or table.get("role") in ("none", "presentation"):
        return False
    shown = (row for row in table.iter("tr") if not is_unseen(row))
    rows, columns = [], 0
    for _, part in groupby(shown, key=lambda row: row.getparent()):
        above: Spanning = {}
        for row in part:
            texts, end, above = placed(row, above)
            rows.append((row, [texts[column] for column in sorted(texts)]))
            columns = max(columns, end)
    full = [(row, texts) for row, texts in rows if len(texts) == columns]
    return any(
        names_columns(texts, columns, corner=row is full[0][0] or "th" in map(name_of, shown_cells(row)[1:]))
        for row, texts in full
    )


def placed(row: Any, above: Spanning) -> tuple[dict[int, str], int, Spanning]:
    """The texts of a row by column, those of cells from above among them; where it ends; what spans the next row."""
    texts = {column: text for column, (text, _) in above.items()}
    below = spanning_next(above)
    column = 0
    for cell in shown_cells(row):
        while column in texts:
            column += 1
        text, begin = joined(flat(cell)), column
        texts[begin] = text
        column += _span(cell, "colspan")
        if (rows := _span(cell, "rowspan")) > 1:
            name = text if len(text) <= LONGEST_NAME else ""
            columns = range(begin, min(column, MOST_COLUMNS))
            below |= {at: (name if at == begin else "", rows - 1) for at in columns}
    return texts, column, below


def spanning_next(above: Spanning) -> Spanning:
    """The cells from above that span the next row, too."""
    return {column: (text, rows - 1) for column, (text, rows) in above.items() if rows > 1}
