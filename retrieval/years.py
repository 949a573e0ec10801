"""Numbers of four digits in a question: a year, or an amount.

Both stand alone; what stands beside them tells.
"""

from __future__ import annotations

import re

from retrieval.function_words import general_share
from retrieval.numbers import MONTH
from retrieval.reader import LANGUAGE
from retrieval.terms import analyse_query

UNIT = (
    r"[kcmµM]?(?:m|g|l|L|W|V|A|Ah|Wh|Hz|B)|[KMG]B|GHz|kmh?|mph|rpm|ppm|dpi|hPa|mbar|ft|feet|lbs?|miles?|met(?:er|re)s?|"
    r"lit(?:er|re)s?|watts?|volts?|kcal|calories|%|percent|"
    r"euros?|dollars?|pounds?|francs?|crowns?|yen|EUR|USD|GBP|CHF"
)
YEAR = re.compile(
    r"(?<![\w.,:/$€£¥-])(?<![$€£¥] )(?<!EUR )(?<!USD )(?<!GBP )(?<!CHF )(?:1\d|20)\d\d"
    rf"(?![\w:/-]|[.,]\d|\s?[€%]|\s(?:{UNIT})(?!\w))"
)
"""A year, as far as one can tell from an amount."""

_BEFORE_YEAR = (
    r"(?i)\b(?:in|since|from|between|by|before|prior\sto|after|during|of|until|till|through|dated|year|early|mid|late|"
    rf"\d{{1,2}},|(?:{MONTH})(?:\s\d{{1,2}}(?:st|nd|rd|th)?)?,?)\s(?:\d{{4}}\s?(?:,|and|or|to)\s)*$"
)
_BEFORE_RECENT = (
    r"(?i)(?:^\W*|['\u2019]s\s|\b(?:an?|the|what|which|its|their|our|your|for|about|around|compared\s(?:to|with)|fiscal|"
    r"quarter|spring|summer|autumn|winter|season|edition|budget|accounts|report|elections?|olympics|games|cup|"
    r"championships?|festival|conference|census)\s)$"
)
_RECENT = r"(?:1[89]|20)(?!00|50)\d\d"
"""What is hardly a round amount either, and so a year behind further words."""

_PLURAL = r"(?!(?:does|always|perhaps|sometimes|towards|besides)\b)[a-z]{2,}[^\Wsiu_]s|people|children|(?:wo)?men"
_AFTER_AMOUNT = (
    rf"(?:\s(?:to|or|and)\s\d[\d.,]*)?\s(?:{_PLURAL}|pixels?|px|per|an?\s(?:hour|day|week|month|year|night|head))\b"
    rf"|(?:\s(?:to|or)|(?<=between\s\d{{4}})\sand)\s\d[\d.,]*\s?(?:€|(?:{UNIT})(?!\w))"
)
_BEFORE_AMOUNT = (
    r"(?i)\b(?:(?:an?|my|our)\s(?:[\w-]+\s){1,3}|(?:price|fee|cost|income|salary|wage|rent|amount|sum|total|limit|"
    r"maximum|minimum|bill|loan|deposit|value|number|length|height|weight|size|width)\s)of\s$"
)
_OF_ASKER = r"(?i)order|ticket|postcode|zip|code|number"
"""What the asker has one of, whose number no document needs to know."""

_MEASURED = re.compile(
    rf"{MONTH}|costs?|pays?|paid|below|above|aged?|minimum|maximum|least|most|nearly|almost|exactly|roughly|late|early|mid|"
    r"within|weigh\w*|exceed\w*|earn\w*|holds?|buys?|spend\w*",
    re.IGNORECASE,
)
WORD_BEFORE = re.compile(r"([^\W\d_]+)[ -]$")
_BESIDE = 60  # characters before a number that are looked at
_COMMON = 0.04  # share of passages of general text that have a word which numbers nothing, as "in" or "have"


def is_year(number: re.Match[str]) -> bool:
    """Whether what stands beside a number of a question that may be a year or an amount makes it a year."""
    before, after = number.string[max(number.start() - _BESIDE, 0) : number.start()], number.string[number.end() :]
    recent = re.fullmatch(_RECENT, number[0]) is not None
    if re.compile(_AFTER_AMOUNT).match(number.string, number.end()):
        return recent and re.search(r"(?i)\b(?:in|during|since|the)\s$", before) is not None
    if re.search(_BEFORE_YEAR, before):
        return not re.search(_BEFORE_AMOUNT, before)
    if re.match(r"['\u2019]s\b", after):
        return True
    if not recent or re.search(_BEFORE_RECENT, before):
        return recent
    word = WORD_BEFORE.search(before)
    ends = re.fullmatch(r"\W*", after) is not None
    return ends and word is not None and not (re.fullmatch(_OF_ASKER, word[1]) or is_measured(word[1]))


def is_measured(word: str) -> bool:
    """Whether a number behind a word says how much, or which day, rather than which one."""
    common = any(general_share(word, one) >= _COMMON for one in analyse_query(word, [LANGUAGE]))
    return common or _MEASURED.fullmatch(word) is not None
