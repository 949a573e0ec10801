"""Questions about what somebody says, made from reported and direct speech."""

from __future__ import annotations

from random import Random

import pytest

from retrieval.question_sets import EvalQuestion
from training.spoken import may_answer, spoken

REPORTED = "It rained. The harbour master claimed that the lamp had been dark since Tuesday. Ships waited outside.\n"
DEMANDED = "All met. Norway demanded an end to the hunting of seals in the whole of the bay. Others kept silent."
QUOTED = '"We saw no light at all that night," said the old pilot, and sat down.'


def _made(text: str) -> list[EvalQuestion]:
    return [one for seed in range(80) for one in spoken("a.txt", text, Random(seed), 5)]


@pytest.mark.parametrize(
    ("text", "asked", "answer"),
    [
        (REPORTED, "What did the harbour master claim?", "the lamp had been dark since Tuesday"),
        (REPORTED, "Who claimed the lamp had been dark since Tuesday?", "The harbour master"),
        (DEMANDED, "What does Norway demand?", "an end to the hunting of seals in the whole of the bay"),
        (DEMANDED, "What did Norway's side demand?", "an end to the hunting of seals in the whole of the bay"),
        (QUOTED, "What did the old pilot say?", "We saw no light at all that night,"),
        (QUOTED, 'Who said "We saw no light at all that night"?', "the old pilot"),
    ],
)
def test_speech_is_asked_for_and_so_is_who_spoke(text: str, asked: str, answer: str) -> None:
    made = {one.text: one.answers[0] for one in _made(text)}
    gold = made[asked]
    assert gold.text == answer == text[gold.span.start : gold.span.end]


def test_the_paragraph_is_the_line_that_holds_the_speech() -> None:
    text = f"A title\n{REPORTED}The end"
    (first, *_) = _made(text)
    assert first.paragraph is not None
    assert text[first.paragraph.span.start : first.paragraph.span.end] == REPORTED.rstrip("\n")


def test_nobody_is_asked_about_by_a_pronoun() -> None:
    assert not _made("It rained. He claimed that the lamp had been dark since Tuesday. They said nothing of it to us.")


def test_no_more_questions_are_made_than_wanted() -> None:
    assert len(spoken("a.txt", REPORTED * 9, Random(1), 4)) == 4


def test_another_passage_where_the_same_one_speaks_may_answer() -> None:
    question = "What did the harbour master claim?"
    assert may_answer(question, "Later the harbour master said that it was bright.")
    assert not may_answer(question, "The harbour is deep.")
    assert not may_answer(question, "The pilot said that it was bright.")
