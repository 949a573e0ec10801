"""Governments by all their names: "Beijing accused Washington" says what China did, "the Turkish army" is Turkey's.

To the reader these are names of different things. So a question about what a government said or did is also read with
the names that the passage has, where both speak of acting: "How many people live in China?" is not about Beijing. And
where a sentence says of one country what the question asks of another, the question can be asked of that one instead.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, product
from pathlib import Path

_WITH_ARTICLE = frozenset(
    {"United States", "US", "U.S.", "USA", "U.S.A.", "United Kingdom", "UK", "U.K.", "European Union", "EU", "UAE"}
    | {"Netherlands", "Czech Republic", "Philippines", "United Arab Emirates", "Emirates", "Soviet Union", "USSR"}
    | {"Bahamas", "Comoros", "Gambia", "Maldives", "Seychelles", "Faroe Islands", "Faroes", "Marshall Islands"}
    | {"Solomon Islands", "Central African Republic", "Dominican Republic", "Palestinian Authority"}
    | {"Kremlin", "White House", "Casa Rosada", "Knesset", "Vatican", "Holy See"}
)
_ACTING = re.compile(
    r"\b(?ai:accus|acknowledg|act(?:s|ed|ing)?\b|admi(?:t|ssion)|agree|allege|allegation|allow|announc|answer|appeal"
    r"|approv|argu|ask|assur|attack|bann(?:ed|ing)|blam|call|ceas|claim|condemn|commit|confirm|criticis|criticiz|deman"
    r"|denie|deny|denounc|describ|dismiss|disput|expel|express|fear|halt|impos|insist|invit|lift|negotiat|object|offer"
    r"|oppos|order|outrage|pledg|plan(?:s|ned|ning)?\b|postpon|press|promis|propos|protest|react|recogni|refus|reject"
    r"|releas|repl(?:y|ie)|respon|retaliat|said|sanction|say|seek|send|sent\b|sign(?:s|ed|ing)?\b|sought"
    r"|(?<!united )state[sd]\b|support|suspen|tell|threat|told|think|urg(?:e|ing)|vot|vow|want|warn|welcom|withdr)"
)
"""What governments do, by how the words begin."""

_PLACE = re.compile(r"\b(?i:in|at|near|around|outside|inside|across|throughout|visit(?:ed|ing)?)\s(?:the\s)?$")
_ELSEWHERE = "".join(
    rf"(?<!\b(?i:{word})\s)" for word in ("South", "North", "Latin", "Central", "Native", "African", "New")
)
"""Before America, Mexico and their people, who are others then."""

_NEAR = 80  # characters on either side of a name, in which its acting is looked for
_MOST = 3  # further ways to ask
_LONG = 5  # letters of a name that is known without its capital
_NO_NAMES = frozenset({"Polish", "Guinea", "Swede", "Victoria", "Georgetown", "Kingston", "Nassau"})
"""Those that mostly mean something else without one."""

_ONE_STATE = (
    {"Russia", "Soviet Union"},
    {"United Kingdom", "Scotland", "Wales", "Northern Ireland"},
    {"Denmark", "Greenland", "Faroe Islands"},
)
"""What is said of the one may well be said of the other."""


@dataclass(frozen=True, slots=True)
class _Government:
    """`names` of a country or union, `seats` that stand for its government, and what its `people` are called."""

    names: tuple[str, ...]
    seats: tuple[str, ...]
    people: tuple[str, ...]

    def others(self, name: str) -> tuple[str, ...]:
        """What it is called instead of this name of a country or a seat."""
        return self.seats if name in self.names else self.names


@dataclass(frozen=True, slots=True)
class _Named:
    """A government named in a text from `start` to `end`, with the article of a name, which is as usually written."""

    start: int
    end: int
    name: str

    @property
    def governments(self) -> tuple[_Government, ...]:
        """Moscow has been the seat of two."""
        return _by_name()[self.name]

    @property
    def is_people(self) -> bool:
        """Whether it is the word for its people."""
        return any(self.name in one.people for one in self.governments)


def asked_otherwise(question: str, passage: str) -> list[str]:
    """The question about a government with the other names that the passage has for those in it, at most three ways."""
    found = [one for one in _governments(question, typed=True) if not one.is_people] if _ACTING.search(question) else []
    acting = _acting(passage) if found else frozenset()
    ways: list[list[str | None]] = []
    for one in found:
        others = dict.fromkeys(other for each in one.governments for other in each.others(one.name))
        ways.append([None, *(other for other in others if other in acting)])
    return [_with(question, found, chosen) for chosen in islice(product(*ways), 1, 1 + _MOST)]


def asked_of_another(question: str, sentence: str, answer: str) -> list[str]:
    """The question about each of the two nearest governments that a sentence names outside of its answer, in place of
    one that it does not name in any way.
    """
    asked = _governments(question, typed=True)
    there = _governments(sentence, typed=False) if asked else []
    at = max(sentence.find(answer), 0)
    own = {government for one in asked for each in one.governments for government in _of_one_state(each)}
    apart = [one for one in there if one.name not in answer and own.isdisjoint(one.governments)]
    nearest = list(dict.fromkeys(one.name for one in sorted(apart, key=lambda one: abs(one.start - at))))[:2]
    named = {government for one in there for government in one.governments}
    lacking = [one for one in asked if named.isdisjoint(one.governments)]
    return [_with(question, [one], [_like(one, other)]) for one in lacking for other in nearest][:_MOST]


def _of_one_state(government: _Government) -> tuple[_Government, ...]:
    kin = next((one for one in _ONE_STATE if government.names[0] in one), ())
    return (government, *(each for name in kin for each in _by_name()[name]))


def _like(asked: _Named, other: str) -> str:
    """The name of another government, as the word for its people where the one asked about is that of its own."""
    (government, *_) = _by_name()[other]
    if asked.is_people == (other in government.people):
        return other
    return (government.people or government.names)[0] if asked.is_people else government.names[0]


def _acting(passage: str) -> frozenset[str]:
    """The governments that do something in a passage, or to which something is done."""
    acting = set()
    for one in _governments(passage, typed=False):
        before, after = passage[max(one.start - _NEAR, 0) : one.start], passage[one.end : one.end + _NEAR]
        if not _PLACE.search(before) and (_ACTING.search(before) or _ACTING.search(after)):
            acting.add(one.name)
    return frozenset(acting)


def _with(question: str, found: Sequence[_Named], chosen: Sequence[str | None]) -> str:
    """The question with the names chosen in the place of those found."""
    for one, name in reversed(list(zip(found, chosen, strict=True))):
        if name is not None:
            article = "the " if name in _WITH_ARTICLE else ""
            question = question[: one.start] + article + name + question[one.end :]
    return question


def _governments(text: str, *, typed: bool) -> list[_Named]:
    """The governments named in a text; in one that is `typed`, longer names also without capitals."""
    found = []
    for one in _pattern(typed=typed).finditer(text):
        name = _written(one["name"]) or _written(one["name"][:-1])
        if not name:  # a pattern takes the Turkish i for any other
            continue
        named = _Named(one.start(), one.end(), name)
        found.append(replace(named, start=one.start("name")) if named.is_people else named)
    return found


@cache
def _pattern(*, typed: bool) -> re.Pattern[str]:
    names = _any_of((name for one in _all() for name in (*one.names, *one.seats)), typed=typed)
    people = _any_of((name for one in _all() for name in one.people), typed=typed)
    return re.compile(rf"(?<![\w-]){_ELSEWHERE}(?:(?i:the)\s)?(?P<name>{names}|(?:{people})s?)(?![\w-])")


def _any_of(names: Iterable[str], *, typed: bool) -> str:
    """A pattern of any of the names, longest first."""
    ordered = sorted(dict.fromkeys(names), key=len, reverse=True)
    small = {name for name in ordered if typed and len(name) >= _LONG and name not in _NO_NAMES}
    return "|".join(f"(?i:{re.escape(name)})" if name in small else re.escape(name) for name in ordered)


def _written(name: str) -> str:
    """A name with its capitals; empty where it is none."""
    return name if name in _by_name() else _by_typed().get(name.casefold(), "")


@cache
def _by_typed() -> dict[str, str]:
    return {name.casefold(): name for name in _by_name()}


@cache
def _by_name() -> dict[str, tuple[_Government, ...]]:
    made: dict[str, tuple[_Government, ...]] = {}
    for one in _all():
        for name in (*one.names, *one.seats, *one.people):
            made[name] = (*made.get(name, ()), one)
    return made


@cache
def _all() -> tuple[_Government, ...]:
    """Read when they are first needed."""
    with Path(__file__).with_name("governments.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return tuple(_Government(*(tuple(filter(None, cell.split(", "))) for cell in row)) for row in rows)
