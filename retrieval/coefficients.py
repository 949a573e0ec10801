"""The fitted numbers of the package, with how they came to be: `coefficients.json`, made by `benchmarks/fit.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.measures import FEATURES, SENTENCE_FEATURES

PATH = Path(__file__).with_name("coefficients.json")

CONFIDENCE_FEATURES = (*FEATURES, "score", "lead", "missing", "words", "names_absent", "names_unmet", "names_foreign")
"""Of an answer: the measures of its first passage, its score, how far it leads the second, the share of the question's
IDF mass that no document holds, the logarithm of the question's words, how many of its names and numbers no document
holds, at most 2, and the shares of them that the passage with its headings lacks, and that its whole document lacks."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Linear weights: `ranking` over FEATURES, `sentence` over SENTENCE_FEATURES, `confidence` over its own."""

    ranking: NDArray[np.float32]
    sentence: NDArray[np.float32]
    confidence: NDArray[np.float32]
    confidence_bias: float


@cache
def coefficients() -> Coefficients:
    """The shipped coefficients."""
    record = json.loads(PATH.read_text("utf-8"))

    def weights(part: str, names: tuple[str, ...]) -> NDArray[np.float32]:
        return np.array([record[part][name] for name in names], np.float32)

    return Coefficients(
        weights("ranking", FEATURES),
        weights("sentence", SENTENCE_FEATURES),
        weights("confidence", CONFIDENCE_FEATURES),
        float(record["confidence"]["bias"]),
    )


@cache
def common_words() -> dict[str, float]:
    """English stems and the share of passages they stand in, from the training texts; rarer ones are left out."""
    shares: dict[str, float] = json.loads(PATH.with_name("common_words.json").read_text("utf-8"))
    return shares
