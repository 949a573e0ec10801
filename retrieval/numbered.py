"""Numbers that say which one is meant: a year, the 13 of Apollo 13, the E18 of an error.

Whatever else fits, an answer about 2022 is none about 2023, and one about Tank 4 none about Tank 6.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np

from retrieval.function_words import general_share
from retrieval.number_words import VALUES, ordinal
from retrieval.numbers import MONTH
from retrieval.ranking import Hit, Question, met
from retrieval.reader import LANGUAGE
from retrieval.terms import QueryTerm, analyse_query

_UNIT = (
    r"[kcmµM]?(?:m|g|l|L|W|V|A|Ah|Wh|Hz|B)|[KMG]B|GHz|kmh?|mph|rpm|ppm|dpi|hPa|mbar|ft|feet|lbs?|miles?|met(?:er|re)s?|"
    r"lit(?:er|re)s?|watts?|volts?|kcal|calories|%|percent|"
    r"euros?|dollars?|pounds?|francs?|crowns?|yen|EUR|USD|GBP|CHF"
)
_YEAR = re.compile(
    r"(?<![\w.,:/$€£¥-])(?<![$€£¥] )(?<!EUR )(?<!USD )(?<!GBP )(?<!CHF )(?:1\d|20)\d\d"
    rf"(?![\w:/-]|[.,]\d|\s?[€%]|\s(?:{_UNIT})(?!\w))"
)
"""A year, as far as one can tell from an amount."""

_YEARS = re.compile(r"(?<!\d)(\d{4})\s?[-/\u2010-\u2015]\s?(\d{2}|\d{4})(?!\d)")
_DECADE = re.compile(r"(?<!\d)(\d{3})0['\u2019]?s\b")
_DATED = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
)
_NO_NAME = rf"(?!(?:{_DATED}|EUR|USD|GBP|CHF|I)\b)"
_NAMED = re.compile(rf"(?:(?<=[\w,] ){_NO_NAME}[A-Z]\w* |\b[A-Z]\w*-)(?P<number>(?!10\b)[1-9]\d+)(?![\w:/%-]|[.,]\d)")
"""A number behind a capital within a sentence, or behind one and a hyphen; ten may be X, and a day's is of a date."""

_CODE = re.compile(r"([A-Za-z]{1,5})-?(\d+)")
_IN_YEAR = re.compile(rf"\b(?:in|during|year)\s+{_YEAR.pattern}", re.IGNORECASE)
_OVER_YEARS = re.compile(
    r"\b(?:since|from|between|until|till|to|after|before|born|founded|became|bought|elected|appointed|opened|retired)\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    rf"{MONTH}|costs?|pays?|paid|below|above|aged?|minimum|maximum|least|most|nearly|almost|exactly|roughly|late|early|mid|"
    r"within|weigh\w*|exceed\w*|earn\w*|holds?|buys?|spend\w*",
    re.IGNORECASE,
)
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[ -]$")
_LONGEST = 40  # characters of a number, and of a word before one
_IN_LETTERS = rf"(?:[ivx]{{1,5}}|{'|'.join(VALUES)})\b"  # a number, whichever
_TO = r"\s?(?:[-,\u2010-\u2015]|to|through|till|until|up\sto|and|or)\s?"
_OPEN_END = r"\+|\s(?:or|and)\s(?:later|newer|higher|above|up|more|over)|\sonwards"
_COMMON = 0.04  # share of passages of general text that have a word which numbers nothing, as "in" or "have"
_LOOKED_AT = 4  # passages that may have a range of years


def names_absent_number(question: Question, hits: Sequence[Hit]) -> bool:
    """Whether a year or the number of a name, as in Apollo 13 or HX-2400, stands in no document, nor within a range of
    years in what was found; asked of English documents, whose other forms of a number are known.

    Any other number has too many forms: 20 km are "20km", twelve eggs a dozen.
    """
    if hits[0].entry.document.language != LANGUAGE:
        return False
    absent = {question.terms[i].start for i in np.flatnonzero(question.absent)}
    years = [int(one[0]) for one in _YEAR.finditer(question.text) if one.start() in absent]
    named = any(one.start("number") in absent for one in _NAMED.finditer(question.text))
    return named or any(not _is_within(year, hits) for year in years)


