"""Answers as they lie in the state file: their form there, and those that earlier versions wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bot.telegram.kept import packed
from bot.telegram.state import State
from retrieval.types import Answer, Citation, Correction, Doubt, Excerpt, Filter, Span

_PLACE = Citation("pole.txt", "Pole", None, 0, 10, 1, None, ("Ends",), "ab")
_CITED = (
    '{"document": "pole.txt", "title": "Pole", "date": null, "start": 0, "end": 10, "line": 1, "page": null, '
    '"headings": ["Ends"], "sha256": "ab"}'
)
_IN_EVERY_VERSION = (
    '"rank": 1, "text": "By “dogs”.", "highlights": [{"start": 0, "end": 10}], "score": 0.5, '
    f'"citation": {_CITED}, "also_in": [{_CITED}], "evidence": {{}}'
)
_FIRST = Excerpt(1, "By “dogs”.", (Span(0, 10),), 0.5, _PLACE, (_PLACE,))
_EXCERPT = replace(_FIRST, answer=Span(4, 8), part="How?", confidence=0.9)
_ANSWER = Answer("How? Who?", True, 0.9, (_EXCERPT,), 3, 0.0, ("ice",), ("Who?",), (Correction("Amundsn", "Amundsen"),))


def test_an_answer_keeps_its_form_on_the_disk() -> None:
    """The evidence and the doubt stay behind."""
    told = replace(_EXCERPT, evidence={"bm25": 1.0}, doubt=Doubt.NO_AMOUNT)
    assert packed(replace(_ANSWER, excerpts=(told,))) == (
        "How? Who?",
        True,
        0.9,
        3,
        f'[{{{_IN_EVERY_VERSION}, "answer": {{"start": 4, "end": 8}}, "part": "How?", "confidence": 0.9}}]',
        '[{"typed": "Amundsn", "read_as": "Amundsen"}]',
        '["Who?"]',
        '["ice"]',
    )


def test_an_answer_is_read_as_it_was_kept(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.sqlite")) as state:
        for answer in (_ANSWER, replace(_ANSWER, found=False, confidence=0.1 + 0.2)):
            kept = state.keep_answer(7, 2, answer)
            assert (kept.chat, kept.answer, kept.where) == (7, answer, Filter())
            assert state.answer(kept.id) == kept


def test_an_answer_is_kept_with_the_filter_it_was_found_with(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.sqlite")) as state:
        kept = state.keep_answer(7, 2, _ANSWER, Filter("poles/*", "2020", "2021-05"))
        assert kept.where == Filter("poles/*", "2020", "2021-05")
        assert state.answer(kept.id) == kept


def test_an_answer_of_the_first_version_is_read(tmp_path: Path) -> None:
    """Its excerpts name no words that answer, no part of the question and no confidence."""
    path = tmp_path / "state.sqlite"
    State(path).close()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "INSERT INTO answers (id, chat, user, asked, question, found, confidence, generation, excerpts) "
            "VALUES (5, 7, 2, 1.0, 'How?', 1, 0.9, 3, ?)",
            (f"[{{{_IN_EVERY_VERSION}}}]",),
        )
    with closing(State(path)) as state:
        kept = state.answer(5)
    assert kept is not None
    assert (kept.id, kept.chat) == (5, 7)
    assert kept.answer == Answer("How?", True, 0.9, (_FIRST,), 3, 0.0)
