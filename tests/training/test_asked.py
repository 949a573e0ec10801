"""Questions about the documents of a set: read with their paragraphs, and what is wrong with a file is named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from retrieval.question_sets import check_against, read_questions
from retrieval.types import Span
from training.asked import FOLDER, read_asked, write_set
from training.examples import held_out
from training.offered import ASKED

DOCUMENT = "The ferry of Solvik leaves at 7:10.\n\nIt carries forty cars.\n"
GOOD = """@ 0 35
? When does the ferry of Solvik leave? => 7:10
! When does the ferry of Solvik arrive?

@ 37 59
? How many cars does the ferry of Solvik carry? => forty
"""


def asked(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ferry.txt"
    path.write_text(text, "utf-8")
    return path


def test_questions_belong_to_the_paragraph_named_above_them(tmp_path: Path) -> None:
    rows = [(begin, around, one.answer) for begin, around, one in read_asked(asked(tmp_path, GOOD), DOCUMENT)]
    first, second = DOCUMENT.rstrip("\n").split("\n\n")
    assert rows == [(0, first, "7:10"), (0, first, None), (37, second, "forty")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@ 0 35\n? When? => 7:11", "ferry.txt, line 2: the answer '7:11' stands 0 times"),
        ("? When? => 7:10", "line 1: a question before the first paragraph"),
        ("@ 0\n", "line 1: not enough values"),
        ("@ 0 35\n?When? => 7:10", "line 2: a question begins with"),
        ("@ 0 35\n?? When? => 7:10", "line 2: a changed question has no place here"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(read_asked(asked(tmp_path, text), DOCUMENT))


def test_a_set_has_the_documents_and_the_offsets_of_answers_in_them(tmp_path: Path) -> None:
    source, folder, target = tmp_path / "source", tmp_path / "asked", tmp_path / "target"
    (source / "docs").mkdir(parents=True)
    (source / "docs" / "ferry.txt").write_bytes(DOCUMENT.encode())
    folder.mkdir()
    asked(folder, GOOD)
    write_set(source, target, folder)
    questions = read_questions(target / "questions.jsonl")
    texts = {path.name: path.read_text("utf-8") for path in (target / "docs").iterdir()}
    assert check_against(questions, target / "questions.jsonl", texts, texts.__getitem__) == {}
    assert [[a.span for a in one.answers] for one in questions] == [[Span(30, 34)], [], [Span(48, 53)]]
    assert [one.answerable for one in questions] == [True, False, True]


def test_the_shipped_questions_are_well_formed_and_ask_about_every_held_out_document() -> None:
    names = sorted(path.name for path in FOLDER.glob("*.txt"))
    assert len(names) == 13
    assert held_out(ASKED, names) == {"Doctor_Who.txt", "Nikola_Tesla.txt", "Super_Bowl_50.txt"}
    for path in FOLDER.glob("*.txt"):
        marks = Counter(line[:2] for line in path.read_text("utf-8").split("\n") if line)
        assert set(marks) == {"@ ", "? ", "! "}
        assert marks["? "] >= 2 * marks["@ "]
        assert marks["! "] >= 3 * marks["@ "]
