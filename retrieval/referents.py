"""Questions that follow another one and name what they are about with a pronoun alone, as "Where was she born?".

Asked as they are, they would be answered of whoever is born in any of the documents. English only, as the reader is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.function_words import is_english
from retrieval.parts import ASKS, COURTESY, FINITE, OPENERS, PREPOSITION
from retrieval.terms import is_capital

_TELLING = 300  # characters of a question that say whether it is English
_LONGEST = 200  # characters of what is asked about; more would drown the question

_PRONOUN = re.compile(
    r"\b(?:he|she|they|him|them|his|hers?|its|theirs?"
    r"|it(?!\s+(?:costs?|takes?|possible|necessary|required|allowed|permitted|forbidden|legal|safe|true)"
    r"(?:\s+\w+){0,2}\s+(?:to|that|if)\s+\w+\s+\w))\b(?:['’]\w+)?|^(?:He|She|It|They|His|Her|Its|Their)\b"
)
"""Stands for what was said before; no IT, no title, and not the "it" of "What does it cost to rent the hall?"."""

_ASKING = re.compile(
    rf"{OPENERS}(?:(?:{PREPOSITION}\s+)?(?:who(?:m|se)?|what|which|when|where|why|how(?:\s+(?!{FINITE}\b)\w+)?)"
    rf"(?:['’]s)?\s+)?(?:{FINITE}\s+(?:(?:there|i|we|you)\s+)?)?(?:(?:tell me|list|explain|describe)\s+)?(?:about\s+)?",
    re.IGNORECASE,
)
_ASKS_FIRST = re.compile(rf"{OPENERS}(?:{ASKS}|{PREPOSITION}\s)", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_VERB = re.compile(rf"(?<!\w)(?!May\b)(?i:{FINITE})\s")  # and not the month
_NEXT_CLAUSE = re.compile(r"\b(?:and|or|but)\b", re.IGNORECASE)
_NOUN_PHRASE = re.compile(r"\b(?:the|an?|any|this|these|those|my|your|our|each|every)\s+\w", re.IGNORECASE)
_OF_PRONOUN = re.compile(
    r"(?:\b(?:is|are|was|were|tell me|list|explain|describe)|['’]s)\s+(?:there\s+)?(?:the|an?|any)\s+"
    r"(?:[\w-]+\s+){1,2}(?:(?:of|for|to|in|on|with|about)\s+(?:\w+ing\s+)?|to\s+\w+\s+)$",
    re.IGNORECASE,
)
"""Before the pronoun of a noun phrase that is nothing without it: "the name of her husband", "the way to reach it"."""

_BARE_SUBJECT = re.compile(
    rf"{FINITE}\s+(?!(?:i|it|we|you|one|there|not|(?:any|some|every)(?:one|body)|{PREPOSITION})\b)[^\W\d]",
    re.IGNORECASE,
)
_SUBJECT_ASKED = re.compile(
    rf"{OPENERS}(?:{PREPOSITION}\s+)?(?:who|what|which|how\s+(?:much|many))\b"
    rf"(?!.*\b(?:(?:do|does|did)(?:n['’]?t)?\s+\w|{FINITE}\s+\w+[^\Ws]s\s))",
    re.IGNORECASE | re.DOTALL,
)
"""As "Who can use it?": what follows the first verb is another one, if it cannot be a plural."""


def with_referents(parts: Sequence[str]) -> tuple[str, ...]:
    """Questions as they are asked: where only a pronoun says what one is about, that of the last before it that names
    something is put behind it, as in "Where was she (Elena Doru) born?". The words that tell are English.
    """
    asked: list[str] = []
    referent = ""
    for part in parts:
        pronoun = _referring_back(part)
        if pronoun is None:
            referent = _asked_about(part)
        if pronoun and 0 < len(referent) <= _LONGEST:
            part = f"{part[: pronoun.end()]} ({referent}){part[pronoun.end() :]}"
        asked.append(part)
    return tuple(asked)


def _asked_about(part: str) -> str:
    """A question without the words that ask."""
    courtesy = COURTESY.match(part)
    about = part[courtesy.end() if courtesy else 0 :]
    return " ".join(_ASKING.sub("", about, count=1).split()).rstrip(" .?!")


def _referring_back(part: str) -> re.Match[str] | None:
    """The first pronoun of a question in which nothing before it can be what it stands for."""
    pronoun = _PRONOUN.search(part)
    if pronoun is None or not is_english(part[:_TELLING]):
        return None
    lead = part[: pronoun.start()]
    begun = _ASKS_FIRST.match(lead)
    verb = _VERB.search(lead) if begun else None
    start = verb.start() if begun and verb and not _NEXT_CLAUSE.search(lead, begun.end()) else 0
    if any(is_capital(lead, *word.span()) for word in _WORD.finditer(lead, start)):
        return None
    if _NOUN_PHRASE.search(lead, start):
        return pronoun if _OF_PRONOUN.search(lead, start) else None
    named = verb and _BARE_SUBJECT.match(lead, verb.start()) and not _SUBJECT_ASKED.match(lead)
    return None if named else pronoun
