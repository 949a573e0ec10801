"""The dense index: inner products of unit vectors, by FAISS. Derived from the store, kept in a folder.

A big `base` file never changes, so that generations share it by hard links; beside it stands what came since (`fresh`)
and which of the base's passages are gone (`removed`). When that has grown, all is folded into a new base.

The base is exact up to `EXACT` passages, beyond that an approximate one (`retrieval.approximate`) mapped from disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.approximate import outgrown
from retrieval.disk import link

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

EXACT = 100_000  # passages that are searched one by one in some four milliseconds
_GROWTH = 1.25  # from which on too many for an exact base
_MOST_FRESH = 8192  # passages beside the base; a tenth of it at most
_SPARE = 2  # times as many are asked of an approximate base, since they are put in order by better cosines
_BITMAP = 10_000  # passages from which on a filter is a bitmap
_BASE, _FRESH, _REMOVED = "base.faiss", "fresh.faiss", "removed.npy"


class DenseIndex:
    """Passage ids and their vectors. Searching is safe from several threads; changing is not."""

    def __init__(self, base: Any, fresh: Any, removed: Ids, saved: Path | None) -> None:
        """Use `made_of` or `load`; `saved` is the file in which the base stands already."""
        self._base: Any = base
        self._fresh: Any = fresh
        self._removed, self._saved = removed, saved
        self._dimension = int(fresh.d)

    @classmethod
    def made_of(cls, base: Any) -> DenseIndex:
        """An index of a FAISS index with ids, `empty_exact` or one of `retrieval.approximate`."""
        return cls(base, empty_exact(base.d), np.zeros(0, np.int64), None)

    @classmethod
    def load(cls, folder: Path) -> DenseIndex:
        """Reads an index that `save` wrote. Raises RuntimeError, ValueError or OSError where it is none."""
        import faiss

        base = faiss.read_index(str(folder / _BASE), faiss.IO_FLAG_MMAP)
        if hasattr(base, "invlists"):
            lists: Any = faiss.downcast_InvertedLists(base.invlists)
            lists.prefetch_nthread = 0  # threads that read ahead would cost more than the search
        return cls(base, faiss.read_index(str(folder / _FRESH)), np.load(folder / _REMOVED), folder / _BASE)

    def save(self, folder: Path) -> None:
        """Writes the index; the caller sees to it that it reaches the disk. Raises OSError."""
        folder.mkdir()
        if self._saved is None:
            _write(self._base, folder / _BASE)
            self._saved = folder / _BASE
        else:
            link(self._saved, folder / _BASE)
        _write(self._fresh, folder / _FRESH)
        np.save(folder / _REMOVED, self._removed)

    def __len__(self) -> int:
        return int(self._base.ntotal) - len(self._removed) + int(self._fresh.ntotal)

    @property
    def exact(self) -> bool:
        """Whether the base is; what is fresh always is."""
        return not hasattr(self._base, "nprobe")

    def outgrown(self) -> bool:
        """Whether the base is of a kind or a shape for far fewer or far more passages."""
        return len(self) > _GROWTH * EXACT if self.exact else outgrown(self._base, len(self))

    def change(self, removed: Ids, added: Iterable[tuple[Ids, Floats]]) -> None:
        """Removes the vectors with these ids, then adds unit vectors `[n, d]` under ids `[n]`."""
        import faiss

        if len(removed):
            here = np.isin(removed, faiss.vector_to_array(self._fresh.id_map))
            self._fresh.remove_ids(np.asarray(removed[here], np.int64))
            self._removed = np.union1d(self._removed, removed[~here])
        for ids, vectors in added:
            self._fresh.add_with_ids(vectors, ids)
            self._fold_beyond(_MOST_FRESH)
        self._fold_beyond(min(_MOST_FRESH, int(self._base.ntotal) // 10))

    def _fold_beyond(self, most: int) -> None:
        if len(self._removed) + int(self._fresh.ntotal) > most:
            self._fold()

    def _fold(self) -> None:
        import faiss

        base: Any = self._base if self._saved is None else faiss.read_index(str(self._saved))
        if len(self._removed):
            base.remove_ids(self._removed)
        if self._fresh.ntotal:
            vectors = self._fresh.index.reconstruct_n(0, int(self._fresh.ntotal))
            base.add_with_ids(vectors, faiss.vector_to_array(self._fresh.id_map))
        self._base, self._saved = base, None
        self._fresh, self._removed = empty_exact(self._dimension), np.zeros(0, np.int64)

    def search(self, vector: Floats, count: int, allowed: Ids | None = None) -> tuple[Ids, Floats]:
        """The `count` nearest ids and their cosines, best first; only among `allowed` where given.

        Of an index that is not `exact` they are twice as many with estimates, to be put in order by better cosines;
        among `allowed` every passage is looked at even then.
        """
        import faiss

        faiss.omp_set_num_threads(1)  # a single question is searched by one thread in any case; more only wait
        count *= 1 if self.exact else _SPARE
        found = [
            _search(self._base, vector, count, allowed, self._removed if allowed is None else None),
            _search(self._fresh, vector, count, allowed, None),
        ]
        ids, cosines = (np.concatenate(parts) for parts in zip(*found, strict=True))
        best = np.argsort(-cosines, kind="stable")[:count]
        return ids[best].astype(np.int64), cosines[best].astype(np.float32)

    def vectors(self, ids: Ids) -> Floats:
        """The vectors `[n, d]` with these ids of an `exact` index. Raises RuntimeError for an id that is not there."""
        import faiss

        found = np.empty((len(ids), self._dimension), np.float32)
        fresh = np.isin(ids, faiss.vector_to_array(self._fresh.id_map))
        for index, there in ((self._fresh, fresh), (self._base, ~fresh)):
            if there.any():
                found[there] = index.reconstruct_batch(ids[there])
        return found


def empty_exact(dimension: int) -> Any:
    """A FAISS index with ids that compares every vector, in half precision."""
    import faiss

    half = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexIDMap2(faiss.IndexScalarQuantizer(dimension, half, faiss.METRIC_INNER_PRODUCT))


def _search(
    index: Any, vector: Floats, count: int, allowed: Ids | None, without: Ids | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    import faiss

    if not index.ntotal or (allowed is not None and not len(allowed)):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    parameters: Any = faiss.SearchParameters()
    if hasattr(index, "nprobe"):
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = index.nprobe if allowed is None else index.nlist
    kept: list[Any] = []  # what a selector refers to must outlive the search
    if allowed is not None:
        kept.append(_selector(allowed))
    elif without is not None and len(without):
        kept += [faiss.IDSelectorBatch(without)]
        kept.append(faiss.IDSelectorNot(kept[-1]))
    if kept:
        parameters.sel = kept[-1]
    scores, ids = index.search(vector[None, :], min(count, int(index.ntotal)), params=parameters)
    found = ids[0] >= 0
    return ids[0][found], scores[0][found]


def _selector(ids: Ids) -> Any:
    import faiss

    if len(ids) < _BITMAP:
        return faiss.IDSelectorBatch(ids)
    there = np.zeros(int(ids.max()) + 1, bool)
    there[ids] = True
    bitmap: Any = faiss.IDSelectorBitmap
    return bitmap(np.packbits(there, bitorder="little"))


def _write(index: Any, path: Path) -> None:
    import faiss

    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"cannot write {path}") from error
