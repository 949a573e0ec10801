"""Questions changed on purpose."""

from __future__ import annotations

from random import Random

from training.perturb import as_typed, transplanted, unanswerable, with_typo, without

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


def test_a_question_in_which_nothing_can_be_changed_gives_none() -> None:
    assert unanswerable("Why?", "", [], Random(1)) is None


def test_a_transplanted_question_asks_something_else_about_a_name_of_the_passage() -> None:
    passage = "After the war Frank Worsley sailed for Iceland."
    made = {transplanted("How old was Ernest Shackleton?", passage, Random(seed)) for seed in range(50)}
    assert made == {"How old was Frank Worsley?", "How old was Iceland?"}
    assert transplanted("How old was he?", passage, Random(1)) is None


def test_a_passage_without_its_answer_lacks_the_sentences_that_held_it() -> None:
    before, answer, after = "The ship left in August. ", "It sank in November. ", "Its crew walked over the ice, " * 4
    text = before + answer + after
    at = text.index("November")
    assert without(text, (at, at + len("November"))) == before + after
    assert without(before + answer, (at, at + len("November"))) is None
    assert without(text + "Since that November", (at, at + len("November"))) is None
