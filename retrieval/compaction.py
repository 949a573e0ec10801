"""Giving room back after documents went: steps of their own after a build, which may be killed or fail at any moment.

Answers go on meanwhile. The indexes are made anew, or the dense one's base, as a generation of its own, so that readers
move over as after any build; SQLite gives empty pages back in short transactions.
"""

from __future__ import annotations

from pathlib import Path

from retrieval.connection import connect
from retrieval.errors import LibraryError
from retrieval.indexes import Change, Report, crowded, remove_other_indexes, wasteful, write_indexes
from retrieval.store import Store

_MOST_FREE = 0.25  # of the database's pages
_PAGES_AT_ONCE = 1000


def compact(store: Store, library: Path, report: Report) -> None:
    """Makes a library smaller where that is worth it; the caller holds its lock.

    Where there is no room to work in, all stays as it is until the next build.
    """
    try:
        anew = wasteful(library, store)
        if anew or crowded(library, store):
            with store.transaction():
                generation = store.generation + 1
                write_indexes(library, store, generation, change=None if anew else Change(fold=True), report=report)
                store.set_meta(generation=generation)
        _give_pages_back(store)
    except (OSError, LibraryError):
        pass
    remove_other_indexes(library, store.generation)


def _give_pages_back(store: Store) -> None:
    """On a connection of its own, so that those who read through the store's need not wait."""
    with store.explained():
        connection = connect(store.path)
        try:

            def pragma(what: str) -> int:
                return int(connection.execute(f"PRAGMA {what}").fetchone()[0])

            if pragma("freelist_count") <= _MOST_FREE * pragma("page_count"):
                return
            if not pragma("auto_vacuum"):  # made by an older version
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("VACUUM")
            while pragma("freelist_count"):
                connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
            connection.execute("PRAGMA busy_timeout = 0")  # whoever reads just now keeps the log's size, no more
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
