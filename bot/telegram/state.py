"""What the bot keeps over a restart, in one SQLite file: who may use it, what it answered, what is still to be done."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrieval.types import Answer, Citation, Excerpt, Filter, Span

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (update_id INTEGER PRIMARY KEY, body TEXT, received REAL NOT NULL);
CREATE TABLE IF NOT EXISTS access (id INTEGER PRIMARY KEY, allowed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pairings (code TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, user INTEGER NOT NULL, asked REAL NOT NULL,
    question TEXT NOT NULL, found INTEGER NOT NULL, confidence REAL NOT NULL, generation INTEGER NOT NULL,
    excerpts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS votes (answer INTEGER, user INTEGER, good INTEGER NOT NULL, PRIMARY KEY (answer, user));
CREATE TABLE IF NOT EXISTS filters (chat INTEGER PRIMARY KEY, glob TEXT, since TEXT, until TEXT);
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE);
"""
_REMEMBERED_UPDATES = 5_000
_KEPT_ANSWERS = 20_000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given, for the buttons under it."""

    id: int
    chat: int
    question: str
    found: bool
    confidence: float
    generation: int
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """What an operator acts on: questions of the last thirty days, those refused, those with a thumb down."""

    asked: int
    found: int
    good: int
    bad: int
    unanswered: tuple[str, ...]
    disliked: tuple[str, ...]


class State:
    """The bot's own SQLite file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        path.chmod(0o600)  # it holds questions

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    # The inbox: an update stays until it is done, and its number is remembered, so that it is done once.

    def receive(self, update_id: int, body: str) -> bool:
        """Notes an update; False where it was noted before."""
        return bool(self._write("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", update_id, body, time.time()))

    def done(self, update_id: int) -> None:
        """Notes that an update needs no more work."""
        self._write("UPDATE inbox SET body = NULL WHERE update_id = ?", update_id)

    def waiting(self) -> list[str]:
        """The bodies of the updates that are not done, in order; older numbers that are done are forgotten."""
        self._write(
            "DELETE FROM inbox WHERE body IS NULL AND update_id NOT IN "
            "(SELECT update_id FROM inbox ORDER BY received DESC LIMIT ?)",
            _REMEMBERED_UPDATES,
        )
        return [row[0] for row in self._read("SELECT body FROM inbox WHERE body IS NOT NULL ORDER BY update_id")]

    # Access.

    def allowed(self, identity: int) -> bool | None:
        """What /allow and /deny last said of a person or group; None where they said nothing."""
        rows = self._read("SELECT allowed FROM access WHERE id = ?", identity)
        return bool(rows[0][0]) if rows else None

    def set_allowed(self, identity: int, *, allowed: bool) -> None:
        """Allows or denies a person or a group."""
        self._write("INSERT OR REPLACE INTO access VALUES (?, ?)", identity, int(allowed))
        self._write("DELETE FROM pairings WHERE id = ?", identity)

    def pairing_code(self, identity: int, name: str) -> tuple[str, bool]:
        """The code of a newcomer, and whether it is new."""
        rows = self._read("SELECT code FROM pairings WHERE id = ?", identity)
        if rows:
            return str(rows[0][0]), False
        code = secrets.token_hex(4).upper()
        self._write("INSERT INTO pairings VALUES (?, ?, ?)", code, identity, name)
        return code, True

    def paired(self, code: str) -> int | None:
        """Who has this code."""
        rows = self._read("SELECT id FROM pairings WHERE code = ?", code.strip().upper())
        return int(rows[0][0]) if rows else None

    # Answers and what was thought of them.

    def keep_answer(self, chat: int, user: int, answer: Answer) -> int:
        """Keeps an answer for its buttons and returns its number."""
        excerpts = json.dumps([asdict(one) | {"evidence": {}} for one in answer.excerpts], ensure_ascii=False)
        row = (chat, user, time.time(), answer.question, answer.found, answer.confidence, answer.generation, excerpts)
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute(
                "INSERT INTO answers (chat, user, asked, question, found, confidence, generation, excerpts) "
                "VALUES (?,?,?,?,?,?,?,?)",
                row,
            )
            identity = int(cursor.lastrowid or 0)
            cursor.execute("DELETE FROM answers WHERE id <= ?", (identity - _KEPT_ANSWERS,))
            return identity

    def answer(self, identity: int) -> KeptAnswer | None:
        """An answer that was kept."""
        rows = self._read(
            "SELECT id, chat, question, found, confidence, generation, excerpts FROM answers WHERE id = ?", identity
        )
        if not rows:
            return None
        number, chat, question, found, confidence, generation, excerpts = rows[0]
        kept = tuple(_excerpt(row) for row in json.loads(excerpts))
        return KeptAnswer(number, chat, question, bool(found), confidence, generation, kept)

    def vote(self, answer: int, user: int, *, good: bool) -> None:
        """Notes a thumb; the last one of a person counts."""
        self._write("INSERT OR REPLACE INTO votes VALUES (?, ?, ?)", answer, user, int(good))

    def stats(self, days: int = 30, listed: int = 10) -> Stats:
        """The last `days`, with at most `listed` questions a list, the newest first."""
        since = time.time() - days * 86_400
        asked, found = self._read("SELECT count(*), coalesce(sum(found), 0) FROM answers WHERE asked > ?", since)[0]
        votes = dict(
            self._read("SELECT good, count(*) FROM votes JOIN answers ON id = answer WHERE asked > ? GROUP BY 1", since)
        )
        unanswered = self._read(
            "SELECT question FROM answers WHERE asked > ? AND NOT found "
            "GROUP BY question ORDER BY max(id) DESC LIMIT ?",
            since,
            listed,
        )
        disliked = self._read(
            "SELECT question FROM votes JOIN answers ON id = answer WHERE asked > ? AND NOT good "
            "GROUP BY question ORDER BY max(id) DESC LIMIT ?",
            since,
            listed,
        )
        return Stats(
            asked,
            found,
            votes.get(1, 0),
            votes.get(0, 0),
            tuple(r[0] for r in unanswered),
            tuple(r[0] for r in disliked),
        )

    # What a chat looks at.

    def filter(self, chat: int) -> Filter:
        """The filter of a chat."""
        rows = self._read("SELECT glob, since, until FROM filters WHERE chat = ?", chat)
        return Filter(*rows[0]) if rows else Filter()

    def set_filter(self, chat: int, where: Filter) -> None:
        """Sets the filter of a chat."""
        self._write("INSERT OR REPLACE INTO filters VALUES (?, ?, ?, ?)", chat, where.glob, where.since, where.until)

    def number_of(self, text: str) -> int:
        """A short number for a text that does not fit into a button: a search, a path."""
        self._write("INSERT OR IGNORE INTO texts (text) VALUES (?)", text)
        return int(self._read("SELECT id FROM texts WHERE text = ?", text)[0][0])

    def text_of(self, number: int) -> str | None:
        """The text with this number."""
        rows = self._read("SELECT text FROM texts WHERE id = ?", number)
        return str(rows[0][0]) if rows else None

    def _write(self, query: str, *values: object) -> int:
        with self._lock:
            return self._connection.execute(query, values).rowcount

    def _read(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def _excerpt(row: dict[str, Any]) -> Excerpt:
    return Excerpt(
        rank=row["rank"],
        text=row["text"],
        highlights=tuple(Span(one["start"], one["end"]) for one in row["highlights"]),
        score=row["score"],
        citation=_citation(row["citation"]),
        also_in=tuple(_citation(one) for one in row["also_in"]),
    )


def _citation(row: dict[str, Any]) -> Citation:
    return Citation(**(row | {"headings": tuple(row["headings"])}))
