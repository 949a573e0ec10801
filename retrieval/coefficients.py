"""The fitted numbers of the package, with how they came to be: `coefficients.json`, made by `training/fit.py`.

An operator's own (`retrieval.tuning`) lie in the library and stand in for those of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.measures import FEATURES, SENTENCE_FEATURES

PATH = Path(__file__).with_name("coefficients.json")

READING_FEATURES = ("score", "span")
"""Of a passage that was read: the logits that it is the one that answers, and of its likeliest answer
(`retrieval.reader.Reading`).
"""

CONFIDENCE_FEATURES = (*FEATURES, "score", "lead", "missing", "words", "names_absent", "names_unmet", "names_foreign")
"""Of an answer: the measures of its first passage, its score as ranked, how far it leads the best other, the share of
the question's IDF mass that no document holds, the logarithm of the question's words, how many of its names and numbers
no document holds, at most 2, and the shares of them that the passage with its headings lacks, and that its whole
document lacks.
"""

_OF_READING = ("read", "answers", "span", "certainty", "others", "answers_score", "answers_lead", "answers_read")

READ_CONFIDENCE_FEATURES = (*CONFIDENCE_FEATURES, *_OF_READING)
"""Where passages were read, besides: what the reader makes of the first (`retrieval.reader.Reading`), the best score of
another one, and whether the first answers times its score as ranked, times its lead, and times a tenth of its score as
read, on which it depends how much that counts."""

CONFIDENCES = ("confidence", "read_confidence", "foreign_confidence")

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: the probability is `sigmoid(weights @ values + bias)`."""

    weights: Weights
    bias: float

    def probability(self, values: NDArray[np.floating[Any]]) -> float:
        """Of one row of values, between 0 and 1."""
        logit = float(values @ self.weights) + self.bias
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))))


@dataclass(frozen=True)
class Coefficients:
    """Linear weights: `ranking` over FEATURES, `sentence` over SENTENCE_FEATURES, `reading` over READING_FEATURES.

    Of the CONFIDENCES, `confidence` and, for documents in another language than the reader's, `foreign_confidence` are
    over CONFIDENCE_FEATURES, `read_confidence` is over READ_CONFIDENCE_FEATURES. `caution` says from which confidence
    on an answer counts as found, by the names that the settings know.
    """

    ranking: Weights
    sentence: Weights
    reading: Weights
    confidence: Logistic
    read_confidence: Logistic
    foreign_confidence: Logistic
    caution: Mapping[str, float]

    @cached_property
    def best_ranking(self) -> float:
        """What a passage would score whose every welcome measure were 1; scores are shares of it."""
        return float(self.ranking[self.ranking > 0].sum())


@cache
def coefficients() -> Coefficients:
    """The shipped coefficients."""
    return parse(record())


@cache
def record() -> dict[str, Any]:
    """The shipped coefficients as they are written down."""
    found: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return found


def parse(written: Mapping[str, Any]) -> Coefficients:
    """Coefficients from what was written down. Raises KeyError, TypeError or ValueError where something is missing."""

    def weights(part: str, names: tuple[str, ...]) -> Weights:
        return np.array([float(written[part][name]) for name in names], np.float32)

    def logistic(part: str, names: tuple[str, ...]) -> Logistic:
        return Logistic(weights(part, names), float(written[part]["bias"]))

    return Coefficients(
        weights("ranking", FEATURES),
        weights("sentence", SENTENCE_FEATURES),
        weights("reading", READING_FEATURES),
        logistic("confidence", CONFIDENCE_FEATURES),
        logistic("read_confidence", READ_CONFIDENCE_FEATURES),
        logistic("foreign_confidence", CONFIDENCE_FEATURES),
        {name: float(value) for name, value in written["caution"].items()},
    )


@cache
def common_words() -> dict[str, float]:
    """English stems and the share of passages they stand in, from the training texts; rarer ones are left out."""
    shares: dict[str, float] = json.loads(PATH.with_name("common_words.json").read_text("utf-8"))
    return shares
