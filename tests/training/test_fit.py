"""How confidences are judged that were fitted."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.calibration import sigmoid
from training.fit import _of_others


def test_an_answer_is_judged_by_fits_that_saw_nothing_of_its_document() -> None:
    chance = np.random.default_rng(1)
    values = chance.normal(size=(400, 3))
    right = chance.random(400) < sigmoid(2 * values[:, 0])
    documents = [f"{i % 20}.txt" for i in range(400)]
    own = np.array([document == "7.txt" for document in documents])
    sure = _of_others(values, right, documents)
    again = _of_others(values, right ^ own, documents)
    assert again[own] == pytest.approx(sure[own])
    assert again[~own] != pytest.approx(sure[~own])
