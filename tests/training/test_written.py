"""The texts written for training: each file is sound, and what is wrong with one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.question_sets import check_against, read_questions
from training.offered import SIDES
from training.written import FOLDER, read_written, write_set

GOOD = """title: The ferry of Solvik
kind: local news

The ferry of Solvik, which {F1} steers, leaves at 7:10. {F1.last} says that fog may hold it up.

? When does the ferry of Solvik leave? => 7:10
? What may delay {F1.first}'s ferry? => fog
! What does a ticket cost?

On Sundays it leaves at 9.

? When does it go on Sundays? => at 9
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ferry.txt"
    path.write_text(text, "utf-8")
    return path


def test_questions_belong_to_the_paragraph_above_them(tmp_path: Path) -> None:
    one = read_written(written(tmp_path, GOOD))
    assert (one.title, one.kind, len(one.paragraphs)) == ("The ferry of Solvik", "local news", 2)
    assert [(asked.answer, asked.at) for asked in one.asked] == [("7:10", 0), ("fog", 0), (None, 0), ("at 9", 1)]


def test_everybody_gets_one_name_the_same_at_every_reading(tmp_path: Path) -> None:
    first, again = read_written(written(tmp_path, GOOD)), read_written(written(tmp_path, GOOD))
    assert first == again
    name = first.paragraphs[0].split("which ")[1].split(" steers")[0]
    given, last = name.split(" ")
    assert f"{last} says that fog" in first.paragraphs[0]
    assert first.asked[1].question == f"What may delay {given}'s ferry?"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("? When? => 7:11", "ferry.txt, line 13: the answer '7:11' stands 0 times"),
        ("? When? => e", "the answer 'e' stands 2 times"),
        ("? When?", "the answer '' stands 0 times"),
        ("?When? => 7:10", "line 13: a question begins with"),
        ("When? => 7:10", "line 13: a question begins with"),
        ("! When? => 7:10", "line 13: a question that nothing answers has no answer"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_written(written(tmp_path, f"{GOOD}{line}\n"))


def test_a_question_before_any_paragraph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 3: a question before the first paragraph"):
        read_written(written(tmp_path, "title: A\nkind: b\n? Who? => I\n"))


def test_a_file_without_a_title_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a title, a kind, paragraphs and questions are needed"):
        read_written(written(tmp_path, GOOD.removeprefix("title: The ferry of Solvik\n")))


@pytest.mark.parametrize("folder", [FOLDER, FOLDER.with_name(SIDES)], ids=lambda folder: folder.name)
def test_the_files_make_a_question_set_whose_every_place_is_right(tmp_path: Path, folder: Path) -> None:
    write_set(tmp_path, folder)
    texts = {path.name: path.read_text("utf-8") for path in (tmp_path / "docs").iterdir()}
    questions = read_questions(tmp_path / "questions.jsonl")
    assert check_against(questions, tmp_path / "questions.jsonl", texts, texts.__getitem__) == {}
    assert all(question.answerable == bool(question.answers) for question in questions)
    assert len(texts) == len(list(folder.glob("*.txt")))
    assert not any("{M" in text or "{F" in text for text in texts.values())


def test_edited_questions_are_a_set_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    lines = "?? When does the ferry leave Solvik again? => 7:10\n!! When does the ferry leave Solvik at night?\n"
    (folder / "ferry.txt").write_text(
        f"title: Ferry\nkind: news\nIt leaves at 7:10.\n? When? => 7:10\n{lines}", "utf-8"
    )
    changed = [line[3:].partition("?")[0] + "?" for line in lines.splitlines()]
    for edited, asked in ((False, ["When?"]), (True, changed), (None, ["When?", *changed])):
        write_set(tmp_path / "set", folder, edited=edited)
        found = read_questions(tmp_path / "set" / "questions.jsonl")
        assert [question.text for question in found] == asked
        assert [question.answerable for question in found] == [one != changed[1] for one in asked]
