"""Numbers and dates of a question in their other English forms: "3rd" and "third", the 10 of 2021-10-22 and "October".

A further form is one word of the documents, so "twenty-one" finds "21", but "21" does not find "twenty-one".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from retrieval.terms import QueryTerm, forms

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}


def _ordinal_word(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ieth"
    return _IRREGULAR.get(word) or ("twelfth" if word == "twelve" else word + "th")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_VALUES = {word: value for value, word in enumerate(_ONES)} | {word: 10 * tens for tens, word in enumerate(_TENS, 2)}
_ORDINALS = {_ordinal_word(word): value for word, value in _VALUES.items() if value}
_OTHER = {word: str(value) for word, value in (_VALUES | _SCALES).items() if word != "one"}  # mostly no number
_OTHER |= {word: _ordinal(value) for word, value in _ORDINALS.items()}
_OTHER |= {digits: word for word, digits in _OTHER.items()}

_UNITS = (*_ONES[1:10], *map(_ordinal_word, _ONES[1:10]))
_NUMBER = rf"(?:{'|'.join([*_VALUES, *_ORDINALS, *_SCALES])})\b"
_TENS_AND_UNIT = rf"(?P<tens>{'|'.join(_TENS)})[- ](?P<unit>{'|'.join(_UNITS)})\b(?![- ]{_NUMBER})"
_AMOUNT = rf"(?P<amount>\d+(?:,\d{{3}})*(?:\.\d+)?|{'|'.join(_VALUES)})"
_SCALED = rf"{_AMOUNT} (?P<scale>{'|'.join(_SCALES)})\b(?! (?:and )?{_NUMBER})"
_SEVERAL_WORDS = re.compile(rf"(?<![\w.,])(?:{_TENS_AND_UNIT}|{_SCALED})", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<![\w-])\d{4}-(?P<month>\d\d?)-(?P<day>\d\d?)(?![\w-])")
_YEAR_LAST = re.compile(r"(?<![\w/])(?P<one>\d\d?)/(?P<other>\d\d?)/\d{4}(?![\w/])")


def with_other_forms(text: str, terms: Sequence[QueryTerm], languages: Collection[str]) -> tuple[QueryTerm, ...]:
    """The terms of a question, its numbers and dates with further forms where the library has English documents."""
    if languages and "en" not in languages:
        return tuple(terms)
    found = [*_of_several_words(text), *_of_dates(text)]
    return tuple(_with(term, text, found) for term in terms)


def _with(term: QueryTerm, text: str, found: Sequence[tuple[int, int, str]]) -> QueryTerm:
    others = [other for start, end, other in found if start <= term.start and term.end <= end]
    if not others:
        alone = text[term.start : term.end].casefold().replace(",", "")
        others = [_OTHER[alone]] if alone in _OTHER else []
    if not others:
        return term
    more = [form for other in others for form in forms(other, ["en"])]
    return replace(term, forms=tuple(dict.fromkeys([*term.forms, *more])))


def _of_several_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Numbers of two words, with where they stand, in digits: "twenty-first" is 21st, "1.5 million" is 1500000."""
    for match in _SEVERAL_WORDS.finditer(text):
        part = {name: (found or "").casefold() for name, found in match.groupdict().items()}
        if part["scale"]:
            value = Fraction(_VALUES.get(part["amount"], part["amount"].replace(",", ""))) * _SCALES[part["scale"]]
            if value.denominator == 1:
                yield *match.span(), str(value)
        elif part["unit"] in _ORDINALS:
            yield *match.span(), _ordinal(_VALUES[part["tens"]] + _ORDINALS[part["unit"]])
        else:
            yield *match.span(), str(_VALUES[part["tens"]] + _VALUES[part["unit"]])


def _of_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Other forms of the months and days of dates in digits; 10/11/2021 may be in October or in November."""
    for match in _YEAR_FIRST.finditer(text):
        yield from _month(match, "month")
        yield from _day(match, "day")
    for match in _YEAR_LAST.finditer(text):
        for month, day in (("one", "other"), ("other", "one")):
            if int(match[month]) <= 12:
                yield from _month(match, month)
                yield from _day(match, day)


def _month(match: re.Match[str], group: str) -> Iterator[tuple[int, int, str]]:
    number = int(match[group])
    if 1 <= number <= 12:
        name = _MONTHS[number - 1]
        yield *match.span(group), name
        yield *match.span(group), name[:3]


def _day(match: re.Match[str], group: str) -> Iterator[tuple[int, int, str]]:
    number = int(match[group])
    if 1 <= number <= 31:
        yield *match.span(group), str(number)
        yield *match.span(group), _ordinal(number)
