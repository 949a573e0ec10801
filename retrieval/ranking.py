"""Candidates to ordered hits: every measure of a passage, weighed and added up.

The weights were fitted (`retrieval.coefficients`), so that the right passage of a training question comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Floats
from retrieval.coefficients import Coefficients
from retrieval.evidence import term_key
from retrieval.measures import FEATURES, Measures, measure
from retrieval.preparing import PER_INDEX, Question
from retrieval.reader import Reading
from retrieval.rows import Entry
from retrieval.searcher import Searcher
from retrieval.terms import analyse

_MEASURED = 30
"""At most so many candidates are measured, the best by the sum of cosine and BM25."""

_NEAR = 0.7
"""Candidates are measured at once whose sum is at most this far below the best: others hardly ever come out ahead."""

_FEWEST = 8
"""At least so many candidates are measured, however far below the best they are."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage. `measures` is `[FEATURES]`; `sentences` `[s]` rates each sentence, in logits.

    `score` orders hits; `reading` is what the reader made of the passage, where it was read. `gain` is what that added
    to the score, or that others were read and it was not.
    """

    entry: Entry
    score: float
    measures: Floats
    sentences: Floats
    reading: Reading | None = None
    gain: float = 0.0


def measured(
    question: Question, searcher: Searcher, least: int = 0, *, further: bool = False
) -> tuple[list[Entry], Measures] | None:
    """The candidates near the best by the sum of cosine and BM25, at least 8 or `least` of them, with their measures;
    with `further` those of the 30 best that are not among them. None where there are none.
    """
    found = searcher.candidates(question.query.vector, question.worded, PER_INDEX, question.where)
    fused = found.cosines + found.bm25 / max(float(found.bm25.max(initial=0.0)), 1e-6)
    near = max(int((fused >= fused.max(initial=0.0) - _NEAR).sum()), _FEWEST, least)
    best = np.argsort(-fused, kind="stable")[:_MEASURED]
    best = best[near:] if further else best[:near]
    cosine_of = dict(zip(found.ids[best].tolist(), found.cosines[best].tolist(), strict=True))
    entries = searcher.entries(list(cosine_of))
    if not entries:
        return None
    measures = measure(
        question.query,
        [entry.evidence for entry in entries],
        np.array([cosine_of[entry.id] for entry in entries], np.float32),
        [context_keys(entry) for entry in entries],
        searcher.average_words,
    )
    return entries, measures


def rank(question: Question, searcher: Searcher, weights: Coefficients, least: int = 0) -> list[Hit]:
    """The best passages for a question, best first: those near the best, and at least 8 or `least`."""
    return _ranked(measured(question, searcher, least), weights)


def rank_further(
    question: Question, searcher: Searcher, weights: Coefficients, found: Sequence[Hit], most: float
) -> list[Hit]:
    """More passages to stand behind those that `rank` found, with scores of `most` at most; 30 with them."""
    more = _ranked(measured(question, searcher, len(found), further=True), weights)
    known = {hit.entry.id for hit in found}  # a passage that went meanwhile moves the rest up
    return [replace(hit, score=min(hit.score, most)) for hit in more if hit.entry.id not in known]


def _ranked(found: tuple[list[Entry], Measures] | None, weights: Coefficients) -> list[Hit]:
    if found is None:
        return []
    entries, measures = found
    scores = measures.passages @ weights.ranking / weights.best_ranking
    sentences = measures.sentences @ weights.sentence
    first = measures.first_sentence
    order = np.argsort(-scores, kind="stable").tolist()
    return [Hit(entries[i], float(scores[i]), measures.passages[i], sentences[first[i] : first[i + 1]]) for i in order]


def met(question: Question, entry: Entry) -> NDArray[np.bool_]:
    """Which terms of the question stand in a passage, its title or its headings."""
    there = set(entry.evidence.keys.tolist()) | context_keys(entry)
    return np.array([any(key in there for key in keys) for keys in question.query.keys], bool)


def context_keys(entry: Entry) -> frozenset[int]:
    """The keys of the words of a passage's title and headings, and of the year that its document is dated."""
    year = (entry.document.date or "")[:4]
    return _keys_of(f"{entry.document.title}\n{year}", entry.passage.headings, entry.document.language)


@lru_cache(maxsize=4096)
def _keys_of(title: str, headings: tuple[str, ...], language: str) -> frozenset[int]:
    return frozenset(term_key(term.text) for term in analyse("\n".join([title, *headings]), language))


def contributions(hit: Hit, weights: Coefficients) -> dict[str, float]:
    """What each measure, and the reader, added to the score of a hit."""
    added = (hit.measures * (weights.ranking / weights.best_ranking)).tolist()
    parts = {name: round(value, 4) for name, value in zip(FEATURES, added, strict=True)}
    parts["reader" if hit.reading is not None else "unread"] = round(hit.score - sum(added), 4)
    return parts
