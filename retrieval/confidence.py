"""How sure one can be of an answer: logistic regressions over what ranking and the reader saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.arrays import Floats
from retrieval.coefficients import Coefficients
from retrieval.preparing import Question
from retrieval.ranking import Hit, met
from retrieval.reader import LANGUAGE
from retrieval.searcher import Searcher


def confidence(question: Question, hits: Sequence[Hit], searcher: Searcher, weights: Coefficients) -> float:
    """The calibrated probability that the first excerpt answers the question, before any doubt."""
    if not hits:
        return 0.0
    fitted = weights.confidence if hits[0].reading is None else weights.read_confidence
    if hits[0].entry.document.language != LANGUAGE:
        fitted = weights.foreign_confidence
    return fitted.probability(confidence_features(question, hits, searcher))


def confidence_features(question: Question, hits: Sequence[Hit], searcher: Searcher) -> Floats:
    """The values of `coefficients.CONFIDENCE_FEATURES` for an answer that begins with `hits[0]`; where that was read,
    of `READ_CONFIDENCE_FEATURES`.
    """
    score, *others = (hit.score - hit.gain for hit in hits)  # as ranked, before anything was read
    lead = score - max(others, default=score)
    words = np.log1p(len(question.terms))
    idf, named, is_met = question.query.idf, question.named, met(question, hits[0].entry)
    missing = float(idf[question.absent].sum() / max(float(idf.sum()), 1e-6))
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
