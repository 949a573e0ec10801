"""A question that names what it is about with a pronoun alone is asked with what the one before it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.answering import answer
from retrieval.library import Library
from retrieval.referents import with_referents
from retrieval.settings import AnswerSettings
from retrieval.types import Filter
from tests.conftest import Write

_FIRST = "Who is Elena Doru?"


@pytest.mark.parametrize(
    ("first", "then", "asked"),
    [
        (_FIRST, "Where was she born?", "Where was she (Elena Doru) born?"),
        ("who is elena doru", "where was she born", "where was she (elena doru) born"),
        ("What's the Family plan?", "What's its price?", "What's its (the Family plan) price?"),
        ("Is there a deposit for the hall?", "When is it paid back?", "When is it (a deposit for the hall) paid back?"),
        ("How heavy is the drill?", "Who lent it", "Who lent it (the drill)"),
        ("How is the lock opened?", "What if it's stuck?", "What if it's (the lock opened) stuck?"),
        ("Hello! Do you know who Ann is?", "Who paid her?", "Who paid her (Ann is)?"),
        ("Tell me about the hall.", "Can I get it back?", "Can I get it (the hall) back?"),
        (_FIRST, "Their address in town?", "Their (Elena Doru) address in town?"),
        (_FIRST, "What is the name of her husband?", "What is the name of her (Elena Doru) husband?"),
        (_FIRST, "What is the best way to reach it?", "What is the best way to reach it (Elena Doru)?"),
        (_FIRST, "Which of Puccini's operas did she sing?", "Which of Puccini's operas did she (Elena Doru) sing?"),
        (_FIRST, "In May, is it open?", "In May, is it (Elena Doru) open?"),
        (_FIRST, "How much does it cost to rent it?", "How much does it cost to rent it (Elena Doru)?"),
        (_FIRST, "What can damage it?", "What can damage it (Elena Doru)?"),
    ],
)
def test_what_the_question_before_is_about_stands_behind_the_pronoun(first: str, then: str, asked: str) -> None:
    assert with_referents([first, then]) == (first, asked)


@pytest.mark.parametrize(
    "then",
    [
        "Where does Anna meet him?",
        "What does the tenant pay if he moves out?",
        "How do bees find their way?",
        "why did napoleon sell his horse",
        "What can guests bring to their room?",
        "Are children allowed in it?",
        "I lost the key. Who replaces it?",
        "Who wrote the book and when was it published?",
        "How much does it cost to rent a bike?",
        "Is it allowed to smoke inside?",
        "Who runs the IT department?",
        "Who wrote It?",
        "Wann war das in Berlin?",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_asked_as_it_is(then: str) -> None:
    assert with_referents([_FIRST, then]) == (_FIRST, then)


def test_the_last_question_that_names_something_is_meant() -> None:
    parts = ["Who is Ann?", "Where is she?", "How old is she?", "What is a dam?", "Why is it built?"]
    asked = [
        "Who is Ann?",
        "Where is she (Ann)?",
        "How old is she (Ann)?",
        "What is a dam?",
        "Why is it (a dam) built?",
    ]
    assert with_referents(parts) == tuple(asked)


def test_where_nothing_was_named_or_far_too_much_a_question_is_asked_as_it_is() -> None:
    alone = ("Where was she born?", "When did she die?")
    assert with_referents(alone) == alone
    long = ("Who is " + "Elena " * 40 + "Doru?", "Where was she born?")
    assert with_referents(long) == long


def test_the_answer_is_about_whom_the_first_question_names(library: Library, write: Write) -> None:
    write("doru.txt", "Elena Doru was an engineer. Elena Doru was born in Tulcea.\n")
    write("other.txt", "She was born in Breb, she who painted.\n")
    library.sync()
    engine = replace(library.engine(), reader=None)
    found = answer(f"{_FIRST} Where was she born?", engine, AnswerSettings(caution="always"), 2, Filter())
    assert [one.part for one in found.excerpts] == [_FIRST, "Where was she (Elena Doru) born?"]
    assert [one.citation.document for one in found.excerpts] == ["doru.txt", "doru.txt"]
