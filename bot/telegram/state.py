"""What the bot keeps over a restart, in one SQLite file: who may use it, what it answered, what is still to be done."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.telegram.kept import AnswerRow, KeptAnswer, packed, unpacked
from retrieval.errors import SeedbotError
from retrieval.types import Answer, Filter

_SCHEMA = """
CREATE TABLE IF NOT EXISTS updates (
    row INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, digest BLOB NOT NULL, body TEXT,
    received REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, UNIQUE (number, digest));
CREATE TABLE IF NOT EXISTS access (id INTEGER PRIMARY KEY, allowed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pairings (
    code TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, announced INTEGER NOT NULL DEFAULT 0,
    declined INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS supergroups (id INTEGER PRIMARY KEY, earlier INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, user INTEGER NOT NULL, asked REAL NOT NULL,
    question TEXT NOT NULL, found INTEGER NOT NULL, confidence REAL NOT NULL, generation INTEGER NOT NULL,
    excerpts TEXT NOT NULL, corrections TEXT NOT NULL DEFAULT '[]', unanswered TEXT NOT NULL DEFAULT '[]',
    missing TEXT NOT NULL DEFAULT '[]', glob TEXT, since TEXT, until TEXT);
CREATE TABLE IF NOT EXISTS votes (answer INTEGER, user INTEGER, good INTEGER NOT NULL, PRIMARY KEY (answer, user));
CREATE TABLE IF NOT EXISTS filters (chat INTEGER PRIMARY KEY, glob TEXT, since TEXT, until TEXT);
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE);
"""
_NUMBERED = ("answers", "texts")  # tables whose numbers stand in buttons
_REMEMBERED_SECONDS = 86_400.0  # Telegram repeats an update no longer than that
_KEPT_ANSWERS = 20_000
_KEPT_PAIRINGS = 1_000
_FIRST_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # so that no code is taken for an id


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
    """The bot's own SQLite file. Safe to use from several threads. Raises SeedbotError where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)  # it holds questions; the files that SQLite puts beside it get the same rights
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            with contextlib.ExitStack() as failing:
                failing.callback(self.close)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")  # see `flush`
                self._connection.executescript(_SCHEMA)
                self._bring_up_to_date()
                self._answers = int(self._read("SELECT count(*) FROM answers")[0][0])
                failing.pop_all()
        except sqlite3.Error as error:
            raise _explained(error, path) from error

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def flush(self) -> None:
        """Waits until all that was noted is on the disk, where no power cut undoes it; each commit need not wait."""
        self._read("PRAGMA wal_checkpoint(PASSIVE)")

    # Updates: each stays until it is done, and is remembered for a day, so that it is done once.

    def receive(self, number: int, body: str) -> int | None:
        """Notes an update and returns its row; None where it was noted before.

        The same number with another body is a new update: a server that was started anew counts from 1 again.
        """
        digest = hashlib.sha256(body.encode()).digest()[:16]
        with self._lock, contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO updates (number, digest, body, received) VALUES (?, ?, ?, ?)",
                (number, digest, body, time.time()),
            )
            return cursor.lastrowid if cursor.rowcount else None

    def begin(self, row: int) -> None:
        """Notes that an update is being worked on, so that one which ends the process is known at the next start."""
        self._write("UPDATE updates SET attempts = attempts + 1 WHERE row = ?", row)

    def put_back(self, row: int) -> None:
        """Notes that the work on an update was broken off in good order and begins anew at the next start."""
        self._write("UPDATE updates SET attempts = attempts - 1 WHERE row = ?", row)

    def done(self, row: int) -> None:
        """Notes that an update needs no more work."""
        self._write("UPDATE updates SET body = NULL WHERE row = ?", row)

    def waiting(self) -> list[tuple[int, int, str]]:
        """Row, earlier attempts and body of each update that is not done, in order."""
        return self._read("SELECT row, attempts, body FROM updates WHERE body IS NOT NULL ORDER BY row")

    def forget_updates(self, confirmed: int = 0) -> None:
        """Forgets what was done a day ago, and what was done with a number below `confirmed`: it never comes again."""
        before = time.time() - _REMEMBERED_SECONDS
        self._write("DELETE FROM updates WHERE body IS NULL AND (received < ? OR number < ?)", before, confirmed)

    # Access.

    def allowed(self, identity: int) -> bool | None:
        """What /allow and /deny last said of a person or group; None where they said nothing."""
        rows = self._read("SELECT allowed FROM access WHERE id = ?", identity)
        return bool(rows[0][0]) if rows else None

    def set_allowed(self, identity: int, *, allowed: bool) -> None:
        """Allows or denies a person or a group, for good."""
        self._write("INSERT OR REPLACE INTO access VALUES (?, ?)", identity, int(allowed))
        self._write("DELETE FROM pairings WHERE id = ?", identity)
        self.flush()

    def earlier(self, supergroup: int) -> int | None:
        """The id that a supergroup had as a group; None where it is not known to have been one."""
        rows = self._read("SELECT earlier FROM supergroups WHERE id = ?", supergroup)
        return int(rows[0][0]) if rows else None

    def pairing_code(self, identity: int, name: str) -> tuple[str, bool]:
        """The code of a newcomer, and whether the admins were told of them."""
        rows = self._read("SELECT code, announced FROM pairings WHERE id = ?", identity)
        if rows:
            return str(rows[0][0]), bool(rows[0][1])
        code = secrets.choice(_FIRST_LETTERS) + secrets.token_hex(4).upper()
        self._write("INSERT INTO pairings (code, id, name) VALUES (?, ?, ?)", code, identity, name)
        self._write(
            "DELETE FROM pairings WHERE NOT declined AND rowid <= (SELECT max(rowid) FROM pairings) - ?", _KEPT_PAIRINGS
        )
        return code, False

    def set_announced(self, identity: int) -> None:
        """Notes that the admins were told of a newcomer."""
        self._write("UPDATE pairings SET announced = 1 WHERE id = ?", identity)

    def decline(self, identity: int) -> None:
        """Notes that a newcomer's request was declined, for as long as /allow and /deny say nothing of them."""
        self._write("UPDATE pairings SET declined = 1 WHERE id = ?", identity)
        self.flush()

    def is_declined(self, identity: int) -> bool:
        """Whether a newcomer's request was declined."""
        return bool(self._read("SELECT 1 FROM pairings WHERE id = ? AND declined", identity))

    def paired(self, code: str) -> int | None:
        """Who has this code."""
        rows = self._read("SELECT id FROM pairings WHERE code = ?", code.strip().upper())
        return int(rows[0][0]) if rows else None

    # Answers and what was thought of them.

    def keep_answer(self, chat: int, user: int, answer: Answer, where: Filter | None = None) -> KeptAnswer:
        """Keeps an answer and the filter it was found with for its buttons, which name it by its number."""
        where = where or Filter()
        with self._lock, contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(
                "INSERT INTO answers "
                "(chat, user, asked, glob, since, until, question, found, confidence, generation, "
                "excerpts, corrections, unanswered, missing) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (chat, user, time.time(), where.glob, where.since, where.until, *packed(answer)),
            )
            identity = int(cursor.lastrowid or 0)
            excess = max(0, self._answers + 1 - _KEPT_ANSWERS)
            cursor.execute("DELETE FROM answers WHERE id IN (SELECT id FROM answers ORDER BY id LIMIT ?)", (excess,))
            self._answers += 1 - cursor.rowcount
            return KeptAnswer(identity, chat, answer, where)

    def answer(self, identity: int) -> KeptAnswer | None:
        """An answer that was kept."""
        rows = self._read(
            "SELECT id, chat, glob, since, until, "
            "question, found, confidence, generation, excerpts, corrections, unanswered, missing "
            "FROM answers WHERE id = ?",
            identity,
        )
        if not rows:
            return None
        number, chat, glob, since, until, *row = rows[0]
        return KeptAnswer(number, chat, unpacked(AnswerRow(*row)), Filter(glob, since, until))

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

    def move(self, group: int, to: int) -> None:
        """What /allow, /deny and /filter said of a group holds for the supergroup that it has become, unless that was
        told otherwise since; the id that a list may know it by is remembered.
        """
        self._write("INSERT OR IGNORE INTO supergroups VALUES (?, ?)", to, group)
        self._write("INSERT OR IGNORE INTO filters SELECT ?, glob, since, until FROM filters WHERE chat = ?", to, group)
        self._write("INSERT OR IGNORE INTO access SELECT ?, allowed FROM access WHERE id = ?", to, group)
        self.flush()

    def _bring_up_to_date(self) -> None:
        """Adds what files of earlier versions lack, takes over the updates that wait in them, and numbers on anew."""
        for column in sorted({"corrections", "unanswered", "missing"} - self._columns("answers")):
            self._connection.execute(f"ALTER TABLE answers ADD COLUMN {column} TEXT NOT NULL DEFAULT '[]'")
        for column in sorted({"glob", "since", "until"} - self._columns("answers")):
            self._connection.execute(f"ALTER TABLE answers ADD COLUMN {column} TEXT")
        for column in sorted({"announced", "declined"} - self._columns("pairings")):
            self._connection.execute(f"ALTER TABLE pairings ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
        if self._read("SELECT 1 FROM sqlite_master WHERE name = 'inbox'"):
            for number, body in self._read("SELECT update_id, body FROM inbox WHERE body IS NOT NULL ORDER BY 1"):
                self.receive(number, body)
            self._write("DROP TABLE inbox")
        for table in _NUMBERED:
            self._number_on(table)

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}

    def _number_on(self, table: str) -> None:
        """Numbers a table on from the time: a button of a file that was lost, or newer than its copy, means no row."""
        least = int(time.time() * 1000)
        if not self._write("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", least, table):
            self._write("INSERT INTO sqlite_sequence VALUES (?, ?)", table, least)

    def _write(self, query: str, *values: object) -> int:
        with self._lock:
            return self._connection.execute(query, values).rowcount

    def _read(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def _explained(error: sqlite3.Error, path: Path) -> SeedbotError:
    """SQLite's error in plain words: what is wrong with the file at `path`, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return SeedbotError(f"The disk that holds {path} is full or failing: free some space and start the bot again.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return SeedbotError(f"Another program holds {path}, perhaps this bot started twice: stop it and start again.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return SeedbotError(f"The bot cannot write its own file {path} ({error}): check its permissions.")
    return SeedbotError(
        f"The bot's own file {path} is damaged ({error}): move it away and start again. What /allow and /deny said, "
        "filters, and questions that wait in it are then lost."
    )
