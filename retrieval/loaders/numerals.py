"""What stands before headings, clauses and items: their numbers, written as Word and browsers do, or a bullet."""

from __future__ import annotations

from collections.abc import Callable

BULLET = "- "  # before an item without a number, or with one that is not known
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LARGEST = 3999  # number in letters or Roman figures


def numeral(number: int, kind: str) -> str | None:
    """The number as a kind that Word or CSS names writes it; None for a bullet, or a kind that is not known."""
    write = _KINDS.get(kind.removeprefix("lower").removeprefix("upper"))
    written = None if write is None else write(number)
    return written.upper() if written and kind.startswith("upper") else written


def _roman(number: int) -> str:
    if not 0 < number <= _LARGEST:
        return str(number)
    text = ""
    for worth, figure in _ROMAN:
        times, number = divmod(number, worth)
        text += times * figure
    return text


def _repeated(number: int) -> str:
    """As Word goes on behind z: aa, bb, cc."""
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * (times + 1) if 0 < number <= _LARGEST else str(number)


def _alphabetic(number: int) -> str:
    """As browsers go on behind z: aa, ab, ac."""
    if not 0 < number <= _LARGEST:
        return str(number)
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("a") + letter) + text
    return text


_KINDS: dict[str, Callable[[int], str]] = {
    "none": lambda _: "",
    "decimal": str,
    "decimalZero": "{:02}".format,
    "decimal-leading-zero": "{:02}".format,
    "Letter": _repeated,
    "-alpha": _alphabetic,
    "-latin": _alphabetic,
    "Roman": _roman,
    "-roman": _roman,
}
