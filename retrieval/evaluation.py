"""Question sets to figures: how often the right excerpt comes first, and whether the honest no can be trusted.

A hit is an excerpt that covers a gold answer whole, where it is cited or in a copy that it names. A question whose gold
documents the library does not hold has no answer there. Questions marked answerable without any verbatim answer are
left out and counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Doubles
from retrieval.calibration import precise_cuts
from retrieval.errors import QuestionError, QuestionSetError
from retrieval.question_sets import EvalQuestion
from retrieval.types import Answer, Citation, Filter, Span

Ask = Callable[[str, Filter], Answer]
"""Question and filter -> an answer with its first `DEPTH` excerpts. Raises QuestionError."""

DEPTH = 10  # excerpts that are looked at
_RESAMPLES = 1000  # of the bootstrap (Efron and Tibshirani, 1993)
_CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked. `rank` is that of the first excerpt with the answer, from 1; 0 where none has it.

    `highlighted` says whether the first excerpt's highlight covers the answer; None where the excerpt itself does not.
    `discount` is that of the answer's confidence.
    """

    question: EvalQuestion
    answerable: bool
    rank: int
    highlighted: bool | None
    confidence: float
    found: bool
    milliseconds: float
    discount: float = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95% confidence interval; `value` is None where there is nothing to count."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one question set, by the names in FIGURES: shares between 0 and 1; latencies in milliseconds.

    `coverage@90` is the share of the answerable questions that are answered when the cut on confidence is set so
    that 90% of all answers given are right. The last three are taken where the settings cut: `answered` is the share
    of the answerable that is, `precision` that of right first excerpts among all answers, `refusal` that of the
    unanswerable that is refused. `mrr` looks at the first `DEPTH` excerpts.
    """

    questions: int
    answerable: int
    unanswerable: int
    left_out: int
    figures: dict[str, Figure]
    latency_p50: float
    latency_p95: float


FIGURES = (
    "hit@1",
    "hit@3",
    "hit@5",
    "mrr",
    "highlight_accuracy",
    "auroc",
    "coverage@90",
    "coverage@95",
    "answered",
    "precision",
    "refusal",
)


def run(
    questions: Sequence[EvalQuestion],
    documents: frozenset[str],
    ask: Ask,
    *,
    within: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Asks every question that can be judged against a library of these documents; `within` narrows each to its own.

    Raises QuestionSetError where none of them can.
    """
    judged = [q for q in questions if _can_be_judged(q, documents, within=within)]
    if not judged:
        raise QuestionSetError(
            "No question of this set can be judged: none has an answer with its place in a document."
        )
    outcomes = []
    for number, question in enumerate(judged, 1):
        where = Filter(glob=question.document_in(documents)) if within else Filter()
        outcomes.append(_ask(question, documents, ask, where))
        if progress is not None:
            progress(number, len(judged))
    return outcomes


def evaluate(outcomes: Sequence[Outcome], asked: int) -> Evaluation:
    """The figures with their confidence intervals; `asked` counts the whole set."""
    answerable = sum(one.answerable for one in outcomes)
    times = [one.milliseconds for one in outcomes]
    return Evaluation(
        questions=len(outcomes),
        answerable=answerable,
        unanswerable=len(outcomes) - answerable,
        left_out=asked - len(outcomes),
        figures=_with_intervals(_Table.of(outcomes).figures, len(outcomes)),
        latency_p50=round(float(np.percentile(times, 50)), 2),
        latency_p95=round(float(np.percentile(times, 95)), 2),
    )


def compare(first: Sequence[Outcome], second: Sequence[Outcome]) -> dict[str, Figure]:
    """Second minus first on the same questions, by paired bootstrap: an interval without 0 is a real difference."""
    if [one.question for one in first] != [one.question for one in second]:
        raise QuestionSetError("The two configurations did not answer the same questions: build both from one folder.")
    before, after = _Table.of(first), _Table.of(second)
    return _with_intervals(lambda rows: after.figures(rows) - before.figures(rows), len(first))


def auroc(positive: Doubles, negative: Doubles) -> float:
    """The probability that a positive scores higher than a negative, ties counting half; NaN where one is empty."""
    if not len(positive) or not len(negative):
        return float("nan")
    both = np.concatenate([positive, negative])
    order = np.argsort(both, kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    values, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, ranks, len(values)) / counts
    wins = means[inverse[: len(positive)]].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(positive) * len(negative)))


