"""The dense index: exact inner products over unit vectors, by FAISS. Derived from the store, kept in one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


class DenseIndex:
    """Passage ids and their vectors. Searching is safe from several threads; changing is not."""

    def __init__(self, dimension: int) -> None:
        """An empty index of vectors `[dimension]`."""
        import faiss

        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Reads an index that `save` wrote. Raises RuntimeError where the file is not one."""
        import faiss

        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        return index

    def save(self, path: Path) -> None:
        """Writes the index and waits until it is on the disk. Raises OSError where it cannot be written."""
        import faiss

        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(f"cannot write {path}") from error
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Adds vectors `[n, d]` of unit length under ids `[n]`."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)

    def remove(self, ids: Ids) -> None:
        """Removes the vectors with these ids."""
        if len(ids):
            self._index.remove_ids(ids)

    def ids(self) -> Ids:
        """Every id, in the order of the index."""
        import faiss

        return np.array(faiss.vector_to_array(self._index.id_map), np.int64)

    def search(self, vector: Floats, count: int, allowed: Ids | None = None) -> tuple[Ids, Floats]:
        """The `count` nearest ids and their cosines, best first; only among `allowed` where given."""
        import faiss

        if not len(self) or (allowed is not None and not len(allowed)):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        parameters = selector = None
        if allowed is not None:
            parameters = faiss.SearchParameters()
            parameters.sel = selector = faiss.IDSelectorBatch(allowed)  # named, so that it outlives the search
        faiss.omp_set_num_threads(1)  # a single question is searched by one thread in any case; more only wait
        scores, ids = self._index.search(vector[None, :], min(count, len(self)), params=parameters)
        del selector
        found = ids[0] >= 0
        return ids[0][found].astype(np.int64), scores[0][found].astype(np.float32)

    def cosines(self, ids: Ids, vector: Floats) -> Floats:
        """The cosine of each of these passages to a vector of unit length; 0 for an id that is not there."""
        cosines = np.zeros(len(ids), np.float32)
        for position, identity in enumerate(ids.tolist()):
            try:
                cosines[position] = self._index.reconstruct(identity) @ vector
            except RuntimeError:  # FAISS's word for an unknown id
                continue
        return cosines
