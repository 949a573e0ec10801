"""A sketch of a big exact index: every vector at four bits for two of its dimensions, by FAISS.

A question is held against all sketches at once with tables that fit into the processor's registers (André, Kermarrec
and Le Scouarnec, 2015), in a twentieth of the time that the vectors themselves take. What looks nearest is then put in
order by its vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Floats, Ids
from retrieval.machine import cores

_SAMPLE = 8192  # vectors that the sixteen values of every two dimensions are fitted to
_AT_ONCE = 16_384
_BITS = 4


def sketch_of(vectors: Any, count: Callable[[int], None]) -> Any:
    """A FAISS index that sketches the vectors of another, place by place; says of how many at a time."""
    import faiss

    faiss.omp_set_num_threads(1)  # fitting is made of tiny steps, after each of which threads would wait for each other
    dimension, total = int(vectors.d), int(vectors.ntotal)
    parts = dimension // 2 if dimension % 2 == 0 else dimension
    sketch: Any = faiss.IndexPQFastScan(dimension, parts, _BITS, faiss.METRIC_INNER_PRODUCT)
    sketch.pq.cp.min_points_per_centroid = 1  # no word on stderr about a sample of the size that was asked for
    sketch.train(vectors.reconstruct_batch(_chosen(total)))
    faiss.omp_set_num_threads(cores())
    for first in range(0, total, _AT_ONCE):
        some = vectors.reconstruct_n(first, min(_AT_ONCE, total - first))
        sketch.add(some)
        count(len(some))
    faiss.omp_set_num_threads(1)
    return sketch


def nearest(sketch: Any, vector: Floats, count: int, left_out: NDArray[np.bool_] | None) -> Ids:
    """The places of the `count` vectors that look nearest, but for those `left_out` `[n]`; in no order."""
    total = int(sketch.ntotal)
    asked = count if left_out is None else 5 * count * total // (4 * max(total - int(left_out.sum()), 1))
    while True:
        places = sketch.search(vector[None, :], min(asked, total))[1][0]
        kept = places if left_out is None else places[~left_out[places]]
        if len(kept) >= count or asked >= total:
            return np.asarray(kept[:count], np.int64)
        asked *= 2  # of what lies near, all may be left out: whole documents go


def _chosen(count: int) -> Ids:
    """Places chosen by chance, the same ones each time."""
    return np.sort(np.random.default_rng(0).choice(count, min(_SAMPLE, count), replace=False)).astype(np.int64)
