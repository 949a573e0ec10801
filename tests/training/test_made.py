"""Examples that are made up: their answers stand where they say, and what is untold is told nowhere."""

from __future__ import annotations

from random import Random

import pytest

from training.made import Made, people, reports, rows

NAMES = ["Ada Lovelace", "Frank Worsley", "John Fowler", "Benjamin Baker", "Roald Amundsen"]


def _made() -> list[Made]:
    return [*reports(NAMES, 60, Random(1)), *rows(NAMES, 60, Random(1))]


def test_an_answer_stands_in_the_first_passage_and_in_no_other_of_an_answered_question() -> None:
    answered = [one for one in _made() if one.answered]
    assert len(answered) > 200
    for one in answered:
        (text, place), *others = one.passages
        assert place is not None
        assert 0 <= place[0] < place[1] <= len(text)
        assert text[slice(*place)].strip() == text[slice(*place)]
        assert all(answer is None for _, answer in others)


def test_a_question_without_an_answer_points_nowhere() -> None:
    untold = [one for one in _made() if not one.answered]
    assert len(untold) > 200
    assert all(answer is None for one in untold for _, answer in one.passages)
    assert not any("born" in text for one in untold if "born" in one.question and "member" not in one.passages[0][0]
                   for text, _ in one.passages)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_column_that_is_asked_for_is_there_only_where_it_answers(seed: int) -> None:
    for one in rows(NAMES, 40, Random(seed)):
        row = one.passages[0][0]
        if one.question.startswith("How much does") and row.startswith("product"):
            assert one.answered == ("price" in row)


def test_names_are_those_whose_words_are_never_written_small() -> None:
    text = "The ship of Frank Worsley, the Near East, left near the Forth Bridge."
    assert people([text]) == ["Forth Bridge", "Frank Worsley"]
