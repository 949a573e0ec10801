"""Whether a sentence holds an amount, where a question asks for one: "26 to 28 June" is no price.

Where the documents speak of a thing but not of how much of it there is, the reader points at whatever number stands
there.
"""

from __future__ import annotations

import re

from retrieval.number_words import SCALES, VALUES
from retrieval.numbers import MONTH

_ASKS = re.compile(
    r"\bhow\s+(?:many|much)\b(?!.{0,80}\bknow)"
    r"|\bwhat\s+(?:do|does|did|would|will)\s(?!the\s+costs?\b).{1,80}?\bcosts?(?:\s+to\s.{1,80})?\s*\??\s*$",
    re.IGNORECASE,
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_NO_AMOUNT = re.compile(
    rf"\b{_DAY}(?:\s?(?:[-\u2013,]|to|and)\s?{_DAY}){{0,4}}\s(?:of\s)?(?:{MONTH})\b(?:,?\s\d{{4}})?"
    rf"|\b(?:{MONTH})\s(?:\d{{4}}|{_DAY}(?:\s?(?:[-\u2013]|to)\s?{_DAY})?(?:,?\s\d{{4}})?)\b"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b(?:1\d|20)\d\ds\b"
    r"|(?:(?i:\b(?:in|since|until|during)\s)|\()(?:1\d|20)\d\d\b(?!\s?[%€])"
    r"|\b\d{1,2}(?::\d\d|[:.]?\d{0,2}\s?[apAP]\.?[mM]\b)|\b\d{1,2}(?:st|nd|rd|th)\b"
    r"|^[ \t]*(?:\(?(?:\d{1,3}|[a-z]|[ivxlc]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)(?=\s)|\[\d+\]"
    r"|\b(?i:nos?|clause|section|article|pages?|pp?|chapter|figure|table|step|item|room|question|condition|version|note|"
    r"appendix|annex|part|rule|year|grade|class|unit)\.?\s\d+(?:\.\d+)*\b"
    r"|\b(?!EUR|USD|GBP|CHF)[A-Z]{1,5}-?\d[\w-]*",
    re.MULTILINE,
)
"""Dates, decades, years behind a word or sign that says so, times, ordinals, the numbers of items and notes, of what is
numbered, and codes.
"""

_QUANTITIES = frozenset(
    {*VALUES, *SCALES, "dozen", "dozens", "hundreds", "thousands", "millions", "billions", "trillion", "couple", "pair"}
    | {"single", "sole", "both", "half", "halves", "halved", "third", "thirds", "quarter", "quarters", "double"}
    | {"doubled", "tripled", "twice", "once", "triple", "thrice", "twin", "twins", "quartet", "score", "several", "few"}
    | {"fewer", "many", "most", "much", "more", "less", "little", "all", "none", "no", "not", "nobody", "nothing"}
    | {"majority", "minority", "every", "each", "any", "some", "enough", "numerous", "countless", "various", "multiple"}
    | {"another", "only", "whole", "entire", "full", "fully", "entirely", "partly", "free", "lot", "lots", "plenty"}
    | {"handful", "pinch", "unlimited", "donation", "unknown", "fortnight", "charge", "costs", "low", "high"}
)
_NUMBER = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_ONE_OF = re.compile(
    r"\ban?\s(?:second|minute|hour|day|week|month|year|cup|glass|spoon|metre|meter|mile)", re.IGNORECASE
)
_WORD = re.compile(r"[a-z]+")


def lacks_amount(question: str, sentence: str) -> bool:
    """Whether an English question asks how many or how much, or what a thing costs, and a sentence has no amount: no
    number but dates, times and what numbers an item or a thing, and no word as "both" or "several".
    """
    if not _ASKS.search(question) or _ONE_OF.search(sentence):
        return False
    rest = _NO_AMOUNT.sub(" ", sentence)
    return not _NUMBER.search(rest) and _QUANTITIES.isdisjoint(_WORD.findall(rest.casefold()))
