"""The part of a passage that is shown: whole sentences around the one that answers."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retrieval.ranking import Hit
from retrieval.types import Span

WORD = re.compile(r"\w+(?:[.,:'\u2019]\w+)*")
"""A word as a quote has it, with what stands within it."""

_LATIN = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+")
_LONGEST_WORD = 40

_READ = 0.7  # weight of the reader against ranking, in where the answer stands
_CERTAIN = 0.15  # certainty from which the answering words are marked


@dataclass(frozen=True)
class Piece:
    """A run of whole sentences of a hit, in document offsets, and the sentence of it that answers best.

    `answer` are the words in that sentence that answer, where the reader is sure enough of them.
    """

    hit: Hit
    span: Span
    best: Span
    answer: Span | None = None

    @property
    def document(self) -> int:
        """The id of its document."""
        return self.hit.entry.document.id

    @cached_property
    def answering(self) -> list[str]:
        """The words of the answering sentence."""
        return [word.casefold() for word in WORD.findall(self.text(self.best))]

    def text(self, span: Span) -> str:
        """What stands there, which is within the hit's passage."""
        entry = self.hit.entry
        return entry.text[span.start - entry.passage.span.start : span.end - entry.passage.span.start]

    def words(self) -> frozenset[int]:
        """The keys of its words."""
        evidence = self.hit.entry.evidence
        starts = [sentence.start for sentence in self.hit.entry.passage.sentences]
        first, last = bisect_right(starts, self.span.start) - 1, bisect_left(starts, self.span.end)
        inside = (evidence.sentence_of >= first) & (evidence.sentence_of < last)
        return frozenset(evidence.keys[inside].tolist())


def window(hit: Hit, characters: int) -> Piece:
    """The run of whole sentences of at most `characters` that most likely holds the answer.

    A sentence that is longer alone is cut at white space: its beginning is kept, or what stands around the answer.
    """
    sentences = hit.entry.passage.sentences
    likely = sentence_probabilities(hit)
    best_mass, chosen = -1.0, (0, 0)
    for first in range(len(sentences)):
        mass = 0.0
        for last in range(first, len(sentences)):
            if last > first and sentences[last].end - sentences[first].start > characters:
                break
            mass += likely[last]
            if mass > best_mass + 1e-9:
                best_mass, chosen = mass, (first, last)
    first, last = chosen
    best = sentences[likely.index(max(likely[first : last + 1]), first)]
    span = Span(sentences[first].start, sentences[last].end)
    answer = _answer(hit, best)
    if len(span) > characters:
        span = best = _cut_at_space(hit, span, characters, answer)
        if answer is not None and not span.start <= answer.start <= answer.end <= span.end:
            answer = None
    return Piece(hit, span, best, answer)


def sentence_probabilities(hit: Hit) -> list[float]:
    """How likely the answer stands in each sentence of a hit: what ranking and reader say, mixed."""
    rated = hit.sentences.tolist()
    highest = max(rated)
    odds = [math.exp(one - highest) for one in rated]
    total = sum(odds)
    ranked = [one / total for one in odds]
    reading = hit.reading
    if reading is None or not len(reading.starts):
        return ranked
    offset = hit.entry.passage.span.start
    starts = np.array([sentence.start - offset for sentence in hit.entry.passage.sentences])
    sentence_of = np.maximum(np.searchsorted(starts, reading.starts, side="right") - 1, 0)
    read = np.bincount(sentence_of, reading.begins, len(starts)).tolist()
    return [(1 - _READ) * one + _READ * other for one, other in zip(ranked, read, strict=True)]


def _answer(hit: Hit, sentence: Span) -> Span | None:
    """The answering words, where they stand in this sentence and are not all of it."""
    reading = hit.reading
    if reading is None or reading.certainty < _CERTAIN:
        return None
    offset, words = hit.entry.passage.span.start, _whole_words(hit.entry.text, reading.answer)
    found = Span(offset + words.start, offset + words.end)
    inside = sentence.start <= found.start and found.end <= sentence.end
    return found if inside and 0 < len(found) < len(sentence) else None


def _whole_words(text: str, span: Span) -> Span:
    """The span with the rest of a word that it begins or ends in; the reader knows many words only in pieces."""
    start, end = span.start, span.end
    for word in _LATIN.finditer(text, max(start - _LONGEST_WORD, 0)):
        if word.start() < start < word.end():
            start = word.start()
        if word.start() < end < word.end():
            end = word.end()
        if word.end() >= end:
            break
    return Span(start, end)


def _cut_at_space(hit: Hit, span: Span, characters: int, answer: Span | None) -> Span:
    """At most `characters` of a sentence: its beginning, or what stands around an answer further on."""
    text, offset = hit.entry.text, hit.entry.passage.span.start
    start = span.start
    if answer is not None and answer.end > start + characters:
        wanted = answer.start - characters // 2
        start = offset + max(text.find(" ", wanted - offset, answer.start - offset) + 1, wanted - offset)
    if span.end - start <= characters:
        return Span(start, span.end)
    part = text[start - offset : start - offset + characters + 1]
    space = max(part.rfind(" "), part.rfind("\n"))
    return Span(start, start + (space if space > characters // 2 else characters))
