"""The numbers before headings, clauses and items of a Word document, which holds them as rules and Word counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from retrieval.loaders.numerals import BULLET, numeral
from retrieval.loaders.wordml import W, styles_above, value

_LEVELS = range(9)  # that a list of Word has
_LONGEST_MARK = 255  # characters of the text of a level
_PLACE = re.compile("%([1-9])")
_INTEGER = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True, slots=True)
class _Level:
    """A level of a list of Word: its first number, how numbers are written, and the text around them, as in `%1.%2`."""

    start: int
    kind: str
    text: str
    restart: int | None  # it begins anew behind the first so many levels, or behind all above it
    legal: bool  # whether the numbers of other levels are in figures, too
    style: str | None  # whose paragraphs are of this level


@dataclass(frozen=True, slots=True)
class _List:
    """A list of Word. Lists with the same rules share their counts, unless one says where it starts."""

    levels: dict[int, _Level]
    starts: dict[int, int]
    counts: dict[int, int]
    begun: set[int] = field(default_factory=set)  # levels of this list that have been counted

    def count(self, at: int) -> None:
        """Counts a paragraph of level `at`; deeper levels begin anew."""
        begins = at not in self.counts or (at in self.starts and at not in self.begun)
        self.counts[at] = self._start(at) if begins else self.counts[at] + 1
        self.begun.add(at)
        for deeper in [one for one in self.counts if one > at]:
            restart = self.levels[deeper].restart if deeper in self.levels else None
            if restart is None or at < restart:
                del self.counts[deeper]

    def mark(self, at: int) -> str:
        """What stands before a paragraph of level `at`, with a blank behind it; empty where nothing does."""
        level = self.levels[at]
        if numeral(1, level.kind) is None:
            return BULLET
        text = _PLACE.sub(lambda match: self._written(int(match[1]) - 1, level), level.text).strip()
        return f"{text} " if text else ""

    def _written(self, at: int, within: _Level) -> str:
        if at not in self.levels:
            return ""
        kind = self.levels[at].kind
        figures = within.legal and numeral(1, kind)
        return numeral(self.counts.get(at, self._start(at)), "decimal" if figures else kind) or ""

    def _start(self, at: int) -> int:
        return self.starts.get(at, self.levels[at].start)


class Numbering:
    """Counts the numbered paragraphs of a Word document as they come, by the rules in word/numbering.xml."""

    def __init__(self, rules: Any, styles: dict[str, Any]) -> None:
        """`rules` is the element of that part, None where there is none; `styles` are elements by identity."""
        self._styles, self._lists = styles, {} if rules is None else _lists(rules)

    def mark(self, properties: Any) -> str | None:
        """Counts a paragraph with these properties; what stands before it, None where no numbering is said."""
        above = styles_above(self._styles, value(properties, "pStyle"))
        holders = [("", properties), *((identity, style.find(W + "pPr")) for identity, style in above)]
        rules = [(identity, None if holder is None else holder.find(W + "numPr")) for identity, holder in holders]
        number = next((found for _, rule in rules if (found := value(rule, "numId")) is not None), None)
        if number is None or number == "0":  # which takes that of the style away
            return None if number is None else ""
        numbered = self._lists.get(number)
        if numbered is None:
            return BULLET
        linked = {level.style: at for at, level in numbered.levels.items() if level.style}
        places = (linked.get(identity, _integer(value(rule, "ilvl"))) for identity, rule in rules)
        at = next((place for place in places if place is not None), 0)
        if at not in numbered.levels:
            return BULLET
        numbered.count(at)
        return numbered.mark(at)


def _lists(rules: Any) -> dict[str, _List]:
    """The lists, by the number that paragraphs refer to."""
    kinds = {kind.get(W + "abstractNumId"): kind for kind in rules.iter(W + "abstractNum")}
    named = {name: at for at, kind in kinds.items() if (name := value(kind, "styleLink"))}
    levels = {at: _levels(kind.findall(W + "lvl")) for at, kind in kinds.items()}
    counts: dict[str, dict[int, int]] = {at: {} for at in kinds}
    lists = {}
    for one in rules.iter(W + "num"):
        at = value(one, "abstractNumId") or ""
        at = named.get(value(kinds.get(at), "numStyleLink") or "", at)
        if at in kinds:
            own = one.findall(W + "lvlOverride")
            starts = [(_integer(level.get(W + "ilvl")), _integer(value(level, "startOverride"))) for level in own]
            lists[one.get(W + "numId")] = _List(
                levels[at] | _levels([level for change in own for level in change.findall(W + "lvl")]),
                {place: start for place, start in starts if place is not None and start is not None},
                counts[at],
            )
    return lists


def _levels(elements: list[Any]) -> dict[int, _Level]:
    levels = {}
    for element in elements:
        at = _integer(element.get(W + "ilvl"))
        if at is not None and at in _LEVELS:
            levels[at] = _Level(
                _integer(value(element, "start")) or 0,
                value(element, "numFmt") or "decimal",
                (value(element, "lvlText") or "")[:_LONGEST_MARK],
                _integer(value(element, "lvlRestart")),
                element.find(W + "isLgl") is not None,
                value(element, "pStyle"),
            )
    return levels


def _integer(text: str | None) -> int | None:
    return int(text) if text and _INTEGER.fullmatch(text) else None
