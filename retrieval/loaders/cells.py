"""Rows of a page's or a Word table as lines."""

from __future__ import annotations

from collections.abc import Sequence

_FEWEST_COLUMNS = 3  # with fewer no value can come to stand under another name


def line(cells: Sequence[str], *, aligned: bool) -> str:
    """The cells of a row, those that are empty left out; where it is aligned, only those behind the last value."""
    filled = [at for at, cell in enumerate(cells) if cell]
    kept = cells[: filled[-1] + 1] if aligned and filled else [cells[at] for at in filled]
    return " | ".join(kept)


def names_columns(cells: Sequence[str], columns: int, *, corner: bool = False) -> bool:
    """Whether a row shows that a table of so many columns holds data: it has something to say in each.

    A `corner`, its first cell, may be empty where names of rows stand below and those of columns beside it.
    """
    return len(cells) == columns >= _FEWEST_COLUMNS and all(cells[1 if corner else 0 :])
