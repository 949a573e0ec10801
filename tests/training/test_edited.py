"""Changed questions: put together with the questions that they change, and what is wrong with a file is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.question_sets import check_against, read_questions
from training.edited import FOLDER, changed, read_edited, write_set
from training.examples import HELD_OUT
from training.offered import EDITED, WRITTEN

DOCUMENT = "The ferry of Solvik leaves at 7:10.\n\nIt carries forty cars.\n"
QUESTION = {
    "id": "a",
    "question": "When does the ferry leave?",
    "answerable": True,
    "answers": [{"text": "7:10", "doc": "ferry.txt", "start": 30, "end": 34}],
    "paragraph": {"doc": "ferry.txt", "start": 0, "end": 35},
}


def set_of(tmp_path: Path) -> Path:
    source = tmp_path / "ferries"
    (source / "docs").mkdir(parents=True)
    (source / "docs" / "ferry.txt").write_bytes(DOCUMENT.encode())
    (source / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n", "utf-8")
    return source


def edited(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "edited" / "ferries" / "ferry.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_a_set_has_the_changed_questions_and_the_offsets_of_their_answers(tmp_path: Path) -> None:
    arrives = {"id": "a", "changes": [[20, 25, "arrive"]], "answer": None}
    whose = {"id": "a", "changes": [[0, 4, "Where"], [13, 13, " "], [25, 25, " at 7:10"]], "answer": [13, 19]}
    edited(tmp_path, arrives, whose)
    target = tmp_path / "target"
    write_set(set_of(tmp_path), target, tmp_path / "edited")
    questions = read_questions(target / "questions.jsonl")
    texts = {path.name: path.read_text("utf-8") for path in (target / "docs").iterdir()}
    assert check_against(questions, target / "questions.jsonl", texts, texts.__getitem__) == {}
    assert [one.text for one in questions] == [
        "When does the ferry arrive?",
        "Where does the ferry leave at 7:10?".replace("the ferry", "the  ferry"),
    ]
    assert [[gold.text for gold in one.answers] for one in questions] == [[], ["Solvik"]]
    assert [one.paragraph and one.paragraph.span.end for one in questions] == [35, 35]


@pytest.mark.parametrize("changes", [[(5, 4, "x")], [(0, 99, "x")], [(4, 8, "x"), (6, 9, "y")]])
def test_changes_stand_in_order_within_the_question(changes: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="no such place in 'When does"):
        changed("When does it leave?", changes)


@pytest.mark.parametrize("line", ["{\n", '{"id": "a"}\n', '{"id": "a", "changes": [[1, 2]], "answer": null}\n'])
def test_a_line_that_is_no_change_is_named(tmp_path: Path, line: str) -> None:
    good = {"id": "a", "changes": [], "answer": None}
    with pytest.raises(ValueError, match=r"ferry\.jsonl, line 2: "):
        list(read_edited(edited(tmp_path, good, line)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "b", "changes": [], "answer": None}, "no question 'b' about ferry.txt"),
        ({"id": "a", "changes": [], "answer": None}, "nothing is changed"),
        ({"id": "a", "changes": [[0, 4, "Where"]], "answer": [37, 40]}, "the answer does not lie in the paragraph"),
        ({"id": "a", "changes": [[0, 4, "Where"]], "answer": [3, 3]}, "the answer does not lie in the paragraph"),
        ({"id": "a", "changes": [[0, 99, "Where"]], "answer": None}, "no such place"),
    ],
)
def test_a_change_that_does_not_fit_is_named(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    edited(tmp_path, change)
    with pytest.raises(ValueError, match=rf"ferry\.jsonl, line 1: {reason}"):
        write_set(set_of(tmp_path), tmp_path / "target", tmp_path / "edited")


@pytest.mark.parametrize("name", sorted({*EDITED.values()} - {WRITTEN}))
def test_the_shipped_changes_are_well_formed(name: str) -> None:
    files = sorted((FOLDER / name).glob("*.jsonl"))
    assert len(files) > HELD_OUT[name]
    for path in files:
        rows = list(read_edited(path))
        unanswered = sum(one.answer is None for one in rows)
        assert 0 < unanswered <= 2 * len(rows)
        assert all(one.changes for one in rows), path
