"""Rows of a page's or a Word table as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_FEWEST_COLUMNS = 3  # with fewer no value can come to stand under another name
MOST_COLUMNS = 100  # of a row in which a value keeps its column
LONGEST_NAME = 200  # characters of a cell; more is text rather than a value, and names no rows


def line(cells: Mapping[int, str], *, aligned: bool) -> str:
    """The cells of a row, by the column that each begins in, those that are empty left out.

    Where it is aligned, only those behind the last value are, and a column that no cell begins in is empty.
    """
    columns = sorted(at for at, cell in cells.items() if cell)
    if aligned and columns:
        every = {*range(min(columns[-1], MOST_COLUMNS)), *cells}
        columns = sorted(at for at in every if at <= columns[-1])
    return " | ".join(cells.get(at, "") for at in columns)


def names_columns(cells: Sequence[str], columns: int, *, corner: bool = False) -> bool:
    """Whether a row shows that a table of so many columns holds data: it has something to say in each.

    A `corner`, its first cell, may be empty where names of rows stand below and those of columns beside it.
    """
    return len(cells) == columns >= _FEWEST_COLUMNS and all(cells[1 if corner else 0 :])
