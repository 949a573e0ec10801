"""How sure one can be of an answer: logistic regressions over what ranking and the reader saw."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from retrieval.coefficients import Coefficients
from retrieval.counting import counted_otherwise
from retrieval.evidence import Floats
from retrieval.governments import asked_of_another
from retrieval.ranking import Hit, Question, met
from retrieval.reader import LANGUAGE, Reader
from retrieval.repeating import repeats
from retrieval.searcher import Searcher
from retrieval.windows import Piece

_UNIT = (
    r"[kcmµM]?(?:m|g|l|L|W|V|A|Ah|Wh|Hz|B)|[KMG]B|GHz|kmh?|mph|rpm|ppm|dpi|hPa|mbar|ft|feet|lbs?|miles?|met(?:er|re)s?|"
    r"lit(?:er|re)s?|watts?|volts?|kcal|calories|%|percent|"
    r"euros?|dollars?|pounds?|francs?|crowns?|yen|EUR|USD|GBP|CHF"
)
_YEAR = re.compile(
    r"(?<![\w.,:/$€£¥-])(?<![$€£¥] )(?<!EUR )(?<!USD )(?<!GBP )(?<!CHF )(?:1\d|20)\d\d"
    rf"(?![\w:/-]|[.,]\d|\s?[€%]|\s(?:{_UNIT})(?!\w))"
)
"""A year, as far as one can tell from an amount."""

_YEARS = re.compile(r"(?<!\d)(\d{4})\s?[-/\u2010-\u2015]\s?(\d{2}|\d{4})(?!\d)")
_DECADE = re.compile(r"(?<!\d)(\d{3})0['\u2019]?s\b")
_DATED = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
)
_NO_NAME = rf"(?!(?:{_DATED}|EUR|USD|GBP|CHF|I)\b)"
_NAMED = re.compile(rf"(?:(?<=[\w,] ){_NO_NAME}[A-Z]\w* |\b[A-Z]\w*-)(?P<number>(?!10\b)[1-9]\d+)(?![\w:/%-]|[.,]\d)")
"""A number behind a capital within a sentence, or behind one and a hyphen; ten may be X, and a day's is of a date."""

_OF_ANOTHER, _BETTER = 0.1, 1.5
"""Where the passage answers the question about another government by so many logits better: of 66 such answers to
held-out questions none was right, and the ten right ones that could be asked so gained 0.2 at most."""

_COUNTS_ELSE, _FAR_BETTER = 0.25, 3.5
"""Where it answers a question after a number so much better with a verb of its sentence: of 325 wrong answers to
held-out questions 20 do, of 150 right ones none; but a verb that only means the same may do so too."""

_SAYS_NOTHING = 0.1
"""Of 75 answers to held-out questions that only repeat the question, 31 of them found, none was right."""

_LOOKED_AT = 4  # passages that may have a range of years
_NUMBER_NOWHERE = 0.1
"""Of 525 answers to held-out questions with such a number that no document has, none was right."""


def confidence(question: Question, hits: Sequence[Hit], searcher: Searcher, weights: Coefficients) -> float:
    """The calibrated probability that the first excerpt answers the question, but for the `discount`."""
    if not hits:
        return 0.0
    fitted = weights.confidence if hits[0].reading is None else weights.read_confidence
    if hits[0].entry.document.language != LANGUAGE:
        fitted = weights.foreign_confidence
    return fitted.probability(confidence_features(question, hits, searcher))


def discount(question: Question, hits: Sequence[Hit]) -> float:
    """What the confidence is to be multiplied by, because the question names a number that no document has, or 1."""
    return _NUMBER_NOWHERE if hits and _names_absent_number(question, hits) else 1.0


def discount_as_read(question: Question, piece: Piece, reader: Reader) -> float:
    """What the confidence is to be multiplied by, because the answering words only repeat the question, or because the
    answering sentence speaks of another government or counts something else: asked about that instead, the passage
    answers better by far; or 1.
    """
    hit, sentence = piece.hit, piece.text(piece.best)
    if hit.reading is None:
        return 1.0
    if piece.answer is not None and repeats(question.text, piece.text(piece.answer)):
        return _SAYS_NOTHING
    words = hit.entry.text[hit.reading.answer.start : hit.reading.answer.end]
    elsewhere = asked_of_another(question.text, sentence, words)
    otherwise = counted_otherwise(question.text, question.terms, sentence, words)
    if not (elsewhere or otherwise):
        return 1.0
    gains = [one.answers - hit.reading.answers for one in reader.read_again([*elsewhere, *otherwise], hit.entry.text)]
    if max(gains[: len(elsewhere)], default=0.0) >= _BETTER:
        return _OF_ANOTHER
    return _COUNTS_ELSE if max(gains[len(elsewhere) :], default=0.0) >= _FAR_BETTER else 1.0


def _names_absent_number(question: Question, hits: Sequence[Hit]) -> bool:
    """Whether a year or the number of a name, as in Apollo 13 or HX-2400, stands in no document, nor within a range of
    years in what was found; asked of English documents, whose other forms of a number are known.

    Any other number has too many forms: 20 km are "20km", twelve eggs a dozen.
    """
    if hits[0].entry.document.language != LANGUAGE:
        return False
    absent = {question.terms[i].start for i in np.flatnonzero(question.absent)}
    years = [int(one[0]) for one in _YEAR.finditer(question.text) if one.start() in absent]
    named = any(one.start("number") in absent for one in _NAMED.finditer(question.text))
    return named or any(not _is_within(year, hits) for year in years)


def _is_within(year: int, hits: Sequence[Hit]) -> bool:
    """Whether a range of years or a decade holds a year in what was found, a longer word does, as FY2024 or 14.03.2024,
    or a path.
    """
    entries = [hit.entry for hit in hits[:_LOOKED_AT]]
    alone = re.compile(rf"(?<!\d){year}(?!\d)")
    ranges = [(one[1], one[1][: -len(one[2])] + one[2]) for entry in entries for one in _YEARS.finditer(entry.text)]
    ranges += [(f"{one[1]}0", f"{one[1]}9") for entry in entries for one in _DECADE.finditer(entry.text)]
    inside = any(int(first) <= year <= int(last) for first, last in ranges)
    return inside or any(str(year) in one.document.path or alone.search(one.text) for one in entries)


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
