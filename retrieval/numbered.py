"""Numbers that say which one is meant: a year, the 13 of Apollo 13, the E18 of an error.

Whatever else fits, an answer about 2022 is none about 2023, and one about Tank 4 none about Tank 6.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np

from retrieval.number_words import VALUES, ordinal
from retrieval.numbers import MONTH, quarter
from retrieval.preparing import Question
from retrieval.ranking import Hit, met
from retrieval.reader import LANGUAGE
from retrieval.terms import QueryTerm
from retrieval.years import UNIT, WORD_BEFORE, YEAR, is_measured, is_year

_UP = "above|over|up|more|later|newer|higher|greater|older"
_DOWN = "below|earlier|lower|older"
"""Words behind a number from which on, or up to which, others are meant; those older may be men or machines."""

_UPWARDS = re.compile(rf"\+|\b(?:{_UP}|since|least|onwards)\b", re.IGNORECASE)
_DOWNWARDS = re.compile(rf"\b(?:{_DOWN}|until|till|to|most|before)\b", re.IGNORECASE)
_OPEN_END = rf"\+|\sonwards|[\s,(]{{1,2}}(?:or|and)\s(?:{_UP}|{_DOWN})\b"
_BEFORE_NAME = (
    r"(?<=\bat\s)(?:least|most)|(?<=\bup\s)to|since|above|below|(?:newer|older|later|earlier)(?=\sthan\b)"
    r"|before(?=(?:\s\S+){1,2}\s(?:is|are)(?:\snot|n['\u2019]t)\b)"
)
"""Words of an open end before a name; "from tank 4" and "after Apollo 11" are none."""

_DASH = r"[-\u2010-\u2015]"
_THROUGH = rf"{_DASH}|to|through"
_LISTED = r"\s?(?:,|and|or)\s?"
_IN_A_YEAR = rf"(?:(?:the|end|of|early|mid|late|\d{{1,2}},?|{MONTH})\s){{0,4}}"
_YEARS = re.compile(
    rf"(?<!\d)(\d{{4}})\s?(?:(?:{_DASH}|/)\s?(?=\d\d(?!\d| (?:{MONTH})))"
    rf"|(?:{_THROUGH}|till|until|up\sto|/|(?<=\bbetween\s\d{{4}}\s)and)\s?{_IN_A_YEAR}(?=\d{{4}}))"
    r"(\d{2}|\d{4})(?!\d)",
    re.IGNORECASE,
)
"""One year to another, the later in two digits only behind a dash or a slash."""

_OPEN_YEARS = re.compile(rf"(?:\b(since|until|till)\s{_IN_A_YEAR})?({YEAR.pattern})({_OPEN_END})?", re.IGNORECASE)
_DECADE = re.compile(r"(?<!\d)(\d{3})0['\u2019]?s\b")
_DATED = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
)
_NO_NAME = rf"(?!(?:{_DATED}|EUR|USD|GBP|CHF|I|Order|Ticket|Postcode|Zip)\b)"
_NAMED = re.compile(
    rf"(?:(?<=[\w,] ){_NO_NAME}|\b(?=\w+-))(?P<name>[A-Z]\w*)[ -](?P<number>(?!10\b)[1-9]\d+)"
    rf"(?![\w:/%-]|[.,]\d|\s(?:{UNIT}|hundred|thousand|million|billion|trillion)(?!\w))"
)
"""A number behind a capital within a sentence, or behind one and a hyphen; ten may be X, and a day's is of a date."""

_CODE = re.compile(r"([A-Za-z]{1,5})-?(\d+)")
_IN_YEAR = re.compile(rf"\b(?:in|during|year)\s+{YEAR.pattern}", re.IGNORECASE)
_OVER_YEARS = re.compile(
    r"\b(?:since|from|between|until|till|to|after|before|born|founded|became|bought|elected|appointed|opened|retired|"
    r"(?:next|following|previous|last)\s(?:\w+\s)?year|years?\s(?:later|earlier))\b|['\u2019]\d\d\b",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"\b(?:can|could|may|must|should|will|would|do|does|did)\s(?:(?:the|an?|my|your|our|this)\s)?+[\w-]+\s$",
    re.IGNORECASE,
)
"""What stands before a verb in a question, as in "can the hall" before "seat 200"."""

_SEVERAL = re.compile(r"\s(?:people|children|(?:wo)?men)\b")  # what ends in -s may be a verb: "when tank 6 leaks"
_OF_OTHERS = re.compile(r"\b(?:all|any|every|each|only|except|others?)\b", re.IGNORECASE)
"""With one of them a clause about one number may speak of others: "only in hall 1"."""

_CLAUSE_END = re.compile(r"[.,;:!?]\s|\n")
_LONGEST = 40  # characters of a number, and of a word before one
_IN_LETTERS = rf"(?:[ivx]{{1,5}}|{'|'.join(VALUES)})\b"  # a number, whichever
_LOOKED_AT = 4  # passages that may have a range of years


