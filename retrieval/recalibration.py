"""Fits the confidence to an operator's own questions, and says by cross-validation whether that helps.

Every fit starts from the shipped confidence; `retrieval.tuning` keeps what is worth keeping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from retrieval.answering import Engine, answer
from retrieval.arrays import Doubles
from retrieval.calibration import Bools, cautions, expected_calibration_error, fit_platt, log_loss, logit, sigmoid
from retrieval.coefficients import CONFIDENCES, coefficients, record
from retrieval.errors import LibraryError, QuestionSetError
from retrieval.evaluation import DEPTH, Outcome, run
from retrieval.question_sets import EvalQuestion, folds
from retrieval.settings import AnswerSettings
from retrieval.tuning import Fit
from retrieval.types import Answer, Filter

LEAST_QUESTIONS = 50
LEAST_OF_EACH = 10  # right first excerpts, and wrong ones

Step = Callable[[int, int], None]
"""Called with how many questions were asked, and how many will be."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """How well confidences fit what was right, and what the settings make of them.

    `answered` is the share of the answerable questions that is, `precision` that of right first excerpts among all
    answers, `refusal` that of the unanswerable that is refused; None where there are none.
    """

    log_loss: float
    calibration_error: float
    answered: float | None
    precision: float | None
    refusal: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The shipped confidence `before`, and `after` it was fitted: there every fold is judged by a fit to the others.

    The logit of the shipped confidence becomes `slope * logit + shift`; `caution` are thresholds on the outcome.
    """

    questions: int
    before: Fitness
    after: Fitness
    slope: float
    shift: float
    caution: Mapping[str, float]

    @property
    def why_not(self) -> str:
        """Why it is not worth keeping; empty where it is."""
        if self.slope <= 0:
            return "on these questions the confidence does not tell right answers from wrong ones"
        if self.after.log_loss >= self.before.log_loss:
            return "on questions that it was not fitted to, the confidence got no better"
        return ""

    def fit(self) -> Fit:
        """What to keep: the confidences, scaled, and the thresholds."""
        scaled = {name: _scaled(record()[name], self.slope, self.shift) for name in CONFIDENCES}
        return Fit(
            "confidence",
            {**scaled, "caution": self.caution},
            {"before": asdict(self.before), "after": asdict(self.after), "slope": self.slope, "shift": self.shift},
        )


def ask_all(
    engine: Engine, questions: Sequence[EvalQuestion], documents: frozenset[str], settings: AnswerSettings, step: Step
) -> list[Outcome]:
    """Asks every question with the ranking of `engine` and the shipped confidence. Raises QuestionSetError, and
    LibraryError as `refuse_overtaken`.
    """
    shipped = coefficients()
    kept = {name: getattr(shipped, name) for name in (*CONFIDENCES, "caution")}
    asked = replace(engine, weights=replace(engine.weights, **kept))

    def ask(text: str, where: Filter) -> Answer:
        return answer(text, asked, settings, DEPTH, where)

    outcomes = run(questions, documents, ask, progress=step)
    refuse_overtaken(engine)
    return outcomes


def refuse_overtaken(engine: Engine) -> None:
    """Raises LibraryError where the library has another generation by now: passages that `engine` found may be gone."""
    if engine.searcher.store.generation != engine.searcher.generation:
        raise LibraryError("The library was built anew meanwhile: run it again.")


def refuse_few(questions: Sequence[EvalQuestion]) -> None:
    """Raises QuestionSetError where too few of them can be judged to fit a confidence honestly."""
    judged = sum(bool(q.answers) or not q.answerable for q in questions)
    if judged < LEAST_QUESTIONS:
        raise QuestionSetError(
            f"Only {judged} of these questions can be judged: to fit the confidence, write at least "
            f"{LEAST_QUESTIONS}, some of them about what your documents do not hold."
        )


def calibrate(outcomes: Sequence[Outcome], settings: AnswerSettings) -> Calibration:
    """Fits the shipped confidence, with which `outcomes` were asked; the discounts on it stay as they are.

    Raises QuestionSetError where they are too few.
    """
    refuse_few([one.question for one in outcomes])
    right = np.array([one.rank == 1 for one in outcomes])
    good = int(right.sum())
    if min(good, len(right) - good) < LEAST_OF_EACH:
        raise QuestionSetError(
            f"Of {len(right)} first excerpts {good} are right and {len(right) - good} wrong: to fit the confidence, "
            f"there must be {LEAST_OF_EACH} of each, so ask more that your documents "
            f"{'answer' if good < LEAST_OF_EACH else 'do not answer'}."
        )
    confidence = np.array([one.confidence for one in outcomes])
    discount = np.array([one.discount for one in outcomes])
    found = np.array([one.found for one in outcomes])
    answerable = np.array([one.answerable for one in outcomes])
    before = _fitness(confidence, found, right, answerable)
    logits, of = logit(confidence / discount), folds([one.question for one in outcomes])
    for fold in np.unique(of):
        held_out = of == fold
        slope, shift, caution = _fit(logits[~held_out], discount[~held_out], right[~held_out])
        confidence[held_out] = discount[held_out] * sigmoid(slope * logits[held_out] + shift)
        found[held_out] = confidence[held_out] >= settings.found_from(caution)
    after = _fitness(confidence, found, right, answerable)
    return Calibration(len(outcomes), before, after, *_fit(logits, discount, right))


def _fit(logits: Doubles, discount: Doubles, right: Bools) -> tuple[float, float, dict[str, float]]:
    """Slope and shift of the logits, and thresholds on what comes of them with the discount."""
    slope, shift = fit_platt(logits, right)
    return slope, shift, cautions(discount * sigmoid(slope * logits + shift), right)


def _fitness(confidence: Doubles, found: Bools, right: Bools, answerable: Bools) -> Fitness:
    return Fitness(
        round(log_loss(confidence, right), 4),
        round(expected_calibration_error(confidence, right), 4),
        _share(found[answerable]),
        _share(right[found]),
        _share(~found[~answerable]),
    )


def _share(which: Bools) -> float | None:
    return round(float(which.mean()), 4) if len(which) else None


def _scaled(written: Mapping[str, Any], slope: float, shift: float) -> dict[str, float]:
    """A logistic regression whose logit is `slope * logit + shift` of the one that is written down."""
    scaled = {name: round(slope * float(value), 6) for name, value in written.items()}
    return {**scaled, "bias": round(slope * float(written["bias"]) + shift, 6)}
