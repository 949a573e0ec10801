"""A filter as people type it: `reports/* from 2021 to 2022`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import takewhile

from retrieval.errors import QuestionError
from retrieval.types import Filter

_WORDS = {"in": "glob", "from": "since", "to": "until"}
_BEFORE_A_DATE = {"from": "since", "since": "since", "to": "until", "until": "until"}
"""The same, with a capital or without, only where nothing but dates follows: names of files hold such words too."""

_DATE = re.compile(r"[\d-]+")
_QUOTED = re.compile(r"(?<!\w)[\"']")
_OPENING, _CLOSING = ("“", "„"), ("”", "“")  # quotation marks as phones set them


def parse_filter(words: Sequence[str]) -> Filter:
    """The filter in `words`; none for `off` or nothing. Raises QuestionError where it cannot be understood.

    The glob goes on until `from` or `to` (`since`, `until`), or to the end of its quotation marks: names of files hold
    spaces.
    """
    if [word.casefold() for word in words] in ([], ["off"]):
        return Filter()
    values = list(words) if _narrows(words, 0) else ["in", *words]
    if values[0] == "in":
        end = 1 + _length_of_glob(values[1:])
        values[1:end] = [" ".join(values[1:end]).strip("“”„")]
    names = [_narrows(values, n) for n in range(0, len(values), 2)]
    twice = len(set(names)) < len(names)
    if len(values) % 2 or None in names or twice or not all(values[1::2]):
        raise QuestionError(
            "Write /filter GLOB, /filter from DATE, /filter GLOB from DATE to DATE, or /filter off; "
            "a DATE is YYYY-MM-DD, YYYY-MM or YYYY; put a name that holds such words into quotation marks."
        )
    chosen = dict(zip(names, values[1::2], strict=True))
    return Filter(chosen.get("glob"), chosen.get("since"), chosen.get("until"))


def _narrows(words: Sequence[str], at: int) -> str | None:
    """The field of a Filter that stands behind a word; None where the word is one of a name."""
    word = words[at]
    return _WORDS.get(word) or (_BEFORE_A_DATE.get(word.casefold()) if _are_dates(words[at:]) else None)


def _are_dates(words: Sequence[str]) -> bool:
    """Whether the words, up to `in` or the end, are pairs of a field and its date."""
    told = list(takewhile(lambda word: word != "in", words))
    are_fields = all(word.casefold() in _BEFORE_A_DATE for word in told[::2])
    return len(told) % 2 == 0 and are_fields and all(_DATE.fullmatch(word) for word in told[1::2])


def _length_of_glob(words: Sequence[str]) -> int:
    """How many of the words are the glob that they begin with."""
    if words and words[0].startswith(_OPENING):
        return next((n + 1 for n, word in enumerate(words) if word.endswith(_CLOSING)), len(words))
    return next((n for n in range(len(words)) if _narrows(words, n) in ("since", "until")), len(words))


def split_words(text: str) -> list[str]:
    """The words of a command, several in quotation marks as one; marks that all follow letters are apostrophes."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    if not _QUOTED.search(text):
        lexer.quotes = ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def describe(where: Filter) -> str:
    """The filter in the same words; empty where there is none."""
    parts = [where.glob, where.since and f"from {where.since}", where.until and f"to {where.until}"]
    return " ".join(part for part in parts if part)
