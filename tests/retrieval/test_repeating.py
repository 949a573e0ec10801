"""Answers that have nothing but words of their question."""

from __future__ import annotations

import pytest

from retrieval.repeating import repeats


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the name of the new mayor?", "the new mayor"),
        ("Who painted the harbours at night?", "a harbour"),  # another number, another article
        ("who wrote the report for the ministry of health", "the ministry of health"),
        ("Which Tesla biographer denied it?", "Tesla biographers"),
        ("How can I opt out?", "opt out"),
        ("Do you know who paid the new mayor?", "the new mayor"),
        ("Can you tell me the name of the bank for which she worked?", "the bank"),
        ("When it rains, who closes the market?", "the market"),
        ("What, by all accounts, is the name of the new mayor?", "the new mayor"),
        ("Who was Olaf Berg?", "Olaf Berg"),
        ("Who led the 1848 revolution?", "the 1848 revolution"),
        ("Can you check when the museum opens?", "the museum opens"),
        ("Could you look up who built the old mill?", "the old mill"),
        ("Can you find when the pool closes?", "the pool"),
        ("Does the report state who repaired the pump?", "the pump"),
        ("May I ask who runs the ferry?", "the ferry"),
        ("What is the capital of France?", "France"),
        ("When was Apollo 11 launched?", "Apollo 11"),
    ],
)
def test_words_that_the_question_has_in_this_order_repeat_it(question: str, answer: str) -> None:
    assert repeats(question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the name of the new mayor?", "the mayor of the new town"),
        ("What is the name of the new mayor?", "Mayor"),  # may be a name
        ("Which late show followed the match?", "The Late Late Show"),
        ("Which word was used for the first regeneration?", '"regeneration"'),
        ("Is the mayor ill?", "ill"),  # yes
        ("Can I get a refund when I cancel early?", "get a refund"),
        ("And is there a fee when I cancel?", "a fee"),
        ("Do students who live abroad pay fees?", "pay fees"),
        ("Was the man who shot him arrested?", "arrested"),
        ("When it rains, does the market close?", "close"),
        ("Do you know if it is closed when it rains?", "it rains"),
        ("Where is the University of Oslo?", "Oslo"),
        ("Where is the Solvik library?", "Solvik"),
        ("Who invented the Tesla coil?", "Tesla"),
        ("How long does the 30-day trial last?", "30 days"),
        ("When was the 1848 revolution?", "1848"),
        ("Who won, the Lions or the Bears?", "the Bears"),
        ("Which of the following is a gas: lead, neon, tin?", "neon"),
        ("the new mayor", "the new mayor"),  # asks for anything about it
        ("Who is the new mayor?", "the"),
        ("Who is the new mayor?", ""),
    ],
)
def test_names_choices_and_other_orders_repeat_nothing(question: str, answer: str) -> None:
    assert not repeats(question, answer)
