"""Fits the ranking to an operator's own questions, and says by cross-validation whether that helps.

Every fit starts from the shipped weights and is held back to them by a penalty, which is chosen by cross-validation
within the questions that it is fitted to. `retrieval.tuning` keeps what is worth keeping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from retrieval.answering import Engine
from retrieval.arrays import Doubles, Floats
from retrieval.coefficients import coefficients
from retrieval.errors import QuestionSetError
from retrieval.evaluation import Evaluation, Figure, Outcome, compare, evaluate
from retrieval.fitting import Group, fit_softmax
from retrieval.measures import FEATURES, SENTENCE_FEATURES, Measures
from retrieval.question_sets import EvalQuestion, folds
from retrieval.ranking import measured
from retrieval.recalibration import Step, ask_all
from retrieval.rows import Entry
from retrieval.settings import AnswerSettings
from retrieval.tuning import Fit

LEAST_ANSWERABLE = 100
FIGURES = ("hit@1", "hit@3", "mrr")

_PENALTIES = (0.001, 0.01, 0.1, 1.0)
_NAMES = {"ranking": FEATURES, "sentence": SENTENCE_FEATURES}

Weights = dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Training:
    """Shipped weights against tuned ones: every fold is asked with weights that were fitted to the others.

    `difference` is tuned minus shipped, by paired bootstrap over the questions. `outcomes` are those of the tuned with
    the shipped confidence; `parts` are the weights that were fitted to all questions.
    """

    shipped: Evaluation
    tuned: Evaluation
    difference: Mapping[str, Figure]
    outcomes: Sequence[Outcome]
    parts: Mapping[str, Mapping[str, float]]

    @property
    def why_not(self) -> str:
        """Why it is not worth keeping; empty where it is."""
        before, after = ([one.figures[name].value or 0.0 for name in ("hit@1", "mrr")] for one in self._both())
        if after <= before:
            return "on questions that it was not fitted to, the ranking got no better"
        if (self.difference["mrr"].low or 0.0) <= 0:
            return "the gain may be chance, since the 95% interval of the difference in MRR reaches 0"
        return ""

    def fit(self) -> Fit:
        """What to keep."""
        shipped, tuned = ({name: one.figures[name].value for name in FIGURES} for one in self._both())
        interval = [self.difference["mrr"].low, self.difference["mrr"].high]
        return Fit("ranking", self.parts, {"shipped": shipped, "tuned": tuned, "mrr_difference_interval": interval})

    def _both(self) -> tuple[Evaluation, Evaluation]:
        return self.shipped, self.tuned


def train(
    engine: Engine, questions: Sequence[EvalQuestion], documents: frozenset[str], settings: AnswerSettings, step: Step
) -> Training:
    """Fits ranking and sentence weights, whatever those of `engine` are. Raises QuestionSetError for too few questions,
    LibraryError where the library is built meanwhile.

    The candidates of every question are measured once, and it is asked twice.
    """
    judged = [q for q in questions if q.answers or not q.answerable]
    answerable = sum(q.answerable and any(gold.doc in documents for gold in q.answers) for q in judged)
    if answerable < LEAST_ANSWERABLE:
        raise QuestionSetError(
            f"Only {answerable} of these questions have an answer with its place in the library: to fit the ranking, "
            f"write at least {LEAST_ANSWERABLE}."
        )
    engine = replace(engine, weights=coefficients())
    one_more = _counting(step, 3 * len(judged))
    groups = []
    for question in judged:
        groups.append(training_groups(engine, question))
        one_more()
    shipped = ask_all(engine, judged, documents, settings, one_more)
    tuned, of = list(shipped), folds(judged)
    for fold in np.unique(of):
        held_out = np.flatnonzero(of == fold).tolist()
        weights = _fit_all([g for g, k in zip(groups, of, strict=True) if k != fold], of[of != fold])
        tried = replace(engine.weights, ranking=weights["ranking"], sentence=weights["sentence"])
        chosen = [judged[i] for i in held_out]
        asked = ask_all(replace(engine, weights=tried), chosen, documents, settings, one_more)
        for i, outcome in zip(held_out, asked, strict=True):
            tuned[i] = outcome
    return Training(
        evaluate(shipped, len(questions)),
        evaluate(tuned, len(questions)),
        compare(shipped, tuned),
        tuned,
        {part: _named(_NAMES[part], weights) for part, weights in _fit_all(groups, of).items()},
    )


def training_groups(engine: Engine, question: EvalQuestion) -> tuple[Group | None, Group | None]:
    """The measures of a question's candidates, and those of the sentences of the first that holds its answer.

    None where all of them are right, or none is.
    """
    found = measured(engine.prepare(question.text), engine.searcher) if question.answers else None
    if found is None:
        return None, None
    entries, measures = found
    right = np.array([question.covered_by(e.document.path, e.passage.span) for e in entries])
    if not right.any():
        return None, None
    first = int(np.flatnonzero(right)[0])
    return _group(measures.passages, right), _sentence_group(question, entries[first], measures, first)


def _sentence_group(question: EvalQuestion, entry: Entry, measures: Measures, index: int) -> Group | None:
    answers = [gold.span for gold in question.answers if gold.doc == entry.document.path]
    touched = [any(a.start < s.end and a.end > s.start for a in answers) for s in entry.passage.sentences]
    first, end = measures.first_sentence[index : index + 2]
    return _group(measures.sentences[first:end], np.array(touched))


def _group(values: Floats, right: NDArray[np.bool_]) -> Group | None:
    return (values.astype(np.float64), right) if right.any() and not right.all() else None


def _fit_all(groups: Sequence[tuple[Group | None, Group | None]], of: NDArray[np.intp]) -> Weights:
    """Ranking and sentence weights; `of` is the fold of each question."""
    found: Weights = {}
    for place, part in enumerate(_NAMES):
        prior = np.asarray(getattr(coefficients(), part), np.float64)
        known = [(group, k) for both, k in zip(groups, of, strict=True) if (group := both[place]) is not None]
        fitted = _fit([group for group, _ in known], np.array([k for _, k in known], np.intp), prior)
        found[part] = fitted.astype(np.float32)
    return found


def _fit(groups: Sequence[Group], of: NDArray[np.intp], prior: Doubles) -> Doubles:
    """Weights with the penalty that predicts held-out folds best; `prior` where none predicts them better than that."""
    best, least = None, _loss(groups, prior)
    for penalty in _PENALTIES if len(np.unique(of)) > 1 else ():
        lost = 0.0
        for fold in np.unique(of):
            learnt, held_out = ([g for g, k in zip(groups, of, strict=True) if (k == fold) == out] for out in (0, 1))
            lost += _loss(held_out, fit_softmax(learnt, penalty, prior))
        if lost < least:
            best, least = penalty, lost
    return prior if best is None else fit_softmax(groups, best, prior)


def _loss(groups: Sequence[Group], weights: Doubles) -> float:
    """The summed negative log-likelihood of the right rows of each group."""
    lost = 0.0
    for values, right in groups:
        scores = values @ weights
        mass = np.exp(scores - scores.max())
        lost -= float(np.log(max(mass[right].sum() / mass.sum(), 1e-300)))
    return lost


def _named(names: Sequence[str], weights: Floats) -> dict[str, float]:
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def _counting(step: Step, total: int) -> Callable[..., None]:
    done = count(1)
    return lambda *_: step(next(done), total)
