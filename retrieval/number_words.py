"""English numbers in words: their values, and where a text holds one of several words, as "1.5 million"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

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
_NUMBER, _SCALE = _one_of(sorted(NUMBER_WORDS)), _one_of([*SCALES][1:])
_TENS_AND = rf"(?:{'|'.join(_TENS)})[- ]"
_BELOW_100 = rf"(?:{_TENS_AND}{_UNITS}|{_one_of(VALUES)})"
_LAST = rf"(?:{_TENS_AND}{_UNITS_TH}|{_BELOW_100}|{_one_of(ORDINALS)})"
_DIGITS = r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,9})?"
_FIRST = rf"(?:{_DIGITS}|{_BELOW_100}|a(?= \w+(?: and)? {_NUMBER}))"
_SCALED = rf"(?:{_FIRST} hundred(?:(?: and)? {_BELOW_100})?|{_FIRST}) {_SCALE}"


def _several(scale_ends: str) -> str:
    """The pattern of a number of several words, which ends with a scale only where `scale_ends` says."""
    hundreds = rf"{_FIRST} hundred\b(?:(?: and)? {_LAST}|{scale_ends})"
    scaled = rf"{_SCALED}(?:(?: and)? {_SCALED}){{0,2}}(?:(?: and)? (?:{hundreds}|{_LAST})|{scale_ends})"
    return rf"(?:{scaled}|{hundreds}|{_TENS_AND}(?:{_UNITS}|{_UNITS_TH}))"


_BEFORE_AND = rf"(?<=between ){_several('')}(?= and )"
_ELSEWHERE = rf"{_several(f'(?! and {_NUMBER})')}(?![- ]{_NUMBER})"  # "one hundred and two hundred" are no 102
_SEVERAL_WORDS = re.compile(rf"(?<![\w.,-])(?ai:(?={_FIRST}[- ])(?:{_BEFORE_AND}|{_ELSEWHERE}))")


def in_digits(text: str) -> Iterator[tuple[int, int, str]]:
    """Numbers of several words, with where they stand, in digits: "twenty-first" is 21st, "1.5 million" is 1500000."""
    lowered = text.lower()
    if not any(word in lowered for word in _PARTS):
        return  # as in most passages, in a tenth of the time
    for match in _SEVERAL_WORDS.finditer(text):
        words = match[0].casefold().replace("-", " ").split()
        value = _value(words)
        if value is not None and value.denominator == 1:
            yield *match.span(), ordinal(int(value)) if words[-1] in ORDINALS else str(value)


def _value(words: Sequence[str]) -> Fraction | None:
    """What the words of a number amount to; None where a thousand does not come before the hundreds, or so."""
    total = part = Fraction(0)
    last = max(SCALES.values()) + 1
    for word in words:
        if word == "hundred":
            part *= SCALES[word]
        elif word in SCALES:
            if SCALES[word] >= last:
                return None
            last = SCALES[word]
            total, part = total + part * last, Fraction(0)
        elif word != "and":
            part += Fraction(_WORTH.get(word, word.replace(",", "")))
    return total + part
