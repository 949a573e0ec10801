"""The approximate base of a big dense index: an inverted file of vectors at one byte a dimension, by FAISS.

Vectors stand in lists by the nearest of some centroids, and a question is compared with those in the nearest lists
(Sivic and Zisserman, 2003). How many lists that takes depends on the texts, so it is measured at each making, with what
stands for questions; the exact answers to those are found in passing while the vectors are added.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

QUERIES = 256  # that stand for questions
_PER_LIST = 40  # vectors of the sample for each centroid
_ROUNDS = 8  # of k-means
_NEAREST = 20
_RECALL = 0.9925  # of what is nearest to them
_GROWTH = 2  # times as many vectors, or as few, as the lists were made for


def sample_size(count: int) -> int:
    """How many vectors to choose the centroids for `count` of them from."""
    return min(count, _PER_LIST * _lists(count))


def outgrown(base: Any, count: int) -> bool:
    """Whether an approximate base was made for far fewer or far more than `count` vectors."""
    return not _lists(count // _GROWTH) <= base.nlist <= _lists(count * _GROWTH)


def make_approximate(sample: Floats, queries: Floats, count: int, vectors: Iterable[tuple[Ids, Floats]]) -> Any:
    """A FAISS index of `vectors`, some `count` of them, in chunks; `queries` `[q, d]` stand for questions."""
    import faiss

    faiss.omp_set_num_threads(os.cpu_count() or 1)
    index: Any = faiss.index_factory(sample.shape[1], f"IVF{_lists(count)},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True
    index.cp.niter = _ROUNDS
    index.cp.min_points_per_centroid = 1  # no word on stderr about a sample of the size that was asked for
    index.train(sample)
    nearest = _Nearest(queries)
    for ids, chunk in nearest.watching(vectors):
        index.add_with_ids(chunk, ids)
    index.nprobe = _lists_to_search(index, queries, nearest.ids)
    faiss.omp_set_num_threads(1)
    return index


class _Nearest:
    """The exact answers to `queries`, found while the vectors pass: `ids` `[q, n]`."""

    def __init__(self, queries: Floats) -> None:
        self._queries = queries
        self._scores = np.full((len(queries), _NEAREST), -np.inf, np.float32)
        self.ids = np.full((len(queries), _NEAREST), -1, np.int64)

    def watching(self, vectors: Iterable[tuple[Ids, Floats]]) -> Iterator[tuple[Ids, Floats]]:
        for ids, chunk in vectors:
            scores = np.concatenate([self._scores, self._queries @ chunk.T], axis=1)
            known = np.concatenate([self.ids, np.broadcast_to(ids, (len(self.ids), len(ids)))], axis=1)
            best = np.argpartition(-scores, _NEAREST - 1, axis=1)[:, :_NEAREST]
            self._scores, self.ids = np.take_along_axis(scores, best, 1), np.take_along_axis(known, best, 1)
            yield ids, chunk


def _lists_to_search(index: Any, queries: Floats, nearest: Ids) -> int:
    """About the fewest lists that hold what is nearest. More are asked for: the order is made by better cosines."""
    lists = 8
    while lists < index.nlist:
        index.nprobe = lists
        _, found = index.search(queries, 6 * _NEAREST)
        hits = sum(len(set(own) & set(true)) for own, true in zip(found.tolist(), nearest.tolist(), strict=True))
        if hits >= _RECALL * nearest.size:
            break
        lists += lists // 4
    return min(lists, int(index.nlist))


def _lists(count: int) -> int:
    """Twice the square root: to find the nearest lists then costs about as much as to search them."""
    return max(1, int(2 * count**0.5))
