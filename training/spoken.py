"""Questions about what somebody says or wants, made from the sentences of documents that report it.

People ask of news and minutes what each side said; question sets hardly ever do. A sentence such as "The report claimed
that these noise levels would have an impact" gives "What did the report claim?", answered by what follows the verb,
and "Who claimed that these noise levels would have an impact?", answered by what precedes it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from retrieval.question_sets import EvalQuestion, Gold
from retrieval.types import Span

_SAY = {
    "said": "say", "says": "say", "say": "say", "stated": "state", "states": "state", "argued": "argue",
    "argues": "argue", "argue": "argue", "claimed": "claim", "claims": "claim", "claim": "claim",
    "declared": "declare", "announced": "announce", "insisted": "insist", "warned": "warn", "suggested": "suggest",
    "suggests": "suggest", "denied": "deny", "believed": "believe", "believes": "believe", "believe": "believe",
    "explained": "explain", "concluded": "conclude", "noted": "note", "complained": "complain", "replied": "reply",
    "answered": "answer", "cried": "cry", "exclaimed": "exclaim", "thought": "think", "proposed": "propose",
    "promised": "promise", "criticized": "criticize", "condemned": "condemn", "praised": "praise",
}  # fmt: skip
_WANT = {
    "demanded": "demand", "demands": "demand", "demand": "demand", "urged": "urge", "urges": "urge",
    "asked": "ask for", "asks": "ask for", "ordered": "order", "begged": "beg", "requested": "request",
    "wanted": "want", "wants": "want", "want": "want", "called on": "call for", "calls on": "call for",
    "called for": "call for", "calls for": "call for", "wished": "wish",
}  # fmt: skip
_SIDES = ("{}", "{}", "{}", "{}'s side", "the {} side")
_SAYING = ("what did {} {}?", "what did {} {}?", "what does {} {}?", "what did {} say?", "what does {} say?")
_OF_SAYING = ("what is the position of {}?", "what is {}'s view?", "how did {} respond?", "what was the reply of {}?")
_WANTING = ("what did {} {}?", "what does {} {}?", "what did {} want?", "what does {} want?", "what do {} demand?")
_TOPIC = 0.35  # share of questions that name a word of what was said
_WHO = 0.25  # share of questions that ask who said it, where that takes at most
_CLAUSE = 16  # words

_VERBS = "|".join(re.escape(verb) for verb in sorted(_SAY | _WANT, key=len, reverse=True))
_REPORTED = re.compile(
    r"(?:(?<=[.!?;,] )|(?<=\n)|(?<= and ))"
    rf"(?P<who>(?:[Tt]he |[Aa]n? )?(?:[\w'-]+ ){{0,4}}?[\w'-]+),? (?P<verb>{_VERBS}) (?:that |to )?"
    r"(?P<what>[^.!?;\n\"]{20,260}?)(?=[.!?;\n])"
)
_QUOTED = re.compile(
    r"[\"“](?P<what>[^\"“”\n]{15,240})[\"”],? "
    r"(?P<verb>said|cried|answered|replied|exclaimed|asked|explained|stated) "
    r"(?P<who>(?:[Tt]he |[Aa]n? )?(?:[A-Za-z'-]+ ){0,3}?[A-Za-z'-]+)(?=[,.;!\n])"
)
_NOBODY = frozenset(
    {"he", "she", "it", "they", "we", "you", "i", "who", "which", "that", "this", "these", "those", "one", "some"}
    | {"others", "many", "and", "but", "is", "was", "are", "were", "be", "been", "to", "not", "of", "as", "so", "if"}
    | {"when", "while", "then", "there", "what", "or", "by", "with", "had", "has", "have", "for", "all", "in", "on"}
)
_TELLING = re.compile(r"\b[a-z]{6,}\b")


def spoken(document: str, text: str, chance: random.Random, most: int) -> list[EvalQuestion]:
    """At most `most` questions about a document, each with the place of its answer and the paragraph around it."""
    found = [one for form in (_REPORTED, _QUOTED) for one in _of(form, document, text, chance)]
    return chance.sample(found, min(most, len(found)))


def _of(form: re.Pattern[str], document: str, text: str, chance: random.Random) -> Iterator[EvalQuestion]:
    for match in form.finditer(text):
        who = match["who"]
        words = who.lower().split()
        if _NOBODY.intersection(words) or not (who[0].isupper() or words[0] in {"the", "a", "an"}):
            continue
        asked, answer = _ask(match, chance)
        place = Gold(document, Span(*match.span(answer)), match[answer])
        start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        around = Gold(document, Span(start, end if end >= 0 else len(text)))
        yield EvalQuestion(f"{document}-{match.start()}", asked, True, (place,), around, 0)


def _ask(match: re.Match[str], chance: random.Random) -> tuple[str, str]:
    """A question about what was said, and the group of `match` that answers it."""
    who, verb, what = match["who"], match["verb"], match["what"].rstrip(", ")
    if chance.random() < _WHO and len(what.split()) <= _CLAUSE:
        return f'Who {verb} "{what}"?' if match.re is _QUOTED else f"Who {verb} {what}?", "who"
    name = who[0].lower() + who[1:] if who.split()[0] in {"The", "A", "An"} else who
    wants = verb in _WANT
    forms: Sequence[str] = _WANTING if wants else _SAYING if chance.random() < 0.75 else _OF_SAYING
    side = chance.choice(_SIDES) if name[0].isupper() and name.isalpha() else "{}"
    question = chance.choice(forms).format(side.format(name), (_WANT if wants else _SAY)[verb])
    topics = _TELLING.findall(what)
    if topics and chance.random() < _TOPIC:
        question = f"{question[:-1]} about {chance.choice(topics)}?"
    return question[0].upper() + question[1:], "what"


def may_answer(question: str, passage: str) -> bool:
    """Whether a passage that is not the right one might answer such a question: it reports speech of a namesake."""
    names = [word for word in re.findall(r"\w+", question)[2:] if len(word) > 3]
    return any(re.search(rf"\b{re.escape(name)}\b", passage) for name in names[:2]) and bool(
        re.search(rf"\b(?:{_VERBS})\b", passage)
    )
