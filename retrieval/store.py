"""The truth: one SQLite file with documents, passages and vectors, changed in one transaction per sync.

`vectors` is keyed by what was embedded, so it doubles as the cache that lets a killed build go on where it stopped:
rows may stand there that no passage uses yet. Everything else belongs to the generation in `meta`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import texts
from retrieval.arrays import Floats, Ids
from retrieval.connection import connect, connect_or_freeze, explain, is_logged, transaction
from retrieval.rows import (
    STATE,
    DocumentRow,
    Entry,
    FileState,
    NewPassage,
    document_of,
    entry_of,
    pairs,
    passage_values,
)
from retrieval.schema import SCHEMA_VERSION, halved, prepare
from retrieval.types import Document, Heading, Outline, Source, Span

_AT_ONCE = 4096  # vectors
_AROUND = 8  # passages before and behind one that are looked at for what stands around it
_LONGEST_PASSAGE = 8_000  # characters before a place in which a passage begins that may reach there
_ATTEMPTS = 3  # at reading a document while another process replaces it


_COLUMNS = ("id", "path", "sha256", "title", "titled", "date", "language", "layout", *STATE)
_DOCUMENT = ", ".join(f"d.{name}" for name in _COLUMNS)


class Store:
    """The SQLite file of a library. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file. Raises LibraryDamaged, or LibraryError where another version made it."""
        self.path = path
        self._lock = threading.RLock()
        self._connection, self._frozen = connect_or_freeze(path)
        self._opened = _marks(path)
        with self.explained():
            prepare(self._connection, path)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def overtaken(self) -> bool:
        """Whether what stands at `path` is no longer what this reads: another file, or written after all."""
        try:
            now = _marks(self.path)
        except OSError:
            return False
        return now[0] != self._opened[0] or (self._frozen and (now != self._opened or is_logged(self.path)))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns SQLite's errors into the library's own."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise explain(error, self.path) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction: all of it or nothing."""
        with self._lock, self.explained(), transaction(self._connection):
            yield

    def meta(self, key: str, default: str = "") -> str:
        """A value that was set with `set_meta`."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else default

    def set_meta(self, **values: object) -> None:
        """Sets values, inside the caller's transaction."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(key, str(value)) for key, value in values.items()]
        )

    @property
    def generation(self) -> int:
        """How many syncs changed this library; 0 before the first."""
        return int(self.meta("generation", "0"))

    def documents(self) -> list[DocumentRow]:
        """Every document, by path."""
        return [document_of(row) for row in self._read(f"SELECT {_DOCUMENT} FROM documents d ORDER BY path")]  # noqa: S608 - a constant

    def sources(self) -> list[Source]:
        """Every document as it is listed to people, by path."""
        rows = self._read("SELECT path, title, date, sha256, characters, passages FROM documents ORDER BY path")
        return [Source(*row) for row in rows]

    def languages(self) -> frozenset[str]:
        """The languages of the documents."""
        return frozenset(row[0] for row in self._read("SELECT DISTINCT language FROM documents"))

    def outline(self, path: str) -> Outline | None:
        """A document without its text."""
        found = self._outline(path)
        return found and found[1]

    def document(self, path: str) -> Document | None:
        """A document with its text as it was indexed."""
        found = self._with_text(path, None)
        if found is None:
            return None
        about, text, _ = found
        return about.with_text(text)

    def slice(self, path: str, span: Span) -> tuple[Outline, str, int] | None:
        """A document without its text, a slice of that, which may end before `span`, and the line it begins on."""
        return self._with_text(path, span)

    def blocks(self, path: str) -> Iterator[str]:
        """The text of a document, a little at a time; nothing where it is not there."""
        query = "SELECT text FROM blocks WHERE document = (SELECT id FROM documents WHERE path = ?) ORDER BY number"
        with self.explained():
            for row in self._connection.execute(query, (path,)):
                yield row[0]

    def sentences(self, path: str, span: Span) -> list[Span]:
        """The sentences of a document that lie within `span`; nothing where it is not there."""
        query = (
            "SELECT start, sentences FROM passages WHERE document = (SELECT id FROM documents WHERE path = ?) "
            "AND start BETWEEN ? AND ? ORDER BY start"
        )
        rows = self._read(query, (path, span.start - _LONGEST_PASSAGE, span.end))
        return _bounds(rows, span)

    def sentences_around(self, passage: int, document: int, reach: Span) -> list[Span]:
        """The sentences within `reach` of a passage and of a few before and behind it under the same headings."""
        rows = self._read(
            "SELECT p.start, p.sentences FROM passages p JOIN passages own ON own.id = ? "
            "WHERE p.id BETWEEN ? AND ? AND p.document = ? AND p.headings = own.headings "
            "AND p.start < ? AND p.start + length(p.text) > ? ORDER BY p.id",
            (passage, passage - _AROUND, passage + _AROUND, document, reach.end, reach.start),
        )
        return _bounds(rows, reach)

    def text(self, document: int, span: Span) -> str:
        """A slice of a document's text; empty where the document is gone."""
        return self._slice(document, span)[0]

    def _slice(self, document: int, span: Span) -> tuple[str, int]:
        """A slice and the line it begins on; reads the blocks that it touches."""
        query = "SELECT line, text FROM blocks WHERE document = ? AND number BETWEEN ? AND ? ORDER BY number"
        first, last = texts.numbers_of(span)
        rows = self._read(query, (document, first, last))
        if not rows:
            return "", 1
        offset = first * texts.BLOCK
        text = "".join(row[1] for row in rows)
        line = int(rows[0][0]) + text.count("\n", 0, span.start - offset)
        return text[span.start - offset : span.end - offset], line

    def _outline(self, path: str) -> tuple[int, Outline] | None:
        if not texts.is_text(path):
            return None
        rows = self._read(
            "SELECT id, path, sha256, title, characters, date, body_start, headings, pages, layout, titled "
            "FROM documents WHERE path = ?",
            (path,),
        )
        if not rows:
            return None
        identity, path, sha256, title, characters, date, body_start, headings, pages, layout, titled = rows[0]
        found = tuple(Heading(Span(a, b), level, name) for a, b, level, name in json.loads(headings))
        return identity, Outline(
            path,
            sha256,
            title,
            characters,
            date=date,
            body_start=body_start,
            headings=found,
            pages=tuple(json.loads(pages)),
            layout=layout,
            titled=bool(titled),
        )

    def _with_text(self, path: str, span: Span | None) -> tuple[Outline, str, int] | None:
        """Reads in two steps what yet belongs together: a document that was replaced between them has another id."""
        for _ in range(_ATTEMPTS):
            found = self._outline(path)
            if found is None:
                break
            identity, about = found
            most = about.characters
            wanted = Span(0, most) if span is None else Span(min(span.start, most), min(span.end, most))
            text, line = self._slice(identity, wanted)
            if len(text) == len(wanted):
                return about, text, line
        return None

    def entries(self, ids: Iterable[int]) -> list[Entry]:
        """The passages with these ids, in their order; ids that are not there any more are left out."""
        wanted = list(ids)
        if not wanted:
            return []
        rows = self._read(
            f"SELECT p.id, p.start, p.line, p.page, p.headings, p.sentences, p.text, v.evidence, {_DOCUMENT} "  # noqa: S608 - constants and marks
            "FROM passages p JOIN documents d ON d.id = p.document JOIN vectors v ON v.key = p.key "
            f"WHERE p.id IN ({','.join('?' * len(wanted))})",
            wanted,
        )
        found = {row[0]: entry_of(row) for row in rows}
        return [found[i] for i in wanted if i in found]

    def passage_ids(self, documents: Iterable[int]) -> Ids:
        """The ids of all passages of some documents."""
        query = "SELECT id FROM passages WHERE document IN (SELECT value FROM json_each(?))"
        return np.array([row[0] for row in self._read(query, (json.dumps(list(documents)),))], np.int64)

    def indexed(self, documents: Sequence[int] | None = None) -> Iterator[tuple[int, DocumentRow, str, str]]:
        """What the lexical index is made of: passage id, document, text and headings (JSON), for all or some."""
        query = f"SELECT p.id, p.text, p.headings, {_DOCUMENT} FROM passages p JOIN documents d ON d.id = p.document"  # noqa: S608 - constants
        for row in self._of(query, documents):
            yield row[0], document_of(row[3:]), row[1], row[2]

    def all_vectors(self, documents: Sequence[int] | None = None) -> Iterator[tuple[Ids, Floats]]:
        """The ids and vectors `[n, d]` of all passages, or of those of some documents, some thousands at a time."""
        rows = self._of("SELECT p.id, v.vector FROM passages p JOIN vectors v ON v.key = p.key", documents)
        while some := list(islice(rows, _AT_ONCE)):
            yield self._unpacked(some)

    def _unpacked(self, rows: Sequence[tuple[int, bytes]]) -> tuple[Ids, Floats]:
        halves = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        vectors = halves.astype(np.float32).reshape(len(rows), int(self.meta("dimension")))
        return np.array([row[0] for row in rows], np.int64), vectors

    def _of(self, query: str, documents: Sequence[int] | None) -> Iterator[Any]:
        """The rows of a query over passages `p`, for all documents or some."""
        if documents is not None:
            query += " WHERE p.document IN (SELECT value FROM json_each(?))"
        with self.explained():
            yield from self._connection.execute(query, () if documents is None else (json.dumps(documents),))

    def count_passages(self) -> int:
        """How many passages there are."""
        return int(self._read("SELECT coalesce(sum(passages), 0) FROM documents")[0][0])

    def average_words(self) -> float:
        """How many terms a passage has on average."""
        total, count = self._read("SELECT sum(words), sum(passages) FROM documents")[0]
        return float(total or 0) / max(count or 0, 1)

    def skipped(self) -> dict[str, tuple[str, FileState]]:
        """The files that the last sync could not use: path -> reason and state."""
        rows = self._read("SELECT path, reason, size, mtime_ns, ctime_ns, inode FROM skipped")
        return {path: (reason, FileState(*state)) for path, reason, *state in rows}

    def known_keys(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of `keys` that have a vector already."""
        found: set[bytes] = set()
        for first in range(0, len(keys), 500):
            some = keys[first : first + 500]
            marks = ",".join("?" * len(some))
            found.update(row[0] for row in self._read(f"SELECT key FROM vectors WHERE key IN ({marks})", some))  # noqa: S608 - marks
        return found

    def add_vectors(self, rows: Iterable[tuple[bytes, Floats, bytes]]) -> None:
        """Keeps vectors `[d]` and evidence by key, in a transaction of their own."""
        values = ((key, halved(vector.tobytes()), evidence) for key, vector, evidence in rows)
        with self.transaction():
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", values)

    def add_document(
        self, about: Outline, language: str, state: FileState, blocks: Iterable[str], passages: Iterable[NewPassage]
    ) -> int:
        """Adds a document with its text and its passages inside the caller's transaction and returns its id."""
        headings = json.dumps([[h.span.start, h.span.end, h.level, h.text] for h in about.headings])
        cursor = self._connection.execute(
            "INSERT INTO documents (path, sha256, title, titled, date, language, layout, characters, body_start, "
            "headings, pages, passages, words, size, mtime_ns, ctime_ns, inode) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                about.path, about.sha256, about.title, about.titled, about.date, language,
                about.layout, about.characters, about.body_start, headings, json.dumps(about.pages),
                0, 0, *astuple(state),
            ),
        )  # fmt: skip
        identity = int(cursor.lastrowid or 0)
        texts.insert(self._connection, identity, blocks)
        counted = words = 0

        def rows() -> Iterator[tuple[object, ...]]:
            nonlocal counted, words
            for new in passages:
                counted += 1
                words += new.words
                yield passage_values(identity, new)

        self._connection.executemany(
            "INSERT INTO passages (document, start, line, page, headings, sentences, text, key) "
            "VALUES (?,?,?,?,?,?,?,?)",
            rows(),
        )
        counts = (counted, words, identity)
        self._connection.execute("UPDATE documents SET passages = ?, words = ? WHERE id = ?", counts)
        return identity

    def remove_documents(self, ids: Sequence[int]) -> list[bytes]:
        """Removes documents and their passages, in the caller's transaction, and returns the keys of their vectors.

        The vectors stay, because the next version of a document may use most of them: see `remove_vectors`.
        """
        keys = [row[0] for one in ids for row in self._read("SELECT key FROM passages WHERE document = ?", (one,))]
        self._connection.executemany("DELETE FROM documents WHERE id = ?", [(one,) for one in ids])
        return keys

    def remove_vectors(self, keys: Iterable[bytes]) -> None:
        """Removes those of these vectors that no passage uses, in the caller's transaction."""
        self._connection.executemany(
            "DELETE FROM vectors WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM passages WHERE key = ?1)",
            [(key,) for key in keys],
        )

    def prune_vectors(self) -> None:
        """Removes every vector that no passage uses, in the caller's transaction."""
        self._connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT key FROM passages)")

    def rename_document(self, identity: int, path: str, title: str, state: FileState) -> None:
        """Gives a document another path, in the caller's transaction."""
        self._connection.execute("UPDATE documents SET path = ?, title = ? WHERE id = ?", (path, title, identity))
        self.set_states([(identity, state)])

    def set_states(self, states: Iterable[tuple[int, FileState]]) -> None:
        """Notes the files' new times where the content did not change, in the caller's transaction."""
        self._connection.executemany(
            "UPDATE documents SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE id = ?",
            [(*astuple(state), identity) for identity, state in states],
        )

    def set_skipped(self, skipped: Iterable[tuple[str, str, FileState]]) -> None:
        """Replaces the list of files that could not be used, in the caller's transaction."""
        self._connection.execute("DELETE FROM skipped")
        self._connection.executemany(
            "INSERT OR REPLACE INTO skipped (path, reason, size, mtime_ns, ctime_ns, inode) VALUES (?,?,?,?,?,?)",
            [(path, reason, *astuple(state)) for path, reason, state in skipped],
        )

    def check(self) -> str | None:
        """What SQLite's own integrity check finds wrong, or that vectors are missing, or None."""
        result = str(self._read("PRAGMA quick_check(1)")[0][0])
        if result != "ok":
            return result
        lost = self._read("SELECT count(*) FROM passages WHERE key NOT IN (SELECT key FROM vectors)")[0][0]
        return f"{lost} passages have no vector" if lost else None

    def _read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock, self.explained():
            return self._connection.execute(query, values).fetchall()


def _bounds(rows: Sequence[tuple[int, bytes]], reach: Span) -> list[Span]:
    """The sentences of passages that lie within `reach`, from where these begin and their column."""
    found = ((start + a, start + b) for start, raw in rows for a, b in pairs(raw))
    return [Span(begin, end) for begin, end in found if reach.start <= begin and end <= reach.end]


def is_foreign(path: Path) -> bool:
    """Whether a file that `Store` refuses is sound, but of a version that this one neither reads nor takes over."""
    with closing(connect(path)) as connection:
        query = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        version, tables = connection.execute(query).fetchone()
    return bool(tables) and not 0 < version <= SCHEMA_VERSION


def _marks(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
