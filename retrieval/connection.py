"""Opening a library's SQLite file, and its errors in plain words."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import LibraryDamaged, LibraryError

_FULL_BYTES = 1_000_000
_LOG_BYTES = 64_000_000  # what a big build leaves of the log beside the file
_BUSY_PAUSES_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes where it may, and reads where the folder or the medium is read-only.

    Raises LibraryError, which says what to do.
    """
    return connect_or_freeze(path)[0]


def connect_or_freeze(path: Path) -> tuple[sqlite3.Connection, bool]:
    """As `connect`; and whether the connection takes it for granted that nobody writes the file."""
    try:
        for pause in _BUSY_PAUSES_SECONDS:
            connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = FULL")
                if not connection.execute("PRAGMA page_count").fetchone()[0]:  # later it would be a write, to no end
                    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return connection, False
            except sqlite3.OperationalError as error:
                connection.close()
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(pause)  # SQLite does not wait by itself for another process that turns on the log
        return _connect_read_only(path)
    except sqlite3.DatabaseError as error:
        raise explain(error, path) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing, whatever interrupts it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_logged(path: Path) -> bool:
    """Whether something may be committed that stands in the log beside the file and not yet in it."""
    log = path.with_name(path.name + "-wal")
    return log.is_file() and log.stat().st_size > 0


def _connect_read_only(path: Path) -> tuple[sqlite3.Connection, bool]:
    """`mode=ro` sees what other processes write; `immutable` is for a folder in which SQLite may create nothing.

    The latter would not see what a killed build left in the log beside the file.
    """
    logged = is_logged(path)
    for mode in ("mode=ro",) if logged else ("mode=ro", "immutable=1"):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, check_same_thread=False)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            continue
        return connection, mode.startswith("immutable")
    hint = f", or run any command once where {path.parent} can be written" if logged else ""
    raise LibraryError(f"The library file {path} cannot be opened: check its permissions{hint}.")


def explain_system(error: OSError, folder: Path) -> LibraryError:
    """An error of the operating system, met while writing the library in `folder`, as the library's own."""
    what = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or _is_full(folder):
        return LibraryError(f"The disk that holds {folder} is full: free some space and run it again.")
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return LibraryError(f"The library cannot be at {folder} ({what}): name another folder with --library.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return LibraryError(
            f"The library at {folder} cannot be written ({what}): check its permissions or name another with --library."
        )
    return LibraryError(f"The library at {folder} cannot be written ({what}): free some space or check the disk.")


def _is_full(folder: Path) -> bool:
    """FAISS and tantivy do not say why they could not write."""
    try:
        return shutil.disk_usage(folder).free < _FULL_BYTES
    except OSError:
        return False


def explain(error: sqlite3.DatabaseError, path: Path) -> LibraryError:
    """SQLite's error as the library's own: what is wrong with the file at `path`, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR:
        return LibraryError(f"The disk that holds {path.parent} is full or failing: free some space and run it again.")
    if code == sqlite3.SQLITE_READONLY:
        return LibraryError(f"The library at {path.parent} is read-only: it answers, but cannot be built here.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryError(f"Another process is writing to the library at {path.parent}: try again in a moment.")
    if code == sqlite3.SQLITE_CANTOPEN:
        return LibraryError(f"The library file {path} cannot be opened: check its permissions.")
    return LibraryDamaged(f"The library file {path} is damaged ({error}): run `seedbot build --full` to make it again.")
