"""Answers that only repeat the question: who asks for the name of the new mayor learns nothing from "the new mayor".

The reader gives them where a sentence has what is asked about and not what is asked for.
"""

from __future__ import annotations

import re

from retrieval.parts import FINITE, OPENERS, PREPOSITION
from retrieval.terms import folded

_ASKING = r"\b(?:who|whom|whose|what|which|when|where|why|how)\b"
_ASKS_FOR_MORE = re.compile(_ASKING, re.IGNORECASE)
_INDIRECTLY = (
    r"\b(?:(?:(?:tell|show|give|remind)\s+(?:me|us)|(?:you|anyone|anybody)\s+know)\b(?!\s+(?:if|whether)\b)"
    r"|(?:know|known|say|state|explain|mention|remember|check|ask|look\s+up|find(?:\s+out)?|clear)"
    rf"(?:\s+{PREPOSITION})?\s+{_ASKING})"
)
_YES_OR_NO = re.compile(rf"(?!.*{_INDIRECTLY})\W*{OPENERS}(?:[^,]*,\s+)?{FINITE}\s+[^\W\d]", re.IGNORECASE | re.DOTALL)
"""Begins with a verb, also behind a clause: "When it rains, does it close?"; but "Do you know who she is?" asks who."""

_ASKS_FOR_NAMES = re.compile(r"where|who(?:m|se)?|which", re.IGNORECASE)
_OFFERS = re.compile(r"\b(?:or|either|between)\b|\bof the following\b", re.IGNORECASE)
"""One of the things that such a question names is its answer."""

_WORD = re.compile(r"\d+-[^\W\d]\w*|\w+(?:['\u2019]\w+)*")
_QUOTED = re.compile(r"^[\"'\u2018\u201c\u00ab\u201e]\w")
_DETERMINERS = frozenset({"a", "an", "the", "this", "that", "these", "those", "his", "her", "its", "their", "our"})
_ONLY_ASKS = 2  # words, as "who is" and "who wrote"


def repeats(question: str, answer: str) -> bool:
    """Whether all words of an answer in English stand in its question, in one run and in the same order.

    A word in quotation marks, or with a capital that the question writes small, may be a name, and so what is asked
    for; so may numbers alone that are a part of what is asked about, and names where it first asks where, who or which:
    "Where is the University of Oslo?" None repeats a question that can be answered by yes or no, or offers a choice.
    """
    asking = _ASKS_FOR_MORE.search(question)
    if asking is None or _YES_OR_NO.match(question):
        return False
    if _OFFERS.search(question) or _QUOTED.match(answer):
        return False
    said, asked = _words(answer), _words(question)
    names = _ASKS_FOR_NAMES.fullmatch(asking[0]) is not None
    if len(asked) - len(said) > _ONLY_ASKS and all(one[0].isdigit() or (names and one[0].isupper()) for one in said):
        return False
    runs = (asked[first : first + len(said)] for first in range(len(asked) - len(said) + 1))
    return bool(said) and any(all(map(_same, said, run)) for run in runs)


def _words(text: str) -> list[str]:
    return [one for one in _WORD.findall(text) if one.casefold() not in _DETERMINERS]


def _same(said: str, asked: str) -> bool:
    return folded(said, "en") == folded(asked, "en") and (asked[0].isupper() or not said[0].isupper())
