"""Deterministic fakes, shipped on purpose: an embedder whose vectors follow from the words alone."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Encoding
from retrieval.runtimes import Precision

_TOKEN = re.compile(r"\w+|[^\w\s]")


class FakeEmbedder:
    """Every word has a direction that its CRC-32 decides; a text is the mean of its words. One token a word.

    `encoded` counts the passages encoded so far, so that a test can see what was not embedded again.
    """

    def __init__(self, name: str = "fake", dimension: int = 32, token_limit: int = 64) -> None:
        self.fingerprint = f"{name}-{dimension}"
        self.name = name
        self.dimension = dimension
        self.token_limit = token_limit
        self.basis: NDArray[np.float32] = np.eye(dimension, min(dimension, 16), dtype=np.float32)
        self.encoded = 0

    def token_offsets(self, text: str) -> NDArray[np.int32]:
        """See `Embedder`."""
        return np.array([match.span() for match in _TOKEN.finditer(text)], np.int32).reshape(-1, 2)

    def settle_precision(self, kept: str | None) -> Precision:
        """See `Embedder`."""
        del kept  # it has but one
        return "fp32"

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        """See `Embedder`."""
        for index, text in enumerate(texts):
            self.encoded += 1
            yield index, self.encode_query(text)

    def begin_query(self, text: str) -> Callable[[], Encoding]:
        """See `Embedder`."""
        return lambda: self.encode_query(text)

    def encode_query(self, text: str) -> Encoding:
        """See `Embedder`."""
        offsets = self.token_offsets(text)[: self.token_limit]
        tokens = np.zeros((len(offsets), self.dimension), np.float32)
        for row, (start, end) in enumerate(offsets):
            seed = zlib.crc32(text[start:end].casefold().encode("utf-8", "surrogatepass"))
            tokens[row] = np.random.default_rng(seed).standard_normal(self.dimension)
        vector = tokens.sum(axis=0) if len(tokens) else np.ones(self.dimension, np.float32)
        return Encoding(np.asarray(vector / np.linalg.norm(vector), np.float32), tokens, offsets)
