"""The part of a passage that is shown: whole sentences around the one that answers."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from retrieval.ranking import Hit
from retrieval.sentences import QUESTION_MARKS, asks
from retrieval.types import Span

WORD = re.compile(r"\w+(?:[.,:'\u2019]\w+)*")
"""A word as a quote has it, with what stands within it."""

_LATIN = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+")
_LONGEST_WORD = 40

_SCALE = 1 / 30  # what a unit of log-probability is worth in a score, about as the fitted weights have it
_WORTH_SHOWING = 0.1  # probability from which a second part of a passage is offered too
_READ = 0.7  # weight of the reader against ranking, in where the answer stands
_ASKED_AT_ONCE = 2  # questions that one sentence may answer
_CERTAIN = 0.15  # certainty from which the answering words are marked


@dataclass(frozen=True)
class Piece:
    """A run of whole sentences of a hit, in document offsets, and the sentence of it that answers best.

    `likely` is the probability that the answer stands in it, if it stands in the passage; a sentence that is cut counts
    whole. `answer` are the words in the best sentence that answer, where the reader is sure enough of them.
    """

    hit: Hit
    span: Span
    best: Span
    likely: float
    answer: Span | None = None

    @property
    def part_score(self) -> float:
        """What it loses against its passage, because the answer may stand in the rest."""
        return _SCALE * math.log(max(self.likely, 1e-6))

    @property
    def score(self) -> float:
        """What orders pieces."""
        return self.hit.score + self.part_score

    @property
    def document(self) -> int:
        """The id of its document."""
        return self.hit.entry.document.id

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings above it."""
        return self.hit.entry.passage.headings

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


def pieces(hits: Sequence[Hit], characters: int) -> list[Piece]:
    """What may be shown of the hits, at most `characters` each, likeliest first.

    What was not read stays behind the best part of every hit that was, where its hit does.
    """
    last = max((place for place, hit in enumerate(hits) if hit.reading is not None), default=len(hits))
    made = [windows(hit, characters) for hit in hits[: last + 1]]
    lowest = min((parts[0].score for parts in made if parts[0].hit.reading is not None), default=math.inf)
    made += [windows(_at_most(hit, lowest), characters) for hit in hits[last + 1 :]]
    return sorted((piece for parts in made for piece in parts), key=lambda piece: -piece.score)


def _at_most(hit: Hit, score: float) -> Hit:
    """The hit with its score lowered to `score`, where it is higher."""
    less = max(hit.score - score, 0.0)
    return replace(hit, score=hit.score - less, gain=hit.gain - less)


def leading(ordered: Sequence[Piece]) -> list[Hit]:
    """The hits of these pieces, in the order in which they first appear."""
    return list({piece.hit.entry.id: piece.hit for piece in ordered}.values())


def windows(hit: Hit, characters: int) -> list[Piece]:
    """The run of whole sentences of at most `characters` that most likely holds the answer, and that of the rest where
    the answer may well stand there.

    A sentence that is longer alone is cut at white space: its beginning is kept, or what stands around the answer.
    """
    likely, sentences = sentence_probabilities(hit), hit.entry.passage.sentences
    if sentences[-1].end - sentences[0].start <= characters:
        return [_piece(hit, likely, 0, len(sentences) - 1, characters)]
    first, last = _run(hit, likely, 0, len(sentences), characters)
    rest = [(begin, end) for begin, end in ((0, first), (last + 1, len(sentences))) if begin < end]
    others = [_piece(hit, likely, *_run(hit, likely, begin, end, characters), characters) for begin, end in rest]
    made = [_piece(hit, likely, first, last, characters)]
    other = max(others, key=lambda piece: piece.likely, default=None)
    return made if other is None or other.likely < _WORTH_SHOWING else [*made, other]


def _run(hit: Hit, likely: Sequence[float], begin: int, end: int, characters: int) -> tuple[int, int]:
    """The first and the last of the likeliest run of sentences among those from `begin` to before `end`."""
    sentences = hit.entry.passage.sentences
    best_mass, chosen = -1.0, (begin, begin)
    for first in range(begin, end):
        mass = 0.0
        for last in range(first, end):
            if last > first and sentences[last].end - sentences[first].start > characters:
                break
            mass += likely[last]
            if mass > best_mass + 1e-9:
                best_mass, chosen = mass, (first, last)
    return chosen


def _piece(hit: Hit, likely: Sequence[float], first: int, last: int, characters: int) -> Piece:
    sentences = hit.entry.passage.sentences
    best = sentences[max(range(first, last + 1), key=lambda i: likely[i])]
    span = Span(sentences[first].start, sentences[last].end)
    answer = _answer(hit, best)
    if len(span) > characters:
        span = best = _cut_at_space(hit, span, characters, answer)
        if answer is not None and not span.start <= answer.start <= answer.end <= span.end:
            answer = None
    return Piece(hit, span, best, sum(likely[first : last + 1]), answer)


def sentence_probabilities(hit: Hit) -> list[float]:
    """How likely the answer stands in each sentence of a hit: what ranking and reader say, mixed."""
    rated = hit.sentences.tolist()
    highest = max(rated)
    odds = [math.exp(one - highest) for one in rated]
    total = sum(odds)
    ranked = [one / total for one in odds]
    reading = hit.reading
    if reading is None or not len(reading.starts):
        return _of_what_follows(hit, ranked)
    offset = hit.entry.passage.span.start
    starts = np.array([sentence.start - offset for sentence in hit.entry.passage.sentences])
    sentence_of = np.maximum(np.searchsorted(starts, reading.starts, side="right") - 1, 0)
    read = np.bincount(sentence_of, reading.begins, len(starts)).tolist()
    mixed = [(1 - _READ) * one + _READ * other for one, other in zip(ranked, read, strict=True)]
    return _of_what_follows(hit, mixed)


def _of_what_follows(hit: Hit, likely: Sequence[float]) -> list[float]:
    """The probabilities with those of questions, as of an interview, added to what follows one or two of these: that
    answers them.
    """
    moved, offset = list(likely), hit.entry.passage.span.start
    if not any(mark in hit.entry.text for mark in QUESTION_MARKS):
        return moved
    asked = [asks(hit.entry.text, Span(one.start - offset, one.end - offset)) for one in hit.entry.passage.sentences]
    run = 0
    for place, is_question in enumerate(asked):
        if is_question:
            run += 1
            continue
        if 0 < run <= _ASKED_AT_ONCE:
            moved[place] += sum(moved[place - run : place])
            moved[place - run : place] = [0.0] * run
        run = 0
    return moved


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
        if wanted > start:
            start = offset + max(text.find(" ", wanted - offset, answer.start - offset) + 1, wanted - offset)
    if span.end - start <= characters:
        return Span(start, span.end)
    part = text[start - offset : start - offset + characters + 1]
    space = max(part.rfind(" "), part.rfind("\n"))
    return Span(start, start + (space if space > characters // 2 else characters))
