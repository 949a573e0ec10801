"""English numbers in words: their values, and where a text holds one of two words, as "twenty-one" or "1.5 million"."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_UNITS = (*_ONES[1:10], *map(_ordinal_word, _ONES[1:10]))
_PARTS = (*_TENS, *SCALES)  # one of them stands in every number of two words
NUMBER_WORDS = frozenset([*VALUES, *ORDINALS, *SCALES])
_NUMBER = rf"(?:{'|'.join(sorted(NUMBER_WORDS))})\b"
_TENS_AND_UNIT = rf"(?P<tens>{'|'.join(_TENS)})[- ](?P<unit>{'|'.join(_UNITS)})\b(?![- ]{_NUMBER})"
_AMOUNT = rf"(?P<amount>\d{{1,15}}(?:,\d{{3}}){{0,5}}(?:\.\d{{1,9}})?|{'|'.join(VALUES)})"
_SCALED = rf"{_AMOUNT} (?P<scale>{'|'.join(SCALES)})\b(?! (?:and )?{_NUMBER})"
_SEVERAL_WORDS = re.compile(rf"(?<![\w.,-])(?ai:{_TENS_AND_UNIT}|{_SCALED})")


def in_digits(text: str) -> Iterator[tuple[int, int, str]]:
    """Numbers of two words, with where they stand, in digits: "twenty-first" is 21st, "1.5 million" is 1500000."""
    lowered = text.lower()
    if not any(word in lowered for word in _PARTS):
        return  # as in most passages, in a tenth of the time
    for match in _SEVERAL_WORDS.finditer(text):
        part = {name: (found or "").casefold() for name, found in match.groupdict().items()}
        if part["scale"]:
            value = Fraction(VALUES.get(part["amount"], part["amount"].replace(",", ""))) * SCALES[part["scale"]]
            if value.denominator == 1:
                yield *match.span(), str(value)
        elif part["unit"] in ORDINALS:
            yield *match.span(), ordinal(VALUES[part["tens"]] + ORDINALS[part["unit"]])
        else:
            yield *match.span(), str(VALUES[part["tens"]] + VALUES[part["unit"]])
