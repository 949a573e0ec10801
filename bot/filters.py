"""A filter as people type it: `reports/* from 2021 to 2022`."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.errors import QuestionError
from retrieval.types import Filter

_WORDS = ("in", "from", "to")


def parse_filter(words: Sequence[str]) -> Filter:
    """The filter in `words`; none for `off` or nothing. Raises QuestionError where it cannot be understood."""
    if list(words) in ([], ["off"]):
        return Filter()
    values = list(words) if words[0] in _WORDS else ["in", *words]
    if len(values) % 2 or any(word not in _WORDS for word in values[::2]):
        raise QuestionError("Write /filter GLOB, /filter from DATE, /filter GLOB from DATE to DATE, or /filter off.")
    chosen = dict(zip(values[::2], values[1::2], strict=True))
    return Filter(chosen.get("in"), chosen.get("from"), chosen.get("to"))


def describe(where: Filter) -> str:
    """The filter in the same words; empty where there is none."""
    parts = [where.glob, where.since and f"from {where.since}", where.until and f"to {where.until}"]
    return " ".join(part for part in parts if part)
