"""Whether a sentence holds an amount, where a question asks for one: "26 to 28 June" is no price.

Where the documents speak of a thing but not of how much of it there is, the reader points at whatever number stands
there.
"""

from __future__ import annotations

import re

from retrieval.number_words import NUMBER_WORDS
from retrieval.numbers import MONTH
from retrieval.terms import folded

_OPENS = r"^\W*(?:(?:and|so|but|by|for|in|of|to|at|about)\W+){0,2}"
_TIMES = r"(?:\w+\s+){0,2}(?:time|times|minutes?|hours?|days?|nights?|weeks?|months?|years?)\b"
_DOES = r"(?:do|does|did|can|could|may|must|should|will|would)"
_HOW_MANY = re.compile(rf"{_OPENS}how\s+many\b(?!\s+{_TIMES})", re.IGNORECASE)
_OF_SOMEBODY = re.compile(rf"\bhow\s+many\b.{{1,80}}\s{_DOES}\b", re.IGNORECASE)
"""Of what somebody needs, has or may take, "an egg" is one; that a pipe leaks says nothing of how many leak."""

_PRICE = re.compile(
    rf"{_OPENS}how\s+much\s+(?:is|are|was|were)\s+(?!(?:\w\w+ed|left|known|done|there|of)\b)\w"
    rf"|{_OPENS}how\s+much\s+{_DOES}\s.{{1,80}}\s(?:cost|weigh|pay)\b"
    rf"|{_OPENS}what\s+{_DOES}\s.{{1,80}}(?<!the)(?<!in)(?<!on)(?<!of)\scost(?:\s+to\s.{{1,80}})?\s*\??\s*$",
    re.IGNORECASE,
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_ENDS = r"(?=\s*(?:[),.;:]|$)|\s(?:and|but|by|when|as|the|it|he|she|they|was|were|is|at|for|with|after|before)\b)"
_DATES = re.compile(
    rf"\b{_DAY}(?=(?:\s?(?:[-\u2013,]|to|and)\s?{_DAY}){{1,4}}\s(?:of\s)?(?:{MONTH})\b)"
    rf"|\b{_DAY}\s(?:of\s)?(?:{MONTH})\b(?:,?\s\d{{4}})?"
    rf"|\b(?:{MONTH})\s(?:\d{{4}}|{_DAY}(?:\s?(?:[-\u2013]|to)\s?{_DAY})?(?:,?\s\d{{4}})?){_ENDS}"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b(?:1\d|20)\d\ds\b|\((?:1\d|20)\d\d\)"
    rf"|(?i:\b(?:in|since|until|during)\s)(?:1\d|20)\d\d{_ENDS}"
    r"|\b\d{1,2}(?:[:.]\d\d)?\s?[apAP]\.?[mM]\b|(?i:\b(?:at|from|until|till|by)\s)\d{1,2}:\d\d\b"
)
"""Dates, decades, years and times that what stands beside them tells from amounts."""

_DATE = "\0"  # in the place of one
_SAME_DATES = re.compile(rf"{_DATE}(?:\s?(?:[-\u2013]|to|until|till|from|at)?\s?{_DATE})+")
"""From one to another, or a day and its time."""

_LABELS = re.compile(
    r"^[ \t]*\(?(?:\d{1,3}|[a-z]|[ivxlc]{1,5})[.)](?=\s)|\[\d+\]"
    r"|\b(?:[Nn]os?\.|[Pp]ages?|pp?\.|Chapter|Figure|Table|Step|Item|Room|Year|Grade|Class|Clause|Section|Article|Part|Rule)"
    r"\s\d+\b",
    re.MULTILINE,
)
"""The numbers of items and notes, and those of what is numbered."""

_QUANTITIES = frozenset(
    {*NUMBER_WORDS, "dozen", "dozens", "hundreds", "thousands", "millions", "billions", "trillion", "couple", "pair"}
    | {"single", "sole", "both", "half", "halves", "halved", "thirds", "quarter", "quarters", "double"}
    | {"doubled", "tripled", "twice", "once", "triple", "thrice", "twin", "twins", "quartet", "score", "several", "few"}
    | {"fewer", "many", "most", "much", "more", "less", "little", "all", "none", "no", "not", "nobody", "nothing"}
    | {"majority", "minority", "every", "each", "any", "some", "enough", "numerous", "countless", "various", "multiple"}
    | {"another", "only", "whole", "entire", "full", "fully", "entirely", "partly", "free", "lot", "lots", "plenty"}
    | {"handful", "pinch", "unlimited", "donation", "unknown", "fortnight", "charge", "costs", "low", "high"}
    | {"included", "complimentary", "gratis", "waived", "cannot", "t", "never", "without", "same", "quadrupled"}
    | {"nil", "exempt", "forbidden", "prohibited", "banned"}
    | {"hourly", "daily", "weekly", "fortnightly", "monthly", "quarterly", "yearly", "annually", "fifths", "trebled"}
)
_NUMBER = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]|fold\b")
_ONE_OF = re.compile(
    r"\ban?\s(?:second|minute|hour|day|week|month|year|decade|cup|glass|(?:tea|table)?spoon|lit(?:re|er)|pint|gallon|pound|"
    r"dollar|euro|penny|gram|kilo|ounce|inch|foot|knob|bit|drop|slice|met(?:re|er)|mile)|\w, .{1,80}\b(?:and|or)\b",
    re.IGNORECASE,
)
"""One of a unit, or a list, whose items may be what is counted."""

