"""English numbers in words: their values, and where a text holds one of several words, as "1.5 million"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}


def _ordinal_word(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ieth"
    return _IRREGULAR.get(word) or ("twelfth" if word == "twelve" else word + "th")


def ordinal(number: int) -> str:
    """The ordinal of a number in digits."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


VALUES = {word: value for value, word in enumerate(_ONES)} | {word: 10 * tens for tens, word in enumerate(_TENS, 2)}
ORDINALS = {_ordinal_word(word): value for word, value in VALUES.items() if value}
_PARTS = (*_TENS, *SCALES)  # one of them stands in every number of several words
NUMBER_WORDS = frozenset([*VALUES, *ORDINALS, *SCALES])
JOINING = frozenset({"a", "and"})
"""What may be part of a number, as in "a hundred and six", and alone is none."""

_WORTH = VALUES | ORDINALS | {"a": 1}


def _one_of(words: Iterable[str]) -> str:
    return rf"(?:{'|'.join(words)})\b"


_UNITS, _UNITS_TH = _one_of(_ONES[1:10]), _one_of(map(_ordinal_word, _ONES[1:10]))
_NUMBER = _one_of(sorted(NUMBER_WORDS))
_AND = r"(?:\sand)?\s"
_ALONE = r"(?!-[a-z])"  # "one hundred second-hand cars" are a hundred
_TENS_AND = rf"(?:{'|'.join(_TENS)})"


def _tens_and(units: str) -> str:
    return rf"{_TENS_AND}(?:-{units}|\s{units}{_ALONE})"


_BELOW_100 = rf"(?:{_tens_and(_UNITS)}|{_one_of(VALUES)})"
_LAST = rf"(?:{_tens_and(_UNITS_TH)}|{_BELOW_100}|{_one_of(ORDINALS)}){_ALONE}"
_DIGITS = r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,9})?"
_FIRST = rf"(?:{_DIGITS}|{_BELOW_100}|a(?=\s\w+{_AND}{_NUMBER}))"
_COUNT = rf"(?:{_FIRST}\shundred(?:{_AND}{_BELOW_100})?|{_FIRST})"
_THOUSANDS = rf"{_COUNT}\sthousand\b"
_MILLIONS = rf"{_COUNT}\smillion\b(?:{_AND}{_THOUSANDS})?"
_BILLIONS = rf"{_COUNT}\sbillion\b(?:{_AND}(?:{_MILLIONS}|{_THOUSANDS}))?"
_SCALED = rf"(?:{_BILLIONS}|{_MILLIONS}|{_THOUSANDS})"
_IN_ANOTHER_WORD = rf"(?:{_TENS_AND}-(?:{_UNITS}|{_UNITS_TH})|{_one_of([*VALUES, *ORDINALS])})-(?!{_NUMBER})[a-z]"
_ENDS = rf"(?:(?=\s{_IN_ANOTHER_WORD})|(?![-\s]{_NUMBER}))"
_SCALE_ENDS = rf"(?!\sand\s{_NUMBER}){_ENDS}"  # "one hundred and two hundred" are no 102
_ANOTHER_FOLLOWS = rf"(?={_AND}{_COUNT}\s{_one_of([*SCALES][1:])})"  # as in "five thousand and six thousand"


def _several(ends: str, hundred_ends: str, scale_ends: str) -> str:
    """The pattern of a number of several words that ends with such a word only where the pattern beside says so."""
    hundreds = rf"{_FIRST}\shundred\b(?:{_AND}{_LAST}{ends}|{hundred_ends})"
    scaled = rf"{_SCALED}(?:{_AND}(?:{hundreds}|{_LAST}{ends})|{scale_ends})"
    return rf"(?:{scaled}|{hundreds}|(?:{_tens_and(_UNITS)}|{_tens_and(_UNITS_TH)}){ends})"


_BEFORE_AND = rf"(?<=between\s){_several('', '', '')}(?=\sand\s)"
_ELSEWHERE = _several(_ENDS, _SCALE_ENDS, f"(?:{_SCALE_ENDS}|{_ANOTHER_FOLLOWS})")


@cache
def _several_words() -> re.Pattern[str]:
    """Made when it is first needed: that takes 50 ms, and few questions have such a number."""
    return re.compile(rf"(?<![\w.,-])(?ai:(?={_FIRST}[-\s])(?:{_BEFORE_AND}|{_ELSEWHERE}))")


def in_digits(text: str) -> Iterator[tuple[int, int, str]]:
    """Numbers of several words, with where they stand, in digits: "twenty-first" is 21st, "1.5 million" is 1500000."""
    lowered = text.lower()
    if not any(word in lowered for word in _PARTS):
        return  # as in most passages, in a tenth of the time
    for match in _several_words().finditer(text):
        words = match[0].casefold().replace("-", " ").split()
        value = _value(words)
        if value.denominator == 1:
            yield *match.span(), ordinal(int(value)) if words[-1] in ORDINALS else str(value)


def _value(words: Sequence[str]) -> Fraction:
    """What the words of a number amount to."""
    total = part = Fraction(0)
    for word in words:
        if word == "hundred":
            part *= SCALES[word]
        elif word in SCALES:
            total, part = total + part * SCALES[word], Fraction(0)
        elif word != "and":
            part += Fraction(_WORTH.get(word, word.replace(",", "")))
    return total + part
