"""The two indexes of a generation: made from the store, stamped, and made again when the stamp does not fit.

A generation's indexes stand in `index-<generation>`. `stamp.json`, written last, names the library and the generation
and lists the size of every file, so that an unfinished or damaged folder is noticed before it is used.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.dense import DenseIndex
from retrieval.lexical import IndexedPassage, LexicalIndex, copy_index
from retrieval.store import DocumentRow, Store
from retrieval.terms import analyse

FORMAT = 1
_CHUNK = 4096  # passages added at once

Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes that answer for one generation."""

    generation: int
    dense: DenseIndex
    lexical: LexicalIndex


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync did to the store, by document id; `removed_passages` are ids that the store no longer has."""

    removed: Sequence[int]
    removed_passages: Sequence[int]
    added: Sequence[int]


def open_indexes(library: Path, store: Store) -> Indexes | None:
    """The stamped indexes of the store's generation, or None where they are missing, damaged or of another library."""
    generation = store.generation
    folder = _folder(library, generation)
    if not _stamp_fits(folder, store.meta("library"), generation):
        return None
    try:
        return Indexes(generation, DenseIndex.load(folder / "dense.faiss"), _open_lexical(folder / "lexical"))
    except (RuntimeError, ValueError, OSError):
        return None


def write_indexes(
    library: Path, store: Store, generation: int, *, change: Change | None = None, count: Count | None = None
) -> Indexes:
    """Makes the indexes of `generation` on the disk: from the previous ones and `change`, or from nothing.

    Reads the rows as the store's open transaction has them. Raises OSError where they cannot be written.
    """
    folder = _folder(library, generation)
    shutil.rmtree(folder, ignore_errors=True)
    previous = open_indexes(library, store) if change is not None else None
    folder.mkdir(parents=True)
    if change is None or previous is None:
        (folder / "lexical").mkdir()
        indexes = _fill(Indexes(generation, _empty(store), LexicalIndex(folder / "lexical")), store, None, count)
    else:
        copy_index(_folder(library, previous.generation) / "lexical", folder / "lexical")
        previous.dense.remove(np.array(change.removed_passages, np.int64))
        lexical = LexicalIndex(folder / "lexical")
        indexes = _fill(Indexes(generation, previous.dense, lexical), store, change, count)
    indexes.dense.save(folder / "dense.faiss")
    _stamp(folder, store.meta("library"), generation)
    return indexes


def memory_indexes(store: Store) -> Indexes:
    """The indexes of the store's generation, made in memory: for a library that cannot be written to."""
    return _fill(Indexes(store.generation, _empty(store), LexicalIndex(None)), store, None, None)


def remove_other_indexes(library: Path, generation: int) -> None:
    """Removes what older generations and killed builds left behind."""
    for folder in library.glob("index-*"):
        if folder != _folder(library, generation):
            shutil.rmtree(folder, ignore_errors=True)


def context_terms(document: DocumentRow, headings: Sequence[str]) -> list[str]:
    """The words of a passage's title and headings."""
    return [term.text for term in analyse("\n".join([document.title, *headings]), document.language)]


def _open_lexical(folder: Path) -> LexicalIndex:
    """Raises ValueError where it is none. Tantivy writes a lock beside what it opens: if it may not, links stand in."""
    try:
        return LexicalIndex(folder)
    except ValueError:
        pass
    with tempfile.TemporaryDirectory() as links:  # wanted only while the files are opened
        for path in folder.iterdir():
            if path.suffix != ".lock":
                (Path(links) / path.name).symlink_to(path.absolute())
        return LexicalIndex(Path(links))


def _folder(library: Path, generation: int) -> Path:
    return library / f"index-{generation}"


def _empty(store: Store) -> DenseIndex:
    return DenseIndex(int(store.meta("dimension")))


def _fill(indexes: Indexes, store: Store, change: Change | None, count: Count | None) -> Indexes:
    def rows() -> Iterator[IndexedPassage]:
        ids: list[int] = []
        vectors: list[bytes] = []
        added = None if change is None else change.added
        for identity, document, text, headings, vector in store.indexed(added):
            ids.append(identity)
            vectors.append(vector)
            if len(ids) == _CHUNK:
                _add(indexes.dense, ids, vectors, count)
            body = [term.text for term in analyse(text, document.language)]
            yield IndexedPassage(identity, document.id, body, context_terms(document, json.loads(headings)))
        _add(indexes.dense, ids, vectors, count)

    indexes.lexical.change([] if change is None else change.removed, rows())
    return indexes


def _add(dense: DenseIndex, ids: list[int], vectors: list[bytes], count: Count | None) -> None:
    if ids:
        dense.add(np.array(ids, np.int64), np.frombuffer(b"".join(vectors), np.float32).reshape(len(ids), -1))
        if count is not None:
            count(len(ids))
        ids.clear()
        vectors.clear()


def _files(folder: Path) -> dict[str, int]:
    """Sizes of the files that do not change once the index is made."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != "stamp.json"]
    return {str(p.relative_to(folder)): p.stat().st_size for p in sorted(names) if p.suffix != ".lock"}


def _stamp(folder: Path, library: str, generation: int) -> None:
    for path in [*folder.rglob("*")]:
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    stamp = {"format": FORMAT, "library": library, "generation": generation, "files": _files(folder)}
    with (folder / "stamp.json").open("w", encoding="utf-8") as file:
        json.dump(stamp, file)
        file.flush()
        os.fsync(file.fileno())


def _stamp_fits(folder: Path, library: str, generation: int) -> bool:
    try:
        stamp = json.loads((folder / "stamp.json").read_text("utf-8"))
        return bool(stamp == {"format": FORMAT, "library": library, "generation": generation, "files": _files(folder)})
    except (OSError, ValueError):
        return False