def names_another(question: Question, hit: Hit, sentence: str) -> bool:
    """Whether a number of the question that says which one is meant stands in no form in an English passage or above
    it, but another one does in its place: another year in the answering `sentence`, another number behind the same word
    or the same letters in the passage.
    """
    if hit.entry.document.language != LANGUAGE or not any(map(str.isdigit, question.text)):
        return False
    unmet = (question.terms[i] for i in np.flatnonzero(~met(question, hit.entry)))
    return any(_is_another(question.text, one, hit, sentence) for one in unmet)


def _is_another(asked: str, term: QueryTerm, hit: Hit, sentence: str) -> bool:
    number = asked[term.start : term.end]
    if len(number) > _LONGEST:
        return False
    year = _YEAR.match(asked, term.start)
    if year is not None and year.end() == term.end:
        years = [int(one[0]) for one in _YEAR.finditer(sentence)]
        said = _IN_YEAR.search(sentence) is not None and _OVER_YEARS.search(sentence) is None
        return said and not min(years) <= int(number) <= max(years) and not _is_within(int(number), [hit])
    code = _CODE.fullmatch(number)
    before = _WORD_BEFORE.search(asked[max(term.start - _LONGEST, 0) : term.start])
    if code is not None:
        return _has_instead(code[1], "-?", code[2], hit.entry.text)
    if before is None or not number.isdecimal() or _is_measured(before[1]):
        return False
    otherwise = rf"(?<!\d)0*{int(number)}(?!\d)|\b{ordinal(int(number))}\b"  # PlayStation 5 is the PS 5
    return not re.search(otherwise, hit.entry.text) and _has_instead(before[1], "s?[ -]", number, hit.entry.text)


def _has_instead(name: str, between: str, number: str, text: str) -> bool:
    """Whether other numbers stand behind a name in a text, and this one does not, nor a range that holds it."""
    more = rf"(?:{_TO}(?:{name}{between})?(\d{{1,9}})|({_OPEN_END}))?"
    found = re.compile(rf"\b{name}{between}(?:(\d{{1,9}}){more}|{_IN_LETTERS})", re.IGNORECASE)
    others = [_range(*one.groups()) for one in found.finditer(text)]
    return bool(others) and not any(first <= int(number) <= last for first, last in others)


def _range(first: str | None, last: str | None, open_end: str | None) -> tuple[int, int]:
    """What a number that was found holds, or one to another, or from one on; all of them where it is in letters."""
    if first is None:
        return 0, sys.maxsize
    return int(first), sys.maxsize if open_end else int(last or first)


def _is_measured(word: str) -> bool:
    """Whether a number behind a word says how much, or which day, rather than which one."""
    common = any(general_share(word, one) >= _COMMON for one in analyse_query(word, [LANGUAGE]))
    return common or _MEASURED.fullmatch(word) is not None


def _is_within(year: int, hits: Sequence[Hit]) -> bool:
    """Whether a range of years or a decade holds a year in what was found, a longer word does, as FY2024 or 14.03.2024,
    or a path.
    """
    entries = [hit.entry for hit in hits[:_LOOKED_AT]]
    alone = re.compile(rf"(?<!\d){year}(?!\d)")
    ranges = [(one[1], one[1][: -len(one[2])] + one[2]) for entry in entries for one in _YEARS.finditer(entry.text)]
    ranges += [(f"{one[1]}0", f"{one[1]}9") for entry in entries for one in _DECADE.finditer(entry.text)]
    inside = any(int(first) <= year <= int(last) for first, last in ranges)
    return inside or any(str(year) in one.document.path or alone.search(one.text) for one in entries)
