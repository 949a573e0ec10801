"""Formulas on a line: powers and indices, fractions and roots in the characters that there are for them."""

from __future__ import annotations

import re

_NUMERIC = re.compile(r"[-+−–0-9n.,;:*)\s]+")
_ABOVE = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_BELOW = str.maketrans("0123456789+-−n", "₀₁₂₃₄₅₆₇₈₉₊₋₋ₙ")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_OPERATOR = re.compile(r"[-+−±=<>≤≥*·⋅×÷/\s]")


def shifted(text: str, before: str, *, above: bool) -> str:
    """Text that is set above or below its line, in characters that show it where it is a number: 10⁶ is not 106.

    Words stay as they are, and so does what brackets or white space hold apart from the text `before` it.
    """
    glued = bool(before) and not before[-1].isspace()
    return text.translate(_ABOVE if above else _BELOW) if glued and _NUMERIC.fullmatch(text) else text


def bracketed(text: str) -> str:
    """A part of a formula, in brackets where it would not hold together on a line."""
    return f"({text})" if _OPERATOR.search(_IN_BRACKETS.sub("", text)) else text


def root(of: str, degree: str = "") -> str:
    """A root on a line, its degree above it where characters can be."""
    return shifted(degree, "√", above=True) + "√" + (f"({of})" if len(of) > 1 else of)
