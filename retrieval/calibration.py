"""Whether confidences mean what they say, and how to make them: numbers alone, no library.

Everywhere `confidence` `[n]` are probabilities that an answer is right, and `right` `[n]` says which were.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Doubles
from retrieval.fitting import fit_logistic

Bools = NDArray[np.bool_]
Places = NDArray[np.intp]

PRECISIONS = {"sure": 0.95, "balanced": 0.9, "eager": 0.8}
"""The share of the answers given that is to be right, by the cautions that the settings know."""

_ROUNDING = 5e-5  # half of the last digit that an answer's confidence has


def reliability(confidence: Doubles, right: Bools, bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and count of at most `bins` bins of equal size, the least sure first.

    Answers of one confidence are all as right as they are on average, so that their order does not matter.
    """
    _, which, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    share = (np.bincount(which, right, len(counts)) / counts)[which]
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return [(float(confidence[p].mean()), float(share[p].mean()), len(p)) for p in parts if len(p)]


def expected_calibration_error(confidence: Doubles, right: Bools, bins: int = 10) -> float:
    """How far confidence and share right lie apart, on average over bins of equal size; NaN without any answer.

    Naeini et al., 2015, with bins of equal mass rather than equal width (Nguyen and O'Connor, 2015).
    """
    if not len(confidence):
        return float("nan")
    return sum(count * abs(sure - share) for sure, share, count in reliability(confidence, right, bins)) / len(right)


def log_loss(confidence: Doubles, right: Bools) -> float:
    """The mean negative log-likelihood; a confidence counts as no surer than its rounding allows."""
    likely = np.clip(confidence, _ROUNDING, 1 - _ROUNDING)
    return float(-np.log(np.where(right, likely, 1 - likely)).mean())


def precise_cuts(confidence: Doubles, right: Bools, precision: float) -> tuple[Places, Places]:
    """The order of the answers, the surest first, and the places in it behind which a cut leaves `precision` right.

    A cut that would part answers of one confidence is none.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    precise = np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= precision
    ends_a_tie = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)[: len(order)]
    return order, np.flatnonzero(precise & ends_a_tie)


def precision_threshold(confidence: Doubles, right: Bools, precision: float) -> float:
    """The lowest confidence from which `precision` of the answers given are right.

    Where no threshold reaches that it is `precision` itself: of answers that are each that likely right, as many are.
    """
    order, precise = precise_cuts(confidence, right, precision)
    return float(confidence[order[precise[-1]]]) if len(precise) else precision


def cautions(confidence: Doubles, right: Bools) -> dict[str, float]:
    """The threshold of each of PRECISIONS, rounded down to four digits; a stricter one is never below a laxer one."""
    lowest, found = 0.0, {}
    for name, precision in sorted(PRECISIONS.items(), key=lambda one: one[1]):
        threshold = precision_threshold(confidence, right, precision)
        lowest = max(lowest, float(np.floor(threshold * 1e4 + 1e-6) / 1e4))
        found[name] = lowest
    return found


def logit(confidence: Doubles) -> Doubles:
    """The logits of confidences, as large as their rounding allows."""
    likely = np.clip(confidence, _ROUNDING, 1 - _ROUNDING)
    return np.asarray(np.log(likely / (1 - likely)), np.float64)


def sigmoid(logits: Doubles) -> Doubles:
    """The probabilities that belong to logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))), np.float64)


def fit_platt(logits: Doubles, right: Bools) -> tuple[float, float]:
    """Slope and shift that turn logits into those of calibrated probabilities (Platt, 1999, with its targets)."""
    good, bad = int(right.sum()), int((~right).sum())
    targets = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))
    weights, bias = fit_logistic(logits[:, None], targets)
    return float(weights[0]), bias
