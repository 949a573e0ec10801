"""How sure one can be of an answer: logistic regressions over what ranking and the reader saw."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from retrieval.coefficients import Coefficients
from retrieval.evidence import Floats
from retrieval.ranking import Hit, Question, met
from retrieval.reader import LANGUAGE
from retrieval.searcher import Searcher

_WHOLE_NUMBER = re.compile(r"(?<![\w.,:/-])\d+(?:,\d{3})*(?![\w:/-]|[.,]\d)")
_NUMBER_NOWHERE = 0.1
"""Of 610 answers to held-out questions with a number that no document has, two were right, and both had it mistyped."""


def confidence(question: Question, hits: Sequence[Hit], searcher: Searcher, weights: Coefficients) -> float:
    """The calibrated probability that the first excerpt answers the question."""
    if not hits:
        return 0.0
    fitted = weights.confidence if hits[0].reading is None else weights.read_confidence
    if hits[0].entry.document.language != LANGUAGE:
        fitted = weights.foreign_confidence
    sure = fitted.probability(confidence_features(question, hits, searcher))
    return sure * _NUMBER_NOWHERE if _names_absent_number(question) else sure


def _names_absent_number(question: Question) -> bool:
    """Whether a whole number of the question, such as a year, stands in no document, in none of its forms."""
    whole = {match.span() for match in _WHOLE_NUMBER.finditer(question.text)}
    return any((question.terms[i].start, question.terms[i].end) in whole for i in np.flatnonzero(question.absent))


def confidence_features(question: Question, hits: Sequence[Hit], searcher: Searcher) -> Floats:
    """The values of `coefficients.CONFIDENCE_FEATURES` for an answer that begins with `hits[0]`; where that was read,
    of `READ_CONFIDENCE_FEATURES`.
    """
    score, *others = (hit.score - hit.gain for hit in hits)  # as ranked, before anything was read
    lead = score - max(others, default=score)
    words = np.log1p(len(question.terms))
    weights, named, is_met = question.query.weights, question.named, met(question, hits[0].entry)
    missing = float(weights[question.absent].sum() / max(float(weights.sum()), 1e-6))
    names_absent = min(int((question.absent & named).sum()), 2)
    unmet = np.flatnonzero(~is_met & named)
    document = hits[0].entry.document.id
    foreign = sum(not searcher.holds(document, question.terms[i].forms) for i in unmet)
    names = max(int(named.sum()), 1)
    own = (score, lead, missing, words, names_absent, len(unmet) / names, foreign / names)
    return np.array([*hits[0].measures, *own, *_of_reading(hits, score, lead)], np.float32)


def _of_reading(hits: Sequence[Hit], score: float, lead: float) -> tuple[float, ...]:
    reading = hits[0].reading
    if reading is None:
        return ()
    others = max((hit.reading.score for hit in hits[1:] if hit.reading is not None), default=-5.0)
    answers = reading.answers
    products = answers * score, answers * lead, answers * reading.score / 10
    return reading.score, answers, reading.span, reading.certainty, others, *products
