"""Whether a sentence holds an amount, where a question asks for one: "26 to 28 June" is no price.

Where the documents speak of a thing but not of how much of it there is, the reader points at whatever number stands
there.
"""

from __future__ import annotations

import re

from retrieval.number_words import SCALES, VALUES
from retrieval.numbers import MONTH

_MEASURES = (
    "number|amount|percentage|price|cost|fee|fare|salary|rent|weight|height|length|width|depth|size|distance|speed|"
    "temperature|population|duration|total|rate"
)
_ASKS = re.compile(
    r"\bhow\s+(?:many|much|long|far|old|tall|high|deep|heavy|big|large|fast|wide|thick|hot|cold|often|frequently)\b"
    rf"|\bwhat(?:\s+(?:is|was|are|were)\s+the|'s\s+the)\s+(?:\w+\s+){{0,2}}(?:{_MEASURES})\b"
    r"|\bwhat\s+(?:number|amount|percentage|percent|proportion|share|fraction)\b"
    r"|\bwhat\s+(?:do|does|did|would|will)\b.*\bcosts?\b"
    r"|\b(?:price|cost|fee|fare|salary)\b(?:\s+(?:of|for)\b|\s*\??$)",
    re.IGNORECASE,
)
_OF_TIME_OR_PLACE = re.compile(r"\bhow\s+(?:long|far|old|often|frequently)\b", re.IGNORECASE)
_UNIT = (
    r"(?:[kcm]?[gm]|m?l|°?C|lbs?|oz|k?W|V|Hz|[MG]B|bar|gram(?:me)?s?|kilos?|lit(?:er|re)s?|met(?:er|re)s?|miles?|"
    r"pence|pounds?|euros?|dollars?)"
)
_COUNTS = re.compile(rf"\bhow\s+many\b(?!\s+{_UNIT}\b)", re.IGNORECASE)
_MEASURED = re.compile(rf"[£$€]\s?\d[\d.,]*|\b\d[\d.,]*\s?{_UNIT}(?!\w)")

_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = (
    rf"\b{_DAY}(?:\s?(?:[-\u2013,]|to|and)\s?{_DAY})*\s(?:of\s)?(?:{MONTH})\b(?:,?\s\d{{4}})?"
    rf"|\b(?:{MONTH})\s(?:\d{{4}}|{_DAY}(?:\s?(?:[-\u2013]|to)\s?{_DAY})?(?:,?\s\d{{4}})?)\b"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b(?:1\d|20)\d\d(?:s|\b(?!\s?[%€]))"
    r"|\b\d{1,2}(?::\d\d|[:.]?\d{0,2}\s?[ap]\.?m\b)"
)
_DATE = re.compile(_DATES, re.IGNORECASE)
_NO_AMOUNT = re.compile(
    rf"{_DATES}|\b\d{{1,2}}(?:st|nd|rd|th)\b"
    r"|^[ \t]*(?:\(?(?:\d{1,3}|[a-z]|[ivxlc]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)(?=\s)|\[\d+\]"
    r"|\b(?:nos?|clause|section|article|pages?|pp?|chapter|figure|table|step|item|room|question|condition|version|note|"
    r"appendix|annex|part|rule|year|grade|class|unit)\.?\s\d+(?:\.\d+)*\b"
    r"|\b[a-z]+-?\d[\w-]*",
    re.IGNORECASE | re.MULTILINE,
)
"""Dates, years, times, ordinals, the numbers of items and notes, of what is numbered, and codes."""

_NUMBER = re.compile(r"\d+")
_QUANTITIES = frozenset(
    {
        *VALUES,
        *SCALES,
        "dozen",
        "dozens",
        "hundreds",
        "thousands",
        "millions",
        "billions",
        "trillion",
        "couple",
        "pair",
        "single",
        "sole",
    }
    | {
        "both",
        "half",
        "halves",
        "third",
        "thirds",
        "quarter",
        "quarters",
        "double",
        "twice",
        "once",
        "triple",
        "thrice",
        "score",
    }
    | {"several", "few", "fewer", "many", "most", "much", "more", "less", "little", "all", "none", "no", "nobody"}
    | {"nothing", "majority", "minority", "every", "each", "any", "some", "enough", "numerous", "countless", "various"}
    | {"multiple", "another", "only", "whole", "entire", "full", "fully", "entirely", "partly", "free"}
)
_TIME_OR_PLACE = re.compile(
    r"\b(?:until|till|since|ever|forever|always|never|days?|daily|weeks?|weekly|months?|monthly|years?|yearly|annual|"
    r"annually|hours?|hourly|minutes?|seconds?|nights?|overnight|century|centuries|decades?|life|lifetime|permanent|"
    r"ages?|aged|long|short|brief|indefinitely|times?|morning|evening|while|regularly|rarely|sometimes|often|seldom|"
    r"during|throughout|before|after|through|from|end|rest|period|term|moment|sunset|sunrise|dawn|dusk|noon|midnight|"
    r"Christmas|Easter|spring|summer|autumn|winter|birth|death|childhood|infancy|infant|young|old|near|nearby|close|"
    r"away|across|as\s+far\s+as|miles?)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")
_NUMERAL = re.compile(r"\b[a-z]+(?:teen|ty)\b")


def lacks_amount(question: str, sentence: str) -> bool:
    """Whether an English question asks for an amount and a sentence has none: no number but dates, times and what
    numbers an item or a thing, none that the question does not have itself, and no word as "both" or "several".

    A time or a place answers "how long" and "how far" too.
    """
    if not _ASKS.search(question):
        return False
    if _OF_TIME_OR_PLACE.search(question) and (_DATE.search(sentence) or _TIME_OR_PLACE.search(sentence)):
        return False
    rest = _NO_AMOUNT.sub(" ", sentence)
    if _COUNTS.search(question):
        rest = _MEASURED.sub(" ", rest)
    asked = frozenset(_NUMBER.findall(question))
    words = frozenset(_WORD.findall(rest.casefold()))
    return asked.issuperset(_NUMBER.findall(rest)) and words.isdisjoint(_QUANTITIES) and not _NUMERAL.search(rest)