_ONE = re.compile(r"^\W*an?\s|\ban?\s[\w-]+\sand\san?\s", re.IGNORECASE)
_NAMES_ONE = re.compile(r"\ban?\s([\w-]+)", re.IGNORECASE)
_CAPITAL = "[A-Z\u00c0-\u00d6\u00d8-\u00de]"
_PERSON = (
    r"(?:grand|step)?(?:son|daughter|child|mother|father)|brother|sister|wife|husband|parent|uncle|aunt|cousin|nephew|niece|"
    "widow|widower|man|woman|boy|girl|baby|toddler|teenager|person|driver|passenger|cyclist|pedestrian|worker|soldier|officer"
)
_COUNTED = re.compile(
    rf"\b{_CAPITAL}[\w'\u2019-]*\s(?:and|&)\s{_CAPITAL}\w|\b[Aa]n?\s(?:[\w-]+\s){{0,2}}(?:{_PERSON})\b"
)
"""What may be all that is counted: two names, as "France and Japan", or a person, as "a daughter"."""

_WORD = re.compile(r"[a-z]+")


def lacks_amount(question: str, sentence: str) -> bool:
    """Whether an English question asks how many, or what one pays or a thing weighs, and a sentence has no amount: no
    number but dates, times and what numbers an item or a thing, and no word as "both" or "several".

    Several dates, two names or a person may be what is counted.
    """
    how_many = _HOW_MANY.search(question) is not None
    if not (how_many or _PRICE.search(question)) or _ONE_OF.search(sentence):
        return False
    rest = _DATES.sub(_DATE, sentence)
    several = _SAME_DATES.sub(_DATE, rest).count(_DATE) > 1
    if how_many and (several or _COUNTED.search(sentence) or _has_one(question, sentence)):
        return False
    rest = _LABELS.sub(" ", rest)
    return not _NUMBER.search(rest) and _QUANTITIES.isdisjoint(_WORD.findall(rest.casefold()))


def _has_one(question: str, sentence: str) -> bool:
    """Whether a sentence begins with one of a thing, lists such, or has one of what the question speaks of, where this
    asks what somebody needs, has or may take.
    """
    if not _OF_SOMEBODY.search(question):
        return False
    asked = {folded(one, "en") for one in _WORD.findall(question.casefold())}
    return _ONE.search(sentence) is not None or any(folded(one, "en") in asked for one in _NAMES_ONE.findall(sentence))
