"""Vectors made without the model, for libraries that it would take hours to embed; how real they are is measured.

A token's vector is taken to be a linear map of its word piece's mean vector, of the mean of those over its passage,
and noise: one draw a passage, with the covariance of what the maps miss of real passages, and one a token, drawn from
what they miss there. It is fitted to real embeddings of a sample of the same text; on other passages `compared` holds
real vectors against made ones, because an index is as fast and as exact as the spectrum and the neighbourhoods
let it be. Questions are always encoded by the model itself.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Doubles, Floats
from retrieval.embedding import Embedder, Encoding

_RIDGES = (1e2, 1e3, 1e4, 1e5)  # against too close a fit to few passages; the best is taken
_NOISES = 4000  # token residuals kept to draw from
_NEIGHBOURS = 10
_INNER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Mixture:
    """The fitted parts: `pieces` names the rows of `own` `[w, d]`, already mapped, and of `means` `[w, d]`.

    `around` `[d, d]` maps the mean over the passage, `spread` `[d, d]` a standard normal to the noise of a passage,
    `noises` `[n, d]` are those of tokens.
    """

    pieces: dict[str, int]
    own: Floats
    means: Floats
    around: Floats
    spread: Floats
    noises: Floats

    @classmethod
    def fitted(cls, texts: Sequence[str], encodings: Sequence[Encoding]) -> Mixture:
        """The maps by least squares over one half, the noise from what they miss of the other half."""
        half, size = len(texts) // 2, encodings[0].tokens.shape[1]
        pieces: dict[str, int] = {}
        known = [
            (
                np.array([pieces.setdefault(piece, len(pieces)) for piece in _pieces(text, one.offsets)], np.intp),
                one.tokens,
            )
            for text, one in zip(texts[:half], encodings, strict=False)
        ]
        sums, counts = np.zeros((len(pieces), size)), np.zeros(len(pieces))
        for rows, tokens in known:
            np.add.at(sums, rows, tokens)
            np.add.at(counts, rows, 1)
        means = sums / counts[:, None]
        square, product = np.zeros((2 * size + 1, 2 * size + 1)), np.zeros((2 * size + 1, size))
        for rows, tokens in known:
            seen = counts[rows] > 1  # a piece that stands but once is no evidence of its own mean
            others = (sums[rows] - tokens)[seen] / (counts[rows][seen, None] - 1)  # the mean without this token
            given = _regressors(others, means[rows].mean(axis=0))
            square += given.T @ given
            product += given.T @ tokens[seen]
        rest = [
            (_regressors(means[rows], means[rows].mean(axis=0)), one.tokens)
            for text, one in zip(texts[half:], encodings[half:], strict=True)
            if len(rows := _rows(pieces, text, one.offsets))
        ]
        solved = _solved(square, product, *(np.array([one[at].mean(axis=0) for one in rest]) for at in (0, 1)))
        left = [tokens - given @ solved for given, tokens in rest]
        values, directions = np.linalg.eigh(np.cov(np.array([one.mean(axis=0) for one in left]).T))
        noise = np.concatenate([one - one.mean(axis=0) for one in left])
        drawn = np.random.default_rng(0).choice(len(noise), min(_NOISES, len(noise)), replace=False)
        own = means @ solved[:size] + solved[-1]
        spread = (directions * np.sqrt(np.maximum(values, 0))).T
        parts = (own, means, solved[size:-1], spread, noise[drawn])
        return cls(pieces, *(np.ascontiguousarray(part, np.float32) for part in parts))

    def save(self, path: Path) -> None:
        """Writes an .npz file."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ("own", "means", "around", "spread", "noises")}
        np.savez(path, pieces=np.array(list(self.pieces)), **arrays)

    @classmethod
    def load(cls, path: Path) -> Mixture:
        """Reads what `save` wrote."""
        with np.load(path) as kept:
            pieces = {str(piece): row for row, piece in enumerate(kept["pieces"])}
            return cls(pieces, kept["own"], kept["means"], kept["around"], kept["spread"], kept["noises"])

    def encoding(self, text: str, offsets: NDArray[np.int32]) -> Encoding:
        """A made encoding of a text whose tokens stand at `offsets`; the same for the same text."""
        seed = zlib.crc32(text.encode("utf-8", "surrogatepass"))
        random = np.random.default_rng(seed)
        rows = _rows(self.pieces, text, offsets)
        if not len(rows):
            return Encoding(
                _unit(self.means[seed % len(self.means)]), np.zeros((0, self.own.shape[1]), np.float32), offsets
            )
        shared = self.means[rows].mean(axis=0) @ self.around
        shared += random.standard_normal(len(self.spread), np.float32) @ self.spread
        noise = self.noises[random.integers(len(self.noises), size=len(rows))]
        tokens = self.own[rows] + shared + (noise - noise.mean(axis=0))
        return Encoding(_unit(tokens.mean(axis=0)), tokens, offsets)


