"""What was read differently, and what stands nowhere, is said under every excerpt, also after a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.telegram import answers
from bot.telegram.state import State
from retrieval.types import Answer, Citation, Correction, Excerpt, Filter, Span

READ = (Correction("Amundsn", "Amundsen"),)
TOLD = "Read “Amundsn” as “Amundsen”.\nNo document mentions “ice”."


def _answer(*, found: bool) -> Answer:
    place = Citation("pole.txt", "Pole", None, 0, 8, 1, None, (), "ab")
    excerpts = tuple(Excerpt(rank, "By dogs.", (Span(0, 8),), 0.5, place) for rank in (1, 2))
    return Answer("Amundsn?", found, 0.9, excerpts, 1, 1.0, missing=("ice",), corrections=READ)


def test_a_kept_answer_says_what_was_read_with_every_excerpt(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.sqlite")) as state:
        number = state.keep_answer(1, 1, _answer(found=True)).id
    with closing(State(tmp_path / "state.sqlite")) as state:
        kept = state.answer(number)
    assert kept is not None
    assert (kept.answer.corrections, kept.answer.missing) == (READ, ("ice",))
    for rank in (1, 2):
        assert answers.shown(kept.answer, rank).text.startswith(TOLD + "\nBy dogs.\n")


def test_a_refusal_says_what_was_read() -> None:
    text = answers.refused(_answer(found=False)).text
    assert text == f"Not in your sources.\n{TOLD}"


def test_a_file_of_the_first_version_gains_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with closing(State(path)) as state:
        old = state.keep_answer(1, 1, _answer(found=True)).id
        code, _ = state.pairing_code(66, "x")
    with closing(sqlite3.connect(path)) as connection:
        for column in ("corrections", "unanswered", "missing", "glob", "since", "until"):
            connection.execute(f"ALTER TABLE answers DROP COLUMN {column}")
        for column in ("announced", "declined"):
            connection.execute(f"ALTER TABLE pairings DROP COLUMN {column}")
    with closing(State(path)) as state:
        new = state.keep_answer(1, 1, _answer(found=True), Filter("pole.txt")).id
        before, after = state.answer(old), state.answer(new)
        assert state.pairing_code(66, "x") == (code, False)
        state.set_announced(66)
        assert state.pairing_code(66, "x") == (code, True)
        assert not state.is_declined(66)
        state.decline(66)
        assert state.is_declined(66)
    assert before is not None
    assert after is not None
    assert (before.answer.corrections, after.answer.corrections) == ((), READ)
    assert (before.answer.missing, after.answer.missing) == ((), ("ice",))
    assert (before.where, after.where) == (Filter(), Filter("pole.txt"))
