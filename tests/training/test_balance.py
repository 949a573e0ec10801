"""Questions counted so that their style does not give away whether they are answered."""

from __future__ import annotations

import random

import numpy as np

from training.balance import balanced, likely_answered, told_apart
from training.offered import Example, Offered


def _example(number: int, question: str, *, answered: bool) -> Example:
    passage = Offered(f"The ferry number {number} leaves the harbour at nine.", answered, None, own=True)
    return Example("asked", question, (passage,), held_out=False)


def _giveaway() -> list[Example]:
    """400 questions, of which those in the first person are answered four times out of five, the others one."""
    chance = random.Random(1)
    made = []
    for number in range(400):
        personal = number % 2 == 0
        question = "may i take my bicycle" if personal else "What does a bicycle cost?"
        made.append(_example(number, question, answered=chance.random() < (0.8 if personal else 0.2)))
    return made


def test_what_looks_answered_counts_more_where_it_is_not() -> None:
    counted = balanced(_giveaway())
    assert abs(np.mean([one.counts for one in counted]) - 1) < 0.001
    for personal in (True, False):
        alike = [one for one in counted if one.question.startswith("may") == personal]
        answered = sum(one.counts for one in alike if one.answered)
        assert 0.45 < answered / sum(one.counts for one in alike) < 0.55
        assert max(np.mean([one.answered == kind for one in alike]) for kind in (True, False)) > 0.7


def test_what_cannot_be_told_counts_alike() -> None:
    chance = random.Random(2)
    made = [_example(number, "When does it leave?", answered=chance.random() < 0.5) for number in range(400)]
    told = likely_answered(made)
    assert 0.35 < told.min() <= told.max() < 0.65
    assert {0.8 < one.counts < 1.25 for one in balanced(made)} == {True}


def test_a_set_of_one_kind_and_questions_about_absent_passages_count_as_before() -> None:
    one_kind = [_example(number, "When does it leave?", answered=True) for number in range(100)]
    absent = Example("asked", "Who steers?", (Offered("Nothing of it.", right=False, answer=None, own=False),), False)
    assert balanced(one_kind) == one_kind
    few = [_example(number, "When does it leave?", answered=number % 20 > 0) for number in range(2000)]
    assert balanced(few) == few
    assert balanced([*_giveaway(), absent])[-1] == absent


def test_what_is_told_apart_weighs_each_as_it_is_shown() -> None:
    assert told_apart([(2.0, 1.0), (1.0, 1.0)], [(1.5, 1.0), (1.0, 1.0)]) == (1 + 1 + 0 + 0.5) / 4
    assert told_apart([(2.0, 3.0), (1.0, 0.0)], [(1.5, 1.0), (3.0, 1.0)]) == 0.5
