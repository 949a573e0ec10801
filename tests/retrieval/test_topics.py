"""Questions that ask what the documents say about something."""

from __future__ import annotations

import pytest

from retrieval.library import Library
from retrieval.testing import FakeEmbedder
from retrieval.topics import topic
from tests.conftest import Write


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What does the handbook say about cleaning the burrs?", "cleaning the burrs"),
        ("what do the documents say on fire", "fire"),
        ("And what did they report about the ferry of Solvik?", "the ferry of Solvik"),
        ("What is said about sodium?", "sodium"),
        ("What is written in the minutes on parking?", "parking"),
        ("What\u2019s written in the minutes about parking?", "parking"),
        ("Is there anything in my notes about terns?", "terns"),
        ("Do you have anything about  the\ntides?", "the tides"),
        ("Tell me about the burrs.", "the burrs"),
        ("Can you tell me more about Lisbon?", "about Lisbon"),  # a name that begins a sentence would be none
    ],
)
def test_what_is_asked_about_is_found_in_its_frame(question: str, about: str) -> None:
    assert topic(question) == about


@pytest.mark.parametrize(
    "question",
    [
        "What did the mayor say about parking?",
        "What does the laboratory handbook say about fire?",
        "What do they eat?",
        "What did the report find?",
        "What does the book on tides say?",
        "What does the report say about ?",
        "Who said what about whom?",
        "What is written on the tomb?",
        "What did they say on Monday?",
        "Tell me when the ferry leaves.",
        "",
        "   ",
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert topic(question) == question


def test_the_frame_is_not_looked_for_in_the_documents(library: Library, embedder: FakeEmbedder, write: Write) -> None:
    write("grinder.txt", "The burrs are cleaned every four weeks. Never use water.\n")
    write("other.txt", "Every report and every handbook says a lot. What they say is reported.\n")
    library.sync()
    framed, plain = library.ask("What does the handbook say about the burrs?"), library.ask("the burrs")
    assert framed.question == "What does the handbook say about the burrs?"
    assert framed.excerpts[0].citation.document == "grinder.txt"
    assert framed.confidence == plain.confidence
    assert library.ask("What does the manual say about the burrs?").missing == ()
