"""Which rows of a table name its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest

_VALUE = re.compile(r"[-+]?\d+(?:[-+.,:/'’ T_]+\d+)+ ?[Z%]?")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+(?:\s+[^\W\d_]+)*")
_GROUPS = re.compile(r"0(?:[.,'’ ]0)+")  # of digits that were written as one each
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_FEWEST_COLUMNS = 3  # of a further table, where one text instead of a number is not enough to tell it by


def header(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many rows stand above the names of the columns, and how many hold these."""
    titles = _titles(rows)
    if not titles and _begins_with_values(rows):
        return 0, 0
    tried = range(max(titles - 1, 0), min(titles + 1, len(rows) - 2))  # a title may name groups of columns
    upper = next((at for at in tried if _are_divided(rows[at], rows[at + 1], rows[at + 2 :])), None)
    return (titles, 1) if upper is None else (upper, 2)


def next_header(above: Iterable[Sequence[str]], rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The same of a table that begins behind an empty row; None where its rows go on with those above that row.

    Its names, which a title may stand above, fill three columns or more without a number, and occur nowhere in them.
    One of the columns holds numbers alone, and not both numbers and text further up, where a row may lack a number.
    """
    titles = 1 if rows and len(filled(rows[0])) == 1 else 0
    head, below = [name.strip() for name in next(iter(rows[titles:]), ())], rows[titles + 1 :]
    names = [name for name in head if name]
    if len(names) < _FEWEST_COLUMNS or len(set(names)) < len(names) or _has_value(head, below):
        return None
    columns = [one for one in zip_longest(head, _columns(below), _columns(above), fillvalue="") if one[1]]
    is_named = all(name and name not in (*fields, *others) for name, fields, others in columns)
    has_numbers = any(
        all(map(_is_number, fields)) and len(set(map(_is_number, others))) < 2 for _, fields, others in columns
    )
    return (titles, 1) if is_named and has_numbers else None


def joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The names of columns in one or two rows, that of a group before each of those in it."""
    names, group = [], ""
    for above, name in zip_longest(upper, lower, fillvalue=""):
        group = above.strip() or group
        names.append(f"{group} {name.strip()}".strip())
    return names


def shape(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The commonest number of fields in a row, above one, of those as common the largest; before it, in what share."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    count, width = max(((count, width) for width, count in counts.items()), default=(0, 0))
    return count / max(1, len(rows)), width


def filled(row: Sequence[str]) -> set[int]:
    """The columns in which a row holds something."""
    return {at for at, field in enumerate(row) if field.strip()}


def _begins_with_values(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds a date, time or decimal in a column where most rows have one that is written alike.

    Whole numbers do not tell: years often name columns.
    """
    below = list(zip_longest(*rows[1:], fillvalue=""))
    first = zip(rows[0] if rows else (), below, strict=False)
    return any(_VALUE.fullmatch(value.strip()) and _is_one_of(value, column) for value, column in first)


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the names of the columns: such as fill few of them, above a row without a number that
    has rows with numbers below it.

    Where nothing is a number, they are empty, or fill one column of three or more, and all that follows fits the names.
    """
    share, width = shape(rows)
    counts = [len(filled(row)) for row in rows]
    first = next((number for number, count in enumerate(counts) if 2 * count > width), 0)
    below = rows[first + 1 :]
    if share < 0.5 or not first or not below or _has_value(rows[first], below):
        return 0
    most = 1 if width > 2 else 0
    is_set_apart = max(counts[:first]) <= most and all(len(row) == width for row in rows[first:])
    return first if is_set_apart or any(_is_number(field) for row in below for field in row) else 0


def _are_divided(upper: Sequence[str], lower: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row names groups of columns, and the next, without a number, the columns of each.

    One leaves the corner to the other; a name that is no group's may have nothing below it.
    """
    named, divided = filled(upper), filled(lower)
    unnamed = set(range(max(divided, default=0) + 1)) - named
    groups = {at for at in named if at + 1 in unnamed}
    has_corner = (0 in named) != (0 in divided)
    is_header = has_corner and len(named) > 1 and bool(unnamed - {0}) and unnamed | groups <= divided
    has_numbers = any(_is_number(field) for row in below for field in row)
    return is_header and has_numbers and not _has_value(lower, below)


def _columns(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """The fields of each column that hold something."""
    return [[field.strip() for field in column if field.strip()] for column in zip_longest(*rows, fillvalue="")]


def _has_value(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row holds a number of the kind that its column does: "2024" and "2024 budget" name one of amounts."""
    columns = zip(row, zip_longest(*below, fillvalue=""), strict=False)
    return any(_is_number(field) and _is_one_of(field, column, _kind) for field, column in columns)


def _is_number(field: str) -> bool:
    return field.strip().lstrip("-+")[:1].isdigit()


def _written(value: str) -> str:
    """How a value is written, whatever its digits are; years are told from other numbers."""
    value = value.strip().lstrip("-+")
    return "year" if _YEAR.fullmatch(value) else _DIGITS.sub("0", value)


def _kind(value: str) -> str:
    """The same, whatever its groups of digits and its words are: 1,250.50 as 7, and 2 kg as 12 pounds."""
    return _GROUPS.sub("0", _written(_WORDS.sub("a", value)))


def _is_one_of(value: str, column: Sequence[str], written: Callable[[str], str] = _written) -> bool:
    """Whether most of what a column holds is written like a value."""
    others = [written(other) for other in column if other.strip()]
    return 2 * others.count(written(value)) > len(others)
