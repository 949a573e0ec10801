"""Numbers and dates of a question in their other English forms: "3rd" and "third", the 10 of 2021-10-22 and "October".

For ranking, a further form is one term of the documents, which have "21" as a term of its own where they say
"twenty-one". For the reader, a question is written as the passage is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from retrieval.number_words import JOINING, NUMBER_WORDS, ORDINALS, SCALES, VALUES, in_digits, ordinal
from retrieval.terms import QueryTerm

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_OTHER = {word: str(value) for word, value in (VALUES | SCALES).items() if word != "one"}
_OTHER |= {word: ordinal(value) for word, value in ORDINALS.items()}
_OTHER |= {digits: word for word, digits in _OTHER.items()}

_IN_WORDS = "|".join(word for word in VALUES if word != "one")  # mostly no number
_ROMAN = {
    "2": "ii", "3": "iii", "4": "iv", "6": "vi", "7": "vii", "8": "viii", "9": "ix", "11": "xi", "12": "xii",
    "13": "xiii", "14": "xiv", "15": "xv", "16": "xvi", "17": "xvii", "18": "xviii", "19": "xix", "20": "xx",
    "21": "xxi", "22": "xxii", "23": "xxiii",
}  # fmt: skip
_OF_ROMAN = {roman: digits for digits, roman in _ROMAN.items()}
"""Without those of one letter, which mostly mean something else."""

_COUNT = re.compile(rf"\b(?ai:\d{{1,9}}(?:,\d{{3}}){{0,5}}|{_IN_WORDS})\b")
_OPENS = re.compile(r"(?:^|[\s(\"\u201c])$")
_CLOSES = re.compile(r"[.,;:]*(?:$|[\s)\"\u201d?!])")
_LAST_WORD = re.compile(r"(\w+)[\s(\"\u201c]+(?:and\s+)?$")
_NEXT_WORD = re.compile(r"\s+(?:and\s+)?(\w+)")
_BEFORE_A_COUNT = frozenset(
    {"the", "these", "those", "all", "some", "only", "its", "their", "his", "her", "our", "my", "your", "of", "by"}
    | {"from", "with", "in", "for", "to", "between", "than", "over", "about", "and", "did", "do", "does", "is", "are"}
    | {"was", "were", "has", "have", "had", "how", "which", "what", "who", "whose"}
)
"""After any other word a number may be that of a room, a flight, a page."""

_AFTER_NO_COUNT = NUMBER_WORDS | {"percent", "per", "am", "pm", "degrees"}
_BESIDE = 60  # characters that are looked at on either side
_DATE_ENDS = r"(?!\w|(?P=mark)\w)"
_YEAR_FIRST = re.compile(rf"(?<![\w-])\d{{4}}(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?){_DATE_ENDS}")
MONTH = "|".join(rf"{name[:3]}(?:{name[3:]}|\.)?" for name in _MONTHS).replace("Sep(", "Sept?(")
"""A month in full or in three letters."""

_BEFORE_A_MONTH = frozenset(
    {"in", "since", "until", "till", "by", "from", "before", "after", "during", "last", "next", "this", "every", "each"}
    | {"early", "late"}
)
"""After another word a month without a day or a year may be a name, as Jan, or a verb."""

_OF_MONTH = re.compile(
    rf"\b(?=[\djfmasond])(?:(?P<month>{MONTH}) (?P<day>\d\d?)(?:st|nd|rd|th)?"
    rf"|(?P<early>\d\d?)(?:st|nd|rd|th)?(?: (?:of )?|-)(?P<late>{MONTH})"
    rf"|(?P<alone>{MONTH})(?:(?P<year>[.,]? (?:of )?(?:\d{{4}}|['\u2019]\d\d)|-\d{{4}})"
    r"|(?![\w-]|[.,]? (?:\d|(?-i:[A-Z])))))\b(?!:)",
    re.IGNORECASE,
)
_YEAR_LAST = re.compile(
    r"(?<![\w/.])(?P<one>\d\d?)(?P<mark>[-/.])(?P<other>\d\d?)(?P=mark)(?P<year>\d{4}|(?<=/)\d\d)" + _DATE_ENDS
)
_DECADE = re.compile(r"(?<![\w'\u2019.,])['\u2019]?(?P<century>1\d|20)?(?P<tens>\d0)['\u2019]?s\b")


def other_numbers(text: str) -> list[tuple[int, int, str]]:
    """The numbers of several words, the dates and the decades in a text: where they stand, and another form of each."""
    return [*in_digits(text), *_of_dates(text), *_of_decades(text)]


def as_other_numbers(term: QueryTerm, text: str, found: Sequence[tuple[int, int, str]]) -> list[str]:
    """The other forms of a term that is a number or part of one of those `found` in the text."""
    alone = unicodedata.normalize("NFKC", text[term.start : term.end]).casefold().replace(",", "")
    if alone in JOINING:
        return []
    others = [other for start, end, other in found if start <= term.start and term.end <= end]
    return others or [*([_OTHER[alone]] if alone in _OTHER else []), *_of_a_series(alone, text, term)]


def as_written_in(passage: str, question: str) -> str:
    """The question with each count as the passage writes it, in words or digits, where it has it in no other way."""
    asked = _counts(question)
    if not asked:
        return question
    ways: dict[str, list[str]] = {}
    for start, end, digits in _counts(passage):
        ways.setdefault(digits, []).append(" ".join(passage[start:end].casefold().split()))
    for start, end, digits in reversed(asked):
        written = ways.get(digits, [])
        if written and question[start:end].casefold() not in written:
            question = question[:start] + written[0] + question[end:]
    return question


def quarter(number: int) -> str:
    """The pattern of a quarter of a year in words, as "third quarter" or "3rd-quarter"."""
    return rf"\b(?:{_OTHER[ordinal(number)]}|{ordinal(number)})[\s-]quarter\b"


def _counts(text: str) -> list[tuple[int, int, str]]:
    """The whole numbers of a text that count something, in order, with where they stand, in digits.

    No parts of longer numbers, dates, times or names, and no ordinals: "second" may be a time.
    """
    found = [(start, end, digits) for start, end, digits in in_digits(text) if digits.isdigit()]
    within = {at for start, end, _ in found for at in range(start, end)}
    for match in _COUNT.finditer(text):
        if match.start() not in within:
            word = match[0].casefold().replace(",", "")
            found.append((*match.span(), _OTHER.get(word, word) if word.isalpha() else word))
    return sorted(one for one in found if _counts_alone(text, *one[:2]))


def _counts_alone(text: str, start: int, end: int) -> bool:
    """Whether what stands right beside it, if anything, leaves it a count of its own: no sign, number, name or unit, as
    in 9/11, "five hundred" after "two", Apollo 11, room 42 or 3 pm.
    """
    before, after = text[max(start - _BESIDE, 0) : start], text[end : end + _BESIDE]
    if not _OPENS.search(before) or not _CLOSES.match(after):
        return False
    last, following = _LAST_WORD.search(before), _NEXT_WORD.match(after)
    if last and last[1].casefold() not in _BEFORE_A_COUNT:
        return False
    word = following[1] if following else ""
    return not (word[:1].isupper() or word[:1].isdigit() or word.casefold() in _AFTER_NO_COUNT)


def _of_a_series(alone: str, text: str, term: QueryTerm) -> list[str]:
    """The other form of a number behind a name, as in "World War 2" and "World War II"."""
    before = _last_word(term.start, text)
    if not before or before in _BEFORE_A_COUNT:
        return []
    if text[term.start : term.end].isupper():
        return [_OF_ROMAN[alone]] if alone in _OF_ROMAN else []
    return [_ROMAN[alone]] if alone in _ROMAN else []


def _last_word(at: int, text: str) -> str:
    """The word before a place in a text, if there is one and nothing but a space between, in lower case."""
    before = _LAST_WORD.search(text[max(at - _BESIDE, 0) : at])
    return before[1].casefold() if before else ""


def _of_dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Other forms of the months and days of dates; 10/11/2021 may be in October or in November."""
    for match in _OF_MONTH.finditer(text):
        if match["alone"] and not match["year"] and _last_word(match.start(), text) not in _BEFORE_A_MONTH:
            continue
        month = next(name for name in ("month", "late", "alone") if match[name])
        number = next(n for n, name in enumerate(_MONTHS, 1) if name[:3].casefold() == match[month][:3].casefold())
        yield from _named(match.span(month), number)
        for day in ("day", "early"):
            if match[day]:
                yield from _of_a_day(match.span(day), text)
    for match in _YEAR_FIRST.finditer(text):
        yield from _named(match.span("month"), int(match["month"]))
        yield from _numbered(match.span("day"), int(match["day"]))
    for match in _YEAR_LAST.finditer(text):
        for month, day in (("one", "other"), ("other", "one")):
            if int(match[month]) <= 12:
                yield from _named(match.span(month), int(match[month]))
                yield from _numbered(match.span(day), int(match[day]))
        if len(match["year"]) == 2:
            yield from ((*match.span("year"), century + match["year"]) for century in ("19", "20"))


