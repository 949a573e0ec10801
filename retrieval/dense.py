"""The dense index: inner products of unit vectors, by FAISS. Derived from the store, kept in a folder.

A big `base` file never changes, so that generations share it by hard links; beside it stands what came since (`fresh`)
and which of the base's passages are gone (`removed`). When that has grown, all is folded into a new base: by a change
where the base is small, else afterwards (`retrieval.compaction`), so that nobody waits for it.

The base holds every vector and is mapped from disk. Beyond `EXACT` passages not all of them are compared: a `sketch`
(`retrieval.approximate`) tells which may be near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.approximate import nearest, sketch_of
from retrieval.arrays import Floats, Ids
from retrieval.disk import link

EXACT = 50_000  # passages that are compared one by one, in some four milliseconds
_CHOSEN = 16  # times as many passages as are wanted are chosen by their sketches
_FEWEST_CHOSEN = 960  # passages at least are chosen by their sketches, however few are wanted
_MOST_BESIDE = 8192  # passages beside a base; where it is small, a tenth of it
_FEW_ALLOWED = 1 / 16  # of the base are compared one by one
_BITMAP = 10_000  # passages from which on a filter is a bitmap
_BASE, _SKETCH, _FRESH, _REMOVED = "base.faiss", "sketch.faiss", "fresh.faiss", "removed.npy"


def _unheard(_: int) -> None:
    """Whom nobody asked for numbers."""


class DenseIndex:
    """Passage ids and their vectors. Searching is safe from several threads; changing is not."""

    def __init__(self, base: Any, sketch: Any, fresh: Any, removed: Ids, saved: Path | None) -> None:
        """Use `of` or `load`; `saved` is the folder in which base and sketch stand already."""
        self._base, self._sketch, self._fresh = base, sketch, fresh
        self._removed, self._saved = removed, saved
        self._look_up()

    def _look_up(self) -> None:
        """What a search by sketches needs: the ids by place, and which places are gone."""
        import faiss

        self._ids: Ids = faiss.vector_to_array(self._base.id_map)
        self._gone = np.isin(self._ids, self._removed) if len(self._removed) else None

    @classmethod
    def of(
        cls, dimension: int, vectors: Iterable[tuple[Ids, Floats]], count: Callable[[int], None] = _unheard
    ) -> DenseIndex:
        """An index of unit vectors `[n, d]` under ids `[n]`; `count` hears of the `steps` that were done."""
        base = _empty(dimension)
        for ids, some in vectors:
            base.add_with_ids(some, ids)
            count(len(ids))
        return cls(base, _sketch_of(base, count), _empty(dimension), np.zeros(0, np.int64), None)

    @classmethod
    def load(cls, folder: Path) -> DenseIndex:
        """Reads an index that `save` wrote. Raises RuntimeError, ValueError or OSError where it is none."""
        import faiss

        base = faiss.read_index(str(folder / _BASE), faiss.IO_FLAG_MMAP_IFC)
        sketch = faiss.read_index(str(folder / _SKETCH)) if (folder / _SKETCH).exists() else None
        return cls(base, sketch, faiss.read_index(str(folder / _FRESH)), np.load(folder / _REMOVED), folder)

    def save(self, folder: Path) -> None:
        """Writes the index; the caller sees to it that it reaches the disk. Raises OSError."""
        folder.mkdir()
        for index, name in ((self._base, _BASE), (self._sketch, _SKETCH)):
            if index is not None and self._saved is not None:
                link(self._saved / name, folder / name)
            elif index is not None:
                _write(index, folder / name)
        self._saved = folder
        _write(self._fresh, folder / _FRESH)
        np.save(folder / _REMOVED, self._removed)

    def __len__(self) -> int:
        return int(self._base.ntotal) - len(self._removed) + int(self._fresh.ntotal)

    @property
    def exact(self) -> bool:
        """Whether every vector is compared."""
        return self._sketch is None

    def change(self, removed: Ids, added: Iterable[tuple[Ids, Floats]]) -> None:
        """Removes the vectors with these ids, then adds unit vectors `[n, d]` under ids `[n]`."""
        import faiss

        if len(removed):
            here = np.isin(removed, faiss.vector_to_array(self._fresh.id_map))
            self._fresh.remove_ids(np.asarray(removed[here], np.int64))
            self._removed = np.union1d(self._removed, removed[~here])
        for ids, vectors in added:
            self._fresh.add_with_ids(vectors, ids)
            if self._beside() > 2 * _MOST_BESIDE:
                self._fold()
        if self._beside() > (int(self._base.ntotal) // 10 if self.exact else 2 * _MOST_BESIDE):
            self._fold()
        self._settle()

    @staticmethod
    def crowded(folder: Path) -> bool:
        """Whether so much stands beside the base of a saved index that `fold` is due. Raises as `load`."""
        import faiss

        beside = len(np.load(folder / _REMOVED)) + int(faiss.read_index(str(folder / _FRESH)).ntotal)
        return beside > _MOST_BESIDE

    def fold(self) -> None:
        """Makes a base of all there is."""
        self._fold()
        self._settle()

    def _settle(self) -> None:
        if self._saved is None:
            self._sketch = _sketch_of(self._base)
        self._look_up()

    def _beside(self) -> int:
        return len(self._removed) + int(self._fresh.ntotal)

    def _fold(self) -> None:
        import faiss

        base: Any = self._base if self._saved is None else faiss.read_index(str(self._saved / _BASE))
        if len(self._removed):
            base.remove_ids(self._removed)
        if self._fresh.ntotal:
            vectors = self._fresh.index.reconstruct_n(0, int(self._fresh.ntotal))
            base.add_with_ids(vectors, faiss.vector_to_array(self._fresh.id_map))
        self._base, self._saved = base, None
        self._fresh, self._removed = _empty(base.d), np.zeros(0, np.int64)

    def search(self, vector: Floats, count: int, allowed: Ids | None = None) -> tuple[Ids, Floats]:
        """The `count` nearest ids and their cosines, best first; only among `allowed` where given."""
        import faiss

        faiss.omp_set_num_threads(1)  # a single question is searched by one thread in any case; more only wait
        there = None if allowed is None else allowed[~np.isin(allowed, self._removed)]
        if self._sketch is None or (allowed is not None and len(allowed) < _FEW_ALLOWED * len(self._ids)):
            found = _search(self._base, vector, count, there, self._removed if allowed is None else None)
        else:
            found = self._search_sketched(vector, max(_CHOSEN * count, _FEWEST_CHOSEN), there)
        ids, cosines = found
        if self._fresh.ntotal:
            also, their_cosines = _search(self._fresh, vector, count, allowed, None)
            ids, cosines = np.concatenate([ids, also]), np.concatenate([cosines, their_cosines])
        best = np.argsort(-cosines, kind="stable")[:count]
        return ids[best].astype(np.int64), cosines[best].astype(np.float32)

    def _search_sketched(self, vector: Floats, count: int, there: Ids | None) -> tuple[NDArray[Any], NDArray[Any]]:
        left_out = self._gone if there is None else ~np.isin(self._ids, there)
        places = nearest(self._sketch, vector, count, left_out)
        return self._ids[places], self._base.index.reconstruct_batch(places) @ vector

    def vectors(self, ids: Ids) -> Floats:
        """The vectors `[n, d]` with these ids. Raises RuntimeError for an id that is not there."""
        import faiss

        if not self._fresh.ntotal and len(ids):
            return np.asarray(self._base.reconstruct_batch(ids))
        found = np.empty((len(ids), int(self._base.d)), np.float32)
        fresh = np.isin(ids, faiss.vector_to_array(self._fresh.id_map))
        for index, there in ((self._fresh, fresh), (self._base, ~fresh)):
            if there.any():
                found[there] = index.reconstruct_batch(ids[there])
        return found


def steps(vectors: int) -> int:
    """Of making an index of so many vectors: each is taken in, and sketched where they are many."""
    return vectors if vectors <= EXACT else 2 * vectors


def _empty(dimension: int) -> Any:
    """A FAISS index with ids that compares every vector, in half precision."""
    import faiss

    half = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexIDMap2(faiss.IndexScalarQuantizer(dimension, half, faiss.METRIC_INNER_PRODUCT))


def _sketch_of(base: Any, count: Callable[[int], None] = _unheard) -> Any:
    return sketch_of(base.index, count) if base.ntotal > EXACT else None


def _search(
    index: Any, vector: Floats, count: int, allowed: Ids | None, without: Ids | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    import faiss

    if not index.ntotal or (allowed is not None and not len(allowed)):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    parameters: Any = faiss.SearchParameters()
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
