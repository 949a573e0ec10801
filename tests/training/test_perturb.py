"""Questions changed on purpose."""

from __future__ import annotations

import re
from random import Random

import pytest

from training.perturb import _alter_number, as_typed, moved, named, unanswerable, with_typo

QUESTION = "Who was the first captain of the ship Endurance?"


def test_a_typo_changes_one_longer_word_by_one_letter() -> None:
    for seed in range(50):
        changed = with_typo(QUESTION, Random(seed)).split(" ")
        different = [(a, b) for a, b in zip(QUESTION.split(" "), changed, strict=True) if a != b]
        assert len(different) <= 1  # a swap of two equal letters changes nothing
        assert all(len(a) > 4 and abs(len(a) - len(b)) <= 1 for a, b in different)


def test_a_question_without_longer_words_stays() -> None:
    assert with_typo("Who am I?", Random(1)) == "Who am I?"


def test_hurried_questions_are_never_empty() -> None:
    assert all(as_typed("Who is it?", Random(seed)) for seed in range(50))


def test_a_changed_question_differs_in_a_name_a_number_an_opposite_or_a_not() -> None:
    passage = "Frank Worsley was captain of Endurance, and John King Davis of Aurora."
    made = {unanswerable(QUESTION, passage, [passage], Random(seed)) for seed in range(200)}
    assert "Who was the last captain of the ship Endurance?" in made
    assert "Who wasn't the first captain of the ship Endurance?" in made
    assert "Who was the first captain of the ship Aurora?" in made
    assert QUESTION not in made


def test_a_number_is_altered_to_one_that_no_passage_holds() -> None:
    question, passages = "What did the 38 members want?", ["In 2001 the 38 members, later 39, wanted more."]
    made = {unanswerable(question, "The 38 members wanted more.", passages, Random(seed)) for seed in range(300)}
    numbers = {int(found[1]) for one in made if one and (found := re.search(r"the (\d+) members", one))}
    altered = numbers - {38, 39, 2001}  # the latter two were exchanged, and wrong as well
    assert {36, 37, 40} <= altered
    assert all(abs(number - 38) <= 5 for number in altered)


@pytest.mark.parametrize(
    ("question", "passage", "held"),
    [
        ("What did the 1000 men want?", "1,001 men, and a thousand and two.", {"1001", "1002"}),
        ("What did the 1,000 men want?", "1001 men, or 999.", {"1,001", "999"}),
        ("What did the 3 men want?", "Two men, four women, 1 dog.", {"1", "2", "4"}),
        ("What did the 20 men want?", "Twenty-one men and nineteen women.", {"19", "21"}),
    ],
)
def test_a_number_that_a_passage_writes_in_another_way_is_held(question: str, passage: str, held: set[str]) -> None:
    made = {_alter_number(question, [passage], Random(seed)) for seed in range(1000)}
    numbers = {found[1] for one in made if one and (found := re.search(r"the ([\d,]+) men", one))}
    assert len(numbers) > 3
    assert not numbers & held


def test_a_question_in_which_nothing_can_be_changed_gives_none() -> None:
    assert unanswerable("Why?", "", [], Random(1)) is None


def test_a_passage_is_moved_below_a_title_without_the_word_that_it_has_from_its_own() -> None:
    others = ["Hire conditions 2024", "Notes on hire, 2023", "Hire conditions 2023. Helmets"]
    asked, passage = "What did hire cost in 2023?", "A day costs eight pounds."
    assert {moved(asked, passage, "Hire conditions 2023", others, Random(n)) for n in range(9)} == {others[0]}
    assert moved(asked, "In 2023 a day of hire cost eight pounds.", "Hire conditions 2023", others, Random(1)) is None
    assert moved("What does it cost?", passage, "What it costs", others, Random(1)) is None
    assert moved(asked, passage, "Hire conditions 2023", [], Random(1)) is None


def test_a_question_names_the_title_of_its_document_or_a_part_of_it() -> None:
    made = {named("What does a fob cost?", "House rules, Harbour Street 7", Random(n)) for n in range(99)}
    assert "What does a fob cost at Harbour Street 7?" in made
    assert "House rules: What does a fob cost?" in made
    assert all("hat does a fob cost" in one and ("House rules" in one or "Harbour Street 7" in one) for one in made)
    assert named("What does a fob cost?", "", Random(1)) == "What does a fob cost?"
