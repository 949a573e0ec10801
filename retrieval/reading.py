"""The best hits read: what the reader makes of them is added to their scores, and may change their order."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrieval.coefficients import Coefficients
from retrieval.preparing import Question
from retrieval.ranking import Hit
from retrieval.reader import LANGUAGE, Reader, Reading

_What = tuple[str, ...]

_LEAD = 0.3
"""No more is read once the best of what was read is ahead of the next passage by this much."""

_ASKED = re.compile(r"\w+(?:'\w+)?")
_ASKING = frozenset(
    {"what", "who", "whom", "whose", "when", "where", "which", "how", "why", "does", "did", "the", "there", "with"}
    | {"should", "would", "could", "from", "this", "that", "about"}
)
"""Words of an English question that mean nothing in most other languages."""


def read(
    question: Question, hits: Sequence[Hit], reader: Reader, count: int, weights: Coefficients, most: int | None = None
) -> list[Hit]:
    """The hits with the best of them read and put in the order that ranking and reader together find best.

    They are read one after the other, half as many again as `count` but never more than `most`, until one leads the
    next by so much that this would hardly come out ahead. What was not read gains as much as the least of what was; a
    copy of what was read, below the same title and headings, counts as read. Passages in another language than the
    reader's are not read, nor is a copy in a document that is in another; where one of the first is in another, nothing
    is read unless the question is in the reader's.
    """
    foreign = any(hit.entry.document.language != LANGUAGE for hit in hits[:count])
    firsts: dict[_What, Hit] = {}
    for hit in hits:
        if hit.entry.document.language == LANGUAGE:
            firsts.setdefault(_what(hit), hit)
    to_read = list(firsts.items())[: count + (count + 1) // 2][:most]
    if not to_read or (foreign and not _asks_in_english(question.text)):
        return list(hits)
    readings: dict[_What, tuple[Reading, float]] = {}
    best = -math.inf
    for what, hit in to_read:
        if best - hit.score >= _LEAD:
            break
        made = reader.read(question.text, hit.entry.text, hit.entry.context)
        readings[what] = made, gain(made, weights)
        best = max(best, hit.score + readings[what][1])
    unread = None, min(more for _, more in readings.values())
    ordered = []
    for hit in hits:
        reading, more = readings.get(_what(hit), unread) if hit.entry.document.language == LANGUAGE else unread
        ordered.append(replace(hit, score=hit.score + more, reading=reading, gain=more))
    return sorted(ordered, key=lambda hit: -hit.score)


def _what(hit: Hit) -> _What:
    """What is read of a hit: its passage, headings and title; what its file is called makes no copy another text."""
    document, headings = hit.entry.document, hit.entry.passage.headings
    return hit.entry.text, *((document.title,) if document.titled else ()), *headings


def gain(reading: Reading, weights: Coefficients) -> float:
    """What a reading adds to the score of a passage."""
    return float(np.array([reading.score, reading.span], np.float32) @ weights.reading)


def _asks_in_english(text: str) -> bool:
    """Whether a word of an English question begins the text, or stands in it without a capital."""
    words = [word.partition("'")[0] for word in _ASKED.findall(text.replace("\u2019", "'"))]
    first = [word.casefold() for word in words[:1] if not word.isupper() or text.isupper()]
    return not _ASKING.isdisjoint([*first, *words[1:]])
