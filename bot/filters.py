"""A filter as people type it: `reports/* from 2021 to 2022`."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.errors import QuestionError
from retrieval.types import Filter

_DATES = ("from", "to")
_WORDS = ("in", *_DATES)
_OPENING, _CLOSING = ("“", "„"), ("”", "“")  # quotation marks as phones set them


def parse_filter(words: Sequence[str]) -> Filter:
    """The filter in `words`; none for `off` or nothing. Raises QuestionError where it cannot be understood.

    The glob goes on until `from` or `to`, or to the end of its quotation marks: names of files hold spaces.
    """
    if list(words) in ([], ["off"]):
        return Filter()
    values = list(words) if words[0] in _WORDS else ["in", *words]
    if values[0] == "in":
        end = 1 + _length_of_glob(values[1:])
        values[1:end] = [" ".join(values[1:end]).strip("“”„")]
    if len(values) % 2 or any(word not in _WORDS for word in values[::2]) or not all(values[1::2]):
        raise QuestionError("Write /filter GLOB, /filter from DATE, /filter GLOB from DATE to DATE, or /filter off.")
    chosen = dict(zip(values[::2], values[1::2], strict=True))
    return Filter(chosen.get("in"), chosen.get("from"), chosen.get("to"))


def _length_of_glob(words: Sequence[str]) -> int:
    """How many of the words are the glob that they begin with."""
    is_quoted = bool(words) and words[0].startswith(_OPENING)
    ends = (n + is_quoted for n, word in enumerate(words) if (word.endswith(_CLOSING) if is_quoted else word in _DATES))
    return next(ends, len(words))


def describe(where: Filter) -> str:
    """The filter in the same words; empty where there is none."""
    parts = [where.glob, where.since and f"from {where.since}", where.until and f"to {where.until}"]
    return " ".join(part for part in parts if part)
