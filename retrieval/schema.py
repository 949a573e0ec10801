"""The tables of a library's SQLite file, and the way to them from those that older versions made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np

from retrieval import texts
from retrieval.connection import is_logged, transaction
from retrieval.errors import LibraryError

SCHEMA_VERSION = 4

_TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, title TEXT NOT NULL,
    titled INTEGER NOT NULL, date TEXT, language TEXT NOT NULL, layout TEXT NOT NULL, characters INTEGER NOT NULL,
    body_start INTEGER NOT NULL, headings TEXT NOT NULL, pages TEXT NOT NULL, passages INTEGER NOT NULL,
    words INTEGER NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL DEFAULT 0, inode INTEGER NOT NULL DEFAULT 0);
{texts.TABLE};
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, line INTEGER NOT NULL, page INTEGER, headings TEXT NOT NULL, sentences BLOB NOT NULL,
    text TEXT NOT NULL, key BLOB NOT NULL);
CREATE INDEX passages_document ON passages (document);
CREATE INDEX passages_key ON passages (key);
CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, evidence BLOB NOT NULL);
CREATE TABLE skipped (
    path TEXT PRIMARY KEY, reason TEXT NOT NULL, size INTEGER, mtime_ns INTEGER,
    ctime_ns INTEGER NOT NULL DEFAULT 0, inode INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""
_TO_VERSION: dict[int, tuple[str | Callable[[sqlite3.Connection], None], ...]] = {
    2: (
        *(
            f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0"
            for table in ("documents", "skipped")
            for column in ("ctime_ns", "inode")
        ),
        # Version 1 lost vectors that were still in use: without "cutting", the next build starts over.
        "DELETE FROM meta WHERE key = 'cutting' AND EXISTS "
        "(SELECT 1 FROM passages WHERE key NOT IN (SELECT key FROM vectors))",
    ),
    3: (
        "DROP INDEX IF EXISTS documents_sha256",  # nothing looked documents up by it
        "UPDATE vectors SET vector = halved(vector)",
    ),
    4: ("ALTER TABLE texts RENAME TO whole_texts", texts.TABLE, texts.divide_whole, "DROP TABLE whole_texts"),
}


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes the tables in an empty file, or brings those of an older version up to date, all of it or nothing.

    Raises LibraryError where the file cannot be used; sqlite3.DatabaseError where it is damaged.
    """
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        with transaction(connection):
            _make(connection)
    if 0 < _version(connection) < SCHEMA_VERSION:
        connection.create_function("halved", 1, halved, deterministic=True)
        try:
            with transaction(connection):
                _upgrade(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise
            raise LibraryError(
                f"The library at {path.parent} was made by an older version of Seedbot and is read-only here: "
                "run any command once where it can be written."
            ) from error
    if _version(connection) != SCHEMA_VERSION:
        raise LibraryError(
            f"The library at {path.parent} was made by another version of Seedbot "
            f"(format {_version(connection)}, this one reads {SCHEMA_VERSION}): run `seedbot build --full`."
        )
    _refuse_cut(connection, path)


def halved(vector: bytes) -> bytes:
    """A vector of single precision in half of it: two bytes a dimension, a cosine of at least 0.9999999 to itself."""
    return np.frombuffer(vector, np.float32).astype(np.float16).tobytes()


def _make(connection: sqlite3.Connection) -> None:
    if _version(connection):  # another process made them meanwhile
        return
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _upgrade(connection: sqlite3.Connection) -> None:
    for version in range(_version(connection) + 1, SCHEMA_VERSION + 1):
        for step in _TO_VERSION[version]:
            if isinstance(step, str):
                connection.execute(step)
            else:
                step(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _refuse_cut(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite reads what is missing of the last page as zeros. What stands in the log may not be in the file yet."""
    pages, size = (connection.execute(f"PRAGMA page_{what}").fetchone()[0] for what in ("count", "size"))
    if not is_logged(path) and path.stat().st_size < pages * size:
        raise sqlite3.DatabaseError("it is cut short")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
