"""The texts of documents as the store keeps them: in blocks, so that a slice reads only the blocks it touches.

A row of SQLite holds at most 1 GB, and can be read only from its beginning; a text of any length is many short rows.
"""

from __future__ import annotations

import codecs
import sqlite3
from collections.abc import Iterable, Iterator

from retrieval.types import Span

BLOCK = 16_384
"""Characters a block; the last one of a text may be shorter."""

TABLE = """
CREATE TABLE blocks (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, number INTEGER NOT NULL, line INTEGER NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (document, number))
"""
"""`line` is that on which a block begins; the first one of a text is 1."""

_READ_BYTES = 1 << 16


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: the name of a file may hold bytes that cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def blocks_of(text: str) -> Iterator[str]:
    """A text, cut into blocks."""
    return (text[start : start + BLOCK] for start in range(0, len(text), BLOCK))


def insert(connection: sqlite3.Connection, document: int, blocks: Iterable[str]) -> None:
    """Adds the text of a document, in the caller's transaction."""

    def rows() -> Iterator[tuple[int, int, int, str]]:
        line = 1
        for number, block in enumerate(blocks):
            yield document, number, line, block
            line += block.count("\n")

    connection.executemany("INSERT INTO blocks (document, number, line, text) VALUES (?, ?, ?, ?)", rows())


def numbers_of(span: Span) -> tuple[int, int]:
    """The first and the last number of the blocks that hold a span; an empty one is held by what stands before it."""
    start = span.start if len(span) else max(span.start - 1, 0)
    return start // BLOCK, max(start, span.end - 1) // BLOCK


def divide_whole(connection: sqlite3.Connection) -> None:
    """Moves the texts of `whole_texts`, one a row, into blocks, in the caller's transaction and in little memory."""
    for document in [row[0] for row in connection.execute("SELECT document FROM whole_texts")]:
        with connection.blobopen("whole_texts", "text", document, readonly=True) as whole:
            insert(connection, document, _rearranged(_decoded(whole)))
        connection.execute("DELETE FROM whole_texts WHERE document = ?", (document,))


def _decoded(whole: sqlite3.Blob) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while data := whole.read(_READ_BYTES):
            yield decoder.decode(data)
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("a text in it is damaged") from error


def _rearranged(parts: Iterable[str]) -> Iterator[str]:
    """Parts of any length as blocks."""
    waiting = ""
    for part in parts:
        waiting += part
        whole = len(waiting) - len(waiting) % BLOCK
        yield from blocks_of(waiting[:whole])
        waiting = waiting[whole:]
    if waiting:
        yield waiting
