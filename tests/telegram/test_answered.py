"""Answers given lately: the same as the library's own, and none of an older state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.telegram import answered
from bot.telegram.answered import Answered
from retrieval.coefficients import coefficients
from retrieval.library import Library
from retrieval.types import Answer, Filter
from tests.conftest import Write


@pytest.fixture
def asked(library: Library, write: Write, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that reach the library."""
    write("a/ferry.txt", "The ferry leaves at nine.\n")
    write("b/ferry.txt", "The ferry of the other island leaves at ten.\n")
    library.sync()
    texts: list[str] = []
    ask = Library.ask

    def counted(self: Library, question: str, **more: Any) -> Answer:
        texts.append(question)
        return ask(self, question, **more)

    monkeypatch.setattr(Library, "ask", counted)
    return texts


def test_a_question_asked_again_is_searched_once_a_filter(library: Library, asked: list[str]) -> None:
    lately = Answered(library)
    first = lately.ask("When does the ferry leave?", Filter())
    assert lately.ask("When does the ferry leave?", Filter()) is first
    narrowed = lately.ask("When does the ferry leave?", Filter(glob="b"))
    assert {one.citation.document for one in narrowed.excerpts} == {"b/ferry.txt"}
    assert len(asked) == 2


def test_what_was_read_in_haste_is_given_in_haste_alone(library: Library, asked: list[str]) -> None:
    lately = Answered(library)
    hasty = lately.ask("When does the ferry leave?", Filter(), 2)
    assert lately.ask("When does the ferry leave?", Filter(), 2) is hasty
    assert lately.ask("When does the ferry leave?", Filter(), 1) is hasty
    full = lately.ask("When does the ferry leave?", Filter())
    assert full is not hasty
    assert lately.ask("When does the ferry leave?", Filter(), 2) is full
    assert len(asked) == 2


def test_what_was_read_in_full_meanwhile_is_kept(
    library: Library, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lately = Answered(library)
    ask = Library.ask
    full: list[Answer] = []

    def overtaken(self: Library, question: str, **more: Any) -> Answer:
        if more["most_read"] is not None:
            full.append(lately.ask(question, Filter()))
        return ask(self, question, **more)

    monkeypatch.setattr(Library, "ask", overtaken)
    assert lately.ask("When does the ferry leave?", Filter(), 2) is full[0]
    assert lately.ask("When does the ferry leave?", Filter()) is full[0]
    assert len(asked) == 2


def test_what_was_read_anew_is_not_the_next_to_go(
    library: Library, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answered, "_KEPT", 2)
    lately = Answered(library)
    for question, most in (("ferry one", 2), ("ferry two", 2), ("ferry one", None), ("ferry three", 2)):
        lately.ask(question, Filter(), most)
    del asked[:]
    lately.ask("ferry one", Filter())
    assert asked == []


def test_a_new_generation_is_answered_from(library: Library, write: Write, asked: list[str]) -> None:
    lately = Answered(library)
    before = lately.ask("When does the ferry leave?", Filter())
    write("a/ferry.txt", "The ferry leaves at noon.\n")
    library.sync()
    after = lately.ask("When does the ferry leave?", Filter())
    assert after.generation == before.generation + 1
    assert any("noon" in one.text for one in after.excerpts)
    assert len(asked) == 2


def test_other_weights_are_answered_with(library: Library, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lately = Answered(library)
    lately.ask("When does the ferry leave?", Filter())
    other = replace(coefficients())
    monkeypatch.setattr("retrieval.library.weights_of", lambda folder: other)
    lately.ask("When does the ferry leave?", Filter())
    assert len(asked) == 2


def test_only_the_newest_are_kept(library: Library, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answered, "_KEPT", 2)
    lately = Answered(library)
    for question in ("ferry one", "ferry two", "ferry one", "ferry three", "ferry one", "ferry two"):
        lately.ask(question, Filter())
    assert asked == ["ferry one", "ferry two", "ferry three", "ferry two"]