def _of_decades(text: str) -> Iterator[tuple[int, int, str]]:
    """The 1980s as "80s", and the other way round; with an apostrophe they are two terms."""
    for match in _DECADE.finditer(text):
        tens = match["tens"]
        century = match["century"] or ("20" if tens < "30" else "19")
        yield from ((*match.span(), f"{before}{tens}s") for before in ("", century))


def _of_a_day(place: tuple[int, int], text: str) -> Iterator[tuple[int, int, str]]:
    """Other forms of a day with the letters of its ordinal, which are part of the term."""
    start, end = place
    whole = start, end + 2 * text[end : end + 2].isalpha()
    yield from _numbered(whole, int(text[start:end]))
    typed = text[slice(*whole)].casefold()
    if typed in _OTHER:
        yield *whole, _OTHER[typed]


def _named(place: tuple[int, int], month: int) -> Iterator[tuple[int, int, str]]:
    if 1 <= month <= 12:
        name = _MONTHS[month - 1]
        yield from ((*place, form) for form in (name, name[:3], *(["Sept"] if month == 9 else [])))


def _numbered(place: tuple[int, int], day: int) -> Iterator[tuple[int, int, str]]:
    if 1 <= day <= 31:
        yield from ((*place, form) for form in (str(day), ordinal(day)))
