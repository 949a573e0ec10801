"""How sure one can be of an answer: logistic regressions over what ranking and the reader saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.amounts import lacks_amount
from retrieval.coefficients import Coefficients
from retrieval.counting import counted_otherwise
from retrieval.evidence import Floats
from retrieval.governments import asked_of_another
from retrieval.numbered import names_absent_number, names_another
from retrieval.ranking import Hit, Question, met
from retrieval.reader import LANGUAGE, Reader
from retrieval.repeating import repeats
from retrieval.searcher import Searcher
from retrieval.types import Doubt
from retrieval.windows import Piece, leading

_BETTER = 1.5  # logits by which the passage answers the question about another government better
_FAR_BETTER = 3.5  # logits by which it answers one after a number better with a verb of its sentence


def confidence(question: Question, hits: Sequence[Hit], searcher: Searcher, weights: Coefficients) -> float:
    """The calibrated probability that the first excerpt answers the question, before any `doubt`."""
    if not hits:
        return 0.0
    fitted = weights.confidence if hits[0].reading is None else weights.read_confidence
    if hits[0].entry.document.language != LANGUAGE:
        fitted = weights.foreign_confidence
    return fitted.probability(confidence_features(question, hits, searcher))


def doubt(question: Question, ordered: Sequence[Piece]) -> Doubt | None:
    """What makes an answer that begins with the first piece unsure, by the numbers in question and passage."""
    if not ordered:
        return None
    first = ordered[0]
    hit, sentence = first.hit, first.text(first.best)
    if names_absent_number(question, leading(ordered)):
        return Doubt.NUMBER_NOWHERE
    if hit.entry.document.language == LANGUAGE and lacks_amount(question.text, sentence):
        return Doubt.NO_AMOUNT
    return Doubt.ANOTHER_NUMBER if names_another(question, hit, sentence) else None


def doubt_as_read(question: Question, piece: Piece, reader: Reader) -> Doubt | None:
    """What the reader makes unsure of an answer: its words only repeat the question, or its sentence speaks of another
    government or counts something else, and asked about that instead the passage answers better by far.
    """
    hit, sentence = piece.hit, piece.text(piece.best)
    if hit.reading is None:
        return None
    if piece.answer is not None and repeats(question.text, piece.text(piece.answer)):
        return Doubt.REPEATS
    words = hit.entry.text[hit.reading.answer.start : hit.reading.answer.end]
    elsewhere = asked_of_another(question.text, sentence, words)
    otherwise = counted_otherwise(question.text, question.terms, sentence, words)
    if not (elsewhere or otherwise):
        return None
    gains = [one.answers - hit.reading.answers for one in reader.read_again([*elsewhere, *otherwise], hit.entry.text)]
    if max(gains[: len(elsewhere)], default=0.0) >= _BETTER:
        return Doubt.OF_ANOTHER
    return Doubt.COUNTS_ELSE if max(gains[len(elsewhere) :], default=0.0) >= _FAR_BETTER else None


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
