"""The two fits behind every coefficient: a softmax over candidates and a logistic regression, both by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Doubles

Group = tuple[Doubles, NDArray[np.bool_]]
"""The candidates of a question: their values `[c, f]`, and which of them are right `[c]`."""


def fit_softmax(groups: Sequence[Group], penalty: float = 1e-3, prior: Doubles | None = None) -> Doubles:
    """Weights `[f]` that maximise the probability of the right rows of each group (ListNet, Cao et al., 2007).

    `penalty` weighs the squared distance from `prior`, or from zero, of the weights of values scaled to unit spread.
    """
    rows = np.concatenate([values for values, _ in groups])
    spread = rows.std(axis=0) + 1e-9
    rows = rows / spread
    right = np.concatenate([labels for _, labels in groups])
    sizes = [len(values) for values, _ in groups]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    group = np.repeat(np.arange(len(groups)), sizes)
    centre = np.zeros(rows.shape[1]) if prior is None else prior * spread

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = rows @ weights
        scores -= np.maximum.reduceat(scores, starts)[group]
        mass = np.exp(scores)
        all_mass, right_mass = np.add.reduceat(mass, starts), np.add.reduceat(mass * right, starts)
        slope = mass / all_mass[group] - mass * right / np.maximum(right_mass, 1e-300)[group]
        away = weights - centre
        value = -np.log(np.maximum(right_mass, 1e-300) / all_mass).mean() + penalty * away @ away
        return float(value), rows.T @ slope / len(groups) + 2 * penalty * away

    return np.asarray(_minimise(loss, centre) / spread, np.float64)


def fit_logistic(values: Doubles, right: NDArray[np.bool_] | Doubles, penalty: float = 1e-4) -> tuple[Doubles, float]:
    """Weights `[f]` and bias of a logistic regression of `right` `[n]` on `values` `[n, f]`, with an L2 penalty.

    `right` may be probabilities.
    """
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    rows = np.hstack([(values - centre) / spread, np.ones((len(values), 1))])

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        logits = rows @ weights
        value = np.logaddexp(0, logits).mean() - (logits * right).mean() + penalty * weights[:-1] @ weights[:-1]
        slope = rows.T @ (1 / (1 + np.exp(-logits)) - right) / len(rows)
        slope[:-1] += 2 * penalty * weights[:-1]
        return float(value), slope

    found = _minimise(loss, np.zeros(rows.shape[1]))
    weights = found[:-1] / spread
    return np.asarray(weights, np.float64), float(found[-1] - weights @ centre)


def _minimise(loss: Callable[[Doubles], tuple[float, Doubles]], start: Doubles) -> Doubles:
    """Where `loss`, which gives its slope as well, is least."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):  # threads would wait for each other, many times as long as they work
        return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)