def names_absent_number(question: Question, hits: Sequence[Hit]) -> bool:
    """Whether a year or the number of a name, as in Apollo 13 or HX-2400, stands in no document, nor within a range or
    beyond an open end of such numbers in what was found, as "rooms 301-320" or "since 2019"; asked of English
    documents, whose other forms of a number are known.

    Any other number has too many forms: 20 km are "20km", twelve eggs a dozen.
    """
    if hits[0].entry.document.language != LANGUAGE:
        return False
    absent = {question.terms[i].start for i in np.flatnonzero(question.absent)}
    years = [int(one[0]) for one in YEAR.finditer(question.text) if one.start() in absent and is_year(one)]
    named = [one for one in _NAMED.finditer(question.text) if one.start("number") in absent]
    texts = [hit.entry.text for hit in hits[:_LOOKED_AT]]
    nowhere = any(not _holds(_ranges(one["name"], "[ -]", "\n".join(texts)), int(one["number"])) for one in named)
    return nowhere or any(not _is_within(year, hits) for year in years)


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
    year = YEAR.match(asked, term.start)
    if year is not None and year.end() == term.end and is_year(year):
        years = [int(one[0]) for one in YEAR.finditer(sentence)]
        said = _IN_YEAR.search(sentence) is not None and _OVER_YEARS.search(sentence) is None
        return said and not min(years) <= int(number) <= max(years) and not _is_within(int(number), [hit])
    code = _CODE.fullmatch(number)
    before = WORD_BEFORE.search(asked[max(term.start - _LONGEST, 0) : term.start])
    if re.fullmatch("[Qq][1-4]", number) and re.search(quarter(int(number[1])), hit.entry.text, re.IGNORECASE):
        return False
    if code is not None:
        return _has_instead(code[1], "-?", code[2], hit.entry.text)
    if before is None or not number.isdecimal() or is_measured(before[1]) or _is_counted(before[1], asked, term):
        return False
    otherwise = rf"(?<!\d)0*{int(number)}(?!\d)|\b{ordinal(int(number))}\b"  # PlayStation 5 is the PS 5
    return not re.search(otherwise, hit.entry.text) and _has_instead(before[1], "[ -]", number, hit.entry.text)


def _has_instead(name: str, between: str, number: str, text: str) -> bool:
    """Whether other numbers stand behind a name in a text, and this one does not, nor a range that holds it, and no
    clause there speaks of others.
    """
    ranges = _ranges(name, between, text)
    in_letters = re.search(rf"\b{name}s?{between}{_IN_LETTERS}", text, re.IGNORECASE)
    if not ranges or in_letters or _holds(ranges, int(number)):
        return False
    return not any(_OF_OTHERS.search(one) and _ranges(name, between, one) for one in _CLAUSE_END.split(text))


def _ranges(name: str, between: str, text: str) -> list[tuple[int, int]]:
    """The first and the last of what each number behind a name in a text holds, and of each that is listed with it;
    behind a plural none stands alone: "the barn sleeps 8".
    """
    plural = rf"(?:s(?=[ -]\d+(?:(?:\s?(?:{_THROUGH})\s?|{_LISTED})\d|{_OPEN_END})))?"
    label = rf"\b{name}{plural}{between}"
    found = re.compile(
        rf"(?:\b({_BEFORE_NAME})\s(?:than\s)?)?{label}(\d{{1,9}})(?:\.\d+)*"
        rf"(?:\s?(?:{_THROUGH})\s?(?:{label})?(\d{{1,9}}))?((?:{_LISTED}\d{{1,9}})*)({_OPEN_END})?",
        re.IGNORECASE,
    )
    ranges = []
    for before, first, last, listed, after in (one.groups() for one in found.finditer(text)):
        ranges.append(_range(before, first, last, after))
        ranges += [(int(one), int(one)) for one in re.findall(r"\d+", listed)]
    return ranges


def _range(before: str | None, first: str, last: str | None, after: str | None) -> tuple[int, int]:
    """What a number that was found holds, or one to another, with the words of an open end before or after it."""
    if last is not None:
        before, last = None, first[: -len(last)] + last
    open_end = f"{before or ''} {after or ''}"
    lowest = 0 if _DOWNWARDS.search(open_end) else int(first)
    return lowest, sys.maxsize if _UPWARDS.search(open_end) else int(last or first)


def _holds(ranges: Sequence[tuple[int, int]], number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)


def _is_counted(word: str, asked: str, term: QueryTerm) -> bool:
    """Whether the number behind a word in small letters says how many there are of something: people follow, or the
    word is a verb, or more than one thing.
    """
    start = term.start - len(word) - 1
    verb = _DOES.search(asked[max(start - _LONGEST, 0) : start])
    return word.islower() and bool(_SEVERAL.match(asked, term.end) or verb or re.search(r"[^su]s$", word))


def _is_within(year: int, hits: Sequence[Hit]) -> bool:
    """Whether a range of years or a decade holds a year in what was found, an open end in the first passage, a longer
    word, as FY2024 or 14.03.2024, or a path.
    """
    entries = [hit.entry for hit in hits[:_LOOKED_AT]]
    text = "\n".join(entry.text for entry in entries)
    open_years = _OPEN_YEARS.finditer(_YEARS.sub(" ", entries[0].text))
    ranges = [_range(None, one[1], one[2], None) for one in _YEARS.finditer(text)]
    ranges += [_range(None, f"{one[1]}0", "9", None) for one in _DECADE.finditer(text)]
    inside = _holds([*ranges, *(_range(one[1], one[2], None, one[3]) for one in open_years)], year)
    alone = re.search(rf"(?<!\d){year}(?!\d)", text)
    return inside or alone is not None or any(str(year) in entry.document.path for entry in entries)
