"""A text as it may be shown: characters that would command a terminal made visible, and what is marked in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from retrieval.types import Span


def by_number(codes: Iterable[int]) -> dict[int, str]:
    """What is shown in place of characters, for `str.translate`."""
    return {code: f"⟨U+{code:04X}⟩" for code in codes}


_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {0x7F: "␡"}
_VISIBLE |= by_number((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_VISIBLE |= dict.fromkeys((0x2028, 0x2029), "␊")  # which end no line that is counted


def visible(text: str) -> str:
    """Text that cannot command a terminal or turn its neighbours around: such characters are shown, not sent."""
    return text.replace("\r\n", "\n").translate(_VISIBLE)


def visible_parts(parts: Iterable[str]) -> Iterator[str]:
    """A text in parts, each as `visible` shows it; a line may end between two of them."""
    held = ""
    for part in parts:
        whole = (held + part).removesuffix("\r")
        held = "\r" if part.endswith("\r") else ""
        yield visible(whole)
    yield visible(held)


def in_line(text: str) -> str:
    """The same for a name or a title, which stays on its line whatever it holds."""
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def pieces(length: int, highlights: Sequence[Span], answer: Span | None) -> Iterator[tuple[Span, bool]]:
    """The marked stretches of a text in order, none twice, each with whether it is the words that answer."""
    spans = [*highlights, *([answer] if answer else [])]
    edges = sorted({0, length, *(edge for span in spans for edge in (span.start, span.end))})
    for start, end in pairwise(edges):
        if answer is not None and answer.start <= start and end <= answer.end:
            yield Span(start, end), True
        elif any(span.start <= start and end <= span.end for span in highlights):
            yield Span(start, end), False
