"""How the confidence of read answers is fitted upon that of ranked ones."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.calibration import sigmoid
from retrieval.fitting import Floats, fit_logistic
from training.fit import _Answer, _fit, _of_others


def _answers(count: int, read: int, seed: int) -> list[_Answer]:
    """Answers with three values of ranking and `read` of the reader, whose first of either say what is right."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(count, 3 + read)).astype(np.float32)
    truth = 2 * values[:, 0] + (3 * values[:, 3] if read else 0) - 0.5
    right = chance.random(count) < sigmoid(truth)
    return [_Answer(values[i], bool(right[i]), "held", f"{i % 20}.txt") for i in range(count)]


def _logits(answers: list[_Answer], weights: Floats, bias: float) -> Floats:
    return np.array([one.values for one in answers], np.float64) @ weights + bias


def test_what_ranking_makes_of_a_read_answer_goes_in_as_one_number() -> None:
    ranked, read = _answers(4000, 0, 1), _answers(2000, 2, 2)
    alone, shift = _fit(ranked, ())
    weights, bias = _fit(read, ranked)
    assert weights[:3] == pytest.approx(alone * (weights[0] / alone[0]))
    values, right = np.array([one.values for one in read], np.float64), np.array([one.right for one in read])
    of_ranking = values[:, :3] @ alone + shift
    own, own_bias = fit_logistic(np.column_stack([of_ranking, values[:, 3:]]), right)
    assert _logits(read, weights, bias) == pytest.approx(of_ranking * own[0] + values[:, 3:] @ own[1:] + own_bias)
    assert weights[3] == pytest.approx(3, rel=0.2)
    assert abs(weights[4]) < 0.3


def test_an_answer_is_judged_by_fits_that_saw_nothing_of_its_document() -> None:
    ranked, read = _answers(400, 0, 1), _answers(400, 2, 2)
    sure = _of_others(read, ranked)
    turned = [_Answer(a.values, a.right != (a.document == "7.txt"), a.kind, a.document) for a in read]
    turned_ranked = [_Answer(a.values, a.right != (a.document == "7.txt"), a.kind, a.document) for a in ranked]
    again = _of_others(turned, turned_ranked)
    own = np.array([one.document == "7.txt" for one in read])
    assert again[own] == pytest.approx(sure[own])
    assert again[~own] != pytest.approx(sure[~own])
