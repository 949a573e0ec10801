"""The two indexes of a generation: made from the store, stamped, and made again when the stamp does not fit.

A generation's indexes stand in `index-<generation>`. `stamp.json`, written last, names the library and the generation
and lists the size of every file, so that an unfinished or damaged folder is noticed before it is used.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from retrieval.dense import DenseIndex, steps
from retrieval.disk import flush
from retrieval.lexical import IndexedPassage, LexicalIndex, copy_index, passages_on_disk
from retrieval.rows import DocumentRow
from retrieval.store import Store
from retrieval.terms import analyse
from retrieval.types import Progress

FORMAT = 3
_CHUNK = 1024  # passages between two words on how far it is
_MUCH_MORE = 3  # times as many passages as before are indexed anew
_MOST_REMOVED = 0.3  # of the passages in a lexical index may be gone before it is made anew
_FEW = 1000  # passages may be gone from a lexical index in any case, however small it is
_NAME = re.compile("index-[0-9]+")

Report = Callable[[Progress], None]
Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes that answer for one generation."""

    generation: int
    dense: DenseIndex
    lexical: LexicalIndex


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync did to the store, by document id; `removed_passages` are ids that the store no longer has.

    With `fold`, nothing was done, but what stands beside the base of the dense index is folded into it.
    """

    removed: Sequence[int] = ()
    removed_passages: Sequence[int] = ()
    added: Sequence[int] = ()
    fold: bool = False


def open_indexes(library: Path, store: Store) -> Indexes | None:
    """The stamped indexes of the store's generation, or None where they are missing, damaged or of another library."""
    generation = store.generation
    folder = _folder(library, generation)
    if not _stamp_fits(folder, store.meta("library"), generation):
        return None
    try:
        return Indexes(generation, DenseIndex.load(folder / "dense"), _open_lexical(folder / "lexical"))
    except (RuntimeError, ValueError, OSError):
        return None


def write_indexes(
    library: Path, store: Store, generation: int, *, change: Change | None = None, report: Report | None = None
) -> None:
    """Makes the indexes of `generation` on the disk: from the previous ones and `change`, or from nothing.

    Reads the rows as the store's open transaction has them. Raises OSError where they cannot be written.
    """
    report = report or _nobody
    folder = _folder(library, generation)
    shutil.rmtree(folder, ignore_errors=True)
    previous = open_indexes(library, store) if change is not None else None
    folder.mkdir(parents=True)
    if change is None or previous is None or store.count_passages() > _MUCH_MORE * len(previous.dense):
        dense, change = _make_dense(store, report), None
        (folder / "lexical").mkdir()
    else:
        dense = previous.dense
        if change.fold:
            dense.fold()
        else:
            dense.change(np.array(change.removed_passages, np.int64), store.all_vectors(change.added))
        copy_index(_folder(library, previous.generation) / "lexical", folder / "lexical")
    dense.save(folder / "dense")
    _fill(LexicalIndex(folder / "lexical"), store, change, report)
    _stamp(folder, store.meta("library"), generation)


def memory_indexes(store: Store) -> Indexes:
    """The indexes of the store's generation, made in memory: for a library that cannot be written to."""
    lexical = LexicalIndex(None)
    _fill(lexical, store, None, _nobody)
    return Indexes(store.generation, _make_dense(store, _nobody), lexical)


def wasteful(library: Path, store: Store) -> bool:
    """Whether the indexes of the store's generation hold so much of what is gone that they are better made anew."""
    folder = _folder(library, store.generation)
    try:
        removed, total = passages_on_disk(folder / "lexical")
        return removed > max(_MOST_REMOVED * total, _FEW)
    except (ValueError, OSError):
        return False  # they are made anew in any case


def crowded(library: Path, store: Store) -> bool:
    """Whether the dense index of the store's generation is worth folding."""
    try:
        return DenseIndex.crowded(_folder(library, store.generation) / "dense")
    except (RuntimeError, ValueError, OSError):
        return False  # it is made anew in any case


def remove_other_indexes(library: Path, generation: int) -> None:
    """Removes what older generations and killed builds left behind."""
    for folder in index_folders(library):
        if folder != _folder(library, generation):
            shutil.rmtree(folder, ignore_errors=True)


def index_folders(library: Path) -> list[Path]:
    """The folders of all generations; what else the library's folder holds may be somebody's own."""
    return [folder for folder in library.glob("index-*") if _NAME.fullmatch(folder.name)]


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


def _nobody(_: Progress) -> None:
    """Whom nothing is reported to."""


def _counter(report: Report, stage: Literal["vectors", "indexing"], total: int) -> Count:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        report(Progress(stage, min(done, total), total))

    return count


def _make_dense(store: Store, report: Report) -> DenseIndex:
    count = _counter(report, "vectors", steps(store.count_passages()))
    return DenseIndex.of(int(store.meta("dimension")), store.all_vectors(), count)


def _fill(lexical: LexicalIndex, store: Store, change: Change | None, report: Report) -> None:
    added = None if change is None else change.added
    count = _counter(report, "indexing", store.count_passages() if added is None else len(store.passage_ids(added)))

    def rows() -> Iterator[IndexedPassage]:
        stored = store.indexed(added)
        while some := list(islice(stored, _CHUNK)):
            for identity, document, text, headings in some:
                body = [term.text for term in analyse(text, document.language)]
                yield IndexedPassage(identity, document.id, body, context_terms(document, json.loads(headings)))
            count(len(some))

    lexical.change([] if change is None else change.removed, rows())


def _files(folder: Path) -> dict[str, int]:
    """Sizes of the files that do not change once the index is made."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != "stamp.json"]
    return {str(p.relative_to(folder)): p.stat().st_size for p in sorted(names) if p.suffix != ".lock"}


def _stamp(folder: Path, library: str, generation: int) -> None:
    for path in [*folder.rglob("*")]:
        flush(path)
    stamp = {"format": FORMAT, "library": library, "generation": generation, "files": _files(folder)}
    (folder / "stamp.json").write_text(json.dumps(stamp), encoding="utf-8")
    flush(folder / "stamp.json")
    flush(folder)


def _stamp_fits(folder: Path, library: str, generation: int) -> bool:
    try:
        stamp = json.loads((folder / "stamp.json").read_text("utf-8"))
        return bool(stamp == {"format": FORMAT, "library": library, "generation": generation, "files": _files(folder)})
    except (OSError, ValueError):
        return False