class WatchedEmbedder:
    """The real embedder, or with a `mixture` all of it but the encoding of passages.

    `seconds` were spent on encoding passages.
    """

    def __init__(self, real: Embedder, mixture: Mixture | None) -> None:
        self._real, self._mixture = real, mixture
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the real one's, its fingerprint too, so that `seedbot ask` opens the library."""
        return getattr(self._real, name)

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        """See `Embedder`."""
        found = self._made(texts) if self._mixture else self._real.encode_passages(texts)
        while True:
            started = time.perf_counter()
            one = next(found, None)
            self.seconds += time.perf_counter() - started
            if one is None:
                return
            yield one

    def _made(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        assert self._mixture is not None
        for index, text in enumerate(texts):
            offsets = self._real.token_offsets(text)[: self._real.token_limit]
            yield index, self._mixture.encoding(text, offsets)


def compared(real: Floats, made: Floats) -> dict[str, list[float]]:
    """What tells one set of vectors `[n, d]` of the same texts from another: for each measure, real and made."""
    count = len(real)
    pairs = np.triu_indices(count, 1)
    likeness = [vectors @ vectors.T for vectors in (real, made)]
    found: dict[str, list[float]] = {}
    for percent in (1, 50, 99):
        found[f"cosine of two passages, {percent}%"] = [float(np.percentile(one[pairs], percent)) for one in likeness]
    nearest = [_nearest(one) for one in likeness]
    for percent in (10, 50, 90):
        found[f"cosine to the nearest, {percent}%"] = [
            float(np.percentile(one[np.arange(count), near[:, 0]], percent))
            for one, near in zip(likeness, nearest, strict=True)
        ]
    spectra = [_spectrum(vectors) for vectors in (real, made)]
    for first in (1, 10, 50, 100):
        found[f"variance in the first {first} directions"] = [float(one[:first].sum()) for one in spectra]
    found["dimensions in effect"] = [float(1 / (one**2).sum()) for one in spectra]
    same = [len(set(a) & set(b)) for a, b in zip(*(near.tolist() for near in nearest), strict=True)]
    found[f"the same among the nearest {_NEIGHBOURS}"] = [1.0, float(np.mean(same)) / nearest[0].shape[1]]
    return {name: [round(value, 3) for value in values] for name, values in found.items()}


def _nearest(likeness: Floats) -> NDArray[np.intp]:
    others = likeness - 2 * np.eye(len(likeness), dtype=likeness.dtype)
    return np.argsort(-others, axis=1)[:, :_NEIGHBOURS]


def _spectrum(vectors: Floats) -> Doubles:
    """The shares of the variance, largest first."""
    values = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False).astype(np.float64) ** 2
    return np.asarray(values / values.sum(), np.float64)


def _regressors(own: NDArray[Any], around: NDArray[Any]) -> Floats:
    return np.hstack([own, np.broadcast_to(around, own.shape), np.ones((len(own), 1))]).astype(np.float32)


def _solved(square: Doubles, product: Doubles, given: Floats, wanted: Floats) -> Floats:
    """The maps, that of the passage's mean held back as is best for other passages, known by their means alone."""
    size = product.shape[1]

    def held(ridge: float) -> Floats:
        against = np.concatenate([np.ones(size), np.full(size, ridge), np.zeros(1)])
        return np.asarray(np.linalg.solve(square + np.diag(against), product), np.float32)

    return min(map(held, _RIDGES), key=lambda solved: float(np.square(wanted - given @ solved).sum()))


def _rows(pieces: Mapping[str, int], text: str, offsets: NDArray[np.int32]) -> NDArray[np.intp]:
    """The rows of a text's pieces; one that the sample lacks stands in for another, always the same."""
    found = [
        pieces[piece] if piece in pieces else zlib.crc32(piece.encode("utf-8", "surrogatepass")) % len(pieces)
        for piece in _pieces(text, offsets)
    ]
    return np.array(found, np.intp)


def _pieces(text: str, offsets: NDArray[np.int32]) -> Iterator[str]:
    """The word pieces of a text; one that goes on within a word is marked as such."""
    for start, end in offsets.tolist():
        inner = start > 0 and _INNER.match(text, start - 1) is not None
        yield ("##" if inner else "") + text[start:end].casefold()


def _unit(vector: NDArray[Any]) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
