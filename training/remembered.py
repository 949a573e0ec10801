"""A reader that keeps what it has read: a fit that is stopped goes on, and the next one reads only what is new."""

from __future__ import annotations

import pickle
import sqlite3
from hashlib import sha256
from pathlib import Path

import retrieval.reader
import retrieval.runtimes
from retrieval.governments import asked_otherwise
from retrieval.machine import cores
from retrieval.numbers import as_written_in
from retrieval.reader import FOLDER, Reader, Reading

_CODE = (Path(retrieval.reader.__file__), Path(retrieval.runtimes.__file__))
_MADE_BY = (FOLDER / "model.onnx", FOLDER / "tokenizer.json", *_CODE)
"""What a reading depends on, but for the passage, its context, and the question as it is read with these."""


class RememberingReader(Reader):
    """The package's reader with a file of readings beside it. To be used from one thread."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file."""
        super().__init__(FOLDER, cores())
        self._made_by = sha256(b"".join(sha256(one.read_bytes()).digest() for one in _MADE_BY)).digest()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._kept = sqlite3.connect(path, isolation_level=None)
        self._kept.execute("PRAGMA journal_mode = WAL")
        self._kept.execute("CREATE TABLE IF NOT EXISTS readings (key BLOB PRIMARY KEY, reading BLOB) WITHOUT ROWID")

    def read(self, question: str, passage: str, context: str = "") -> Reading:
        """Reads a passage, unless it was read before with this question."""
        ways = [as_written_in(passage, way) for way in (question, *asked_otherwise(question, passage))]
        key = sha256(b"\0".join((self._made_by, *(one.encode() for one in (*ways, context, passage))))).digest()
        row = self._kept.execute("SELECT reading FROM readings WHERE key = ?", (key,)).fetchone()
        if row is not None:
            kept: Reading = pickle.loads(row[0])
            return kept
        made = super().read(question, passage, context)
        self._kept.execute("INSERT OR REPLACE INTO readings VALUES (?, ?)", (key, pickle.dumps(made)))
        return made
