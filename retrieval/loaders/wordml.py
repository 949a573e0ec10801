"""What the XML of Word documents says of an element: the values of its properties, and the styles behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LONGEST_CHAIN = 10  # of styles based on styles


def value(element: Any, name: str) -> str | None:
    """The value of a property, as in `<w:pStyle w:val="Title"/>`."""
    found = None if element is None else element.find(W + name)
    return None if found is None else found.get(W + "val")


def styles_above(styles: dict[str, Any], identity: str | None) -> Iterator[tuple[str, Any]]:
    """The style of this identity and those it is based on, the nearest first, each with its own identity."""
    for _ in range(_LONGEST_CHAIN):
        style = styles.get(identity or "")
        if style is None:
            return
        yield identity or "", style
        identity = value(style, "basedOn")