def coverage(confidence: Doubles, right: NDArray[np.bool_], answerable: NDArray[np.bool_], precision: float) -> float:
    """The largest share of the answerable questions answered at any cut where `precision` of all answers is right."""
    if not answerable.any():
        return float("nan")
    order, precise = precise_cuts(confidence, right, precision)
    return float(np.cumsum(answerable[order])[precise].max(initial=0) / answerable.sum())


def _can_be_judged(question: EvalQuestion, documents: frozenset[str], *, within: bool) -> bool:
    if question.answerable and not question.answers:
        return False
    return not within or question.document_in(documents) is not None


def _ask(question: EvalQuestion, documents: frozenset[str], ask: Ask, where: Filter) -> Outcome:
    started = time.perf_counter()
    try:
        answer = ask(question.text, where)
    except QuestionError as error:
        raise QuestionSetError(f"Line {question.line} of the question set cannot be asked: {error}") from error
    milliseconds = (time.perf_counter() - started) * 1000
    answerable = question.answerable and question.has_answer_in(documents)
    rank, highlighted = 0, None
    for excerpt in answer.excerpts if answerable else ():
        if any(_covers(place, question) for place in (excerpt.citation, *excerpt.also_in)):
            rank = excerpt.rank
            break
    if rank == 1 and _covers(place := answer.excerpts[0].citation, question):
        marks = [Span(place.start + h.start, place.start + h.end) for h in answer.excerpts[0].highlights]
        highlighted = any(question.covered_by(place.document, mark) for mark in marks)
    return Outcome(
        question, answerable, rank, highlighted, answer.confidence, answer.found, milliseconds, answer.discount
    )


def _covers(place: Citation, question: EvalQuestion) -> bool:
    return question.covered_by(place.document, Span(place.start, place.end))


@dataclass(frozen=True, slots=True)
class _Table:
    """Outcomes as columns, from which every figure of any selection of rows is taken."""

    answerable: NDArray[np.bool_]
    rank: NDArray[np.intp]
    highlighted: Doubles  # NaN where there was nothing to highlight
    confidence: Doubles
    found: NDArray[np.bool_]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> _Table:
        return cls(
            np.array([o.answerable for o in outcomes], bool),
            np.array([o.rank for o in outcomes], np.intp),
            np.array([np.nan if o.highlighted is None else float(o.highlighted) for o in outcomes]),
            np.array([o.confidence for o in outcomes]),
            np.array([o.found for o in outcomes], bool),
        )

    def figures(self, rows: NDArray[np.intp]) -> Doubles:
        """The values of FIGURES over a selection of rows; NaN where there is nothing to count."""
        answerable, rank, marks = self.answerable[rows], self.rank[rows], self.highlighted[rows]
        found, confidence = self.found[rows], self.confidence[rows]
        ranks, right = rank[answerable], rank == 1
        reciprocal = np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)
        return np.array(
            [
                *(_mean((ranks > 0) & (ranks <= depth)) for depth in (1, 3, 5)),
                _mean(reciprocal),
                _mean(marks[~np.isnan(marks)]),
                auroc(confidence[answerable], confidence[~answerable]),
                *(coverage(confidence, right, answerable, precision) for precision in (0.90, 0.95)),
                _mean(found[answerable]),
                _mean(right[found]),
                _mean(~found[~answerable]),
            ]
        )


def _mean(values: NDArray[np.generic]) -> float:
    return float(np.asarray(values, np.float64).mean()) if len(values) else float("nan")


def interval(figure: Callable[[NDArray[np.intp]], float], size: int) -> Figure:
    """A figure over all of `size` rows, with its interval by bootstrap; `figure` takes the numbers of the rows."""
    (found,) = _bootstrapped(lambda rows: np.array([figure(rows)]), size)
    return found


def _with_intervals(figures: Callable[[NDArray[np.intp]], Doubles], size: int) -> dict[str, Figure]:
    return dict(zip(FIGURES, _bootstrapped(figures, size), strict=True))


def _bootstrapped(figures: Callable[[NDArray[np.intp]], Doubles], size: int) -> list[Figure]:
    """The figures over all rows, and the quantiles of them over rows drawn with replacement."""
    values = figures(np.arange(size))
    random = np.random.default_rng(0)
    drawn = np.array([figures(random.integers(0, size, size)) for _ in range(_RESAMPLES)])
    edge = (1 - _CONFIDENCE_LEVEL) / 2
    found = []
    for value, column in zip(values.tolist(), drawn.T, strict=True):
        if np.isnan(value):
            found.append(Figure(None))
            continue
        low, high = np.nanquantile(column, [edge, 1 - edge]).tolist()
        found.append(Figure(round(value, 4), round(low, 4), round(high, 4)))
    return found
