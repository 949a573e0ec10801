"""Examples for the reader: what is held out, and questions that nothing answers."""

from __future__ import annotations

import re
from pathlib import Path

from retrieval.testing import FakeEmbedder
from training.examples import _of_set, held_out
from training.offered import WRITTEN, Example, Offered, read_examples, write_examples
from training.written import documents, write_set

NUMBER = re.compile(r"Solvik number (\d+)")

TEXT = """title: Ferry {number}
kind: local news

The ferry of Solvik number {number} leaves at {number}:10 and takes forty cars across the sound.

? When does the ferry of Solvik number {number} leave? => {number}:10
! Who steers the ferry of Solvik number {number}?
"""


def test_a_written_text_stays_held_out_when_others_are_added() -> None:
    names = [f"{one.name}.txt" for one in documents()]
    held = held_out(WRITTEN, names)
    assert 0.05 < len(held) / len(names) < 0.2
    assert held_out(WRITTEN, names[::2]) == held & set(names[::2])


def test_examples_are_read_as_they_were_written(tmp_path: Path) -> None:
    one = Offered("A ferry\u2028leaves at 7:10.\n", True, (18, 22), own=True, context="Ferries\nof Solvik")
    other = Offered("It’s late.", False, None, own=False)
    examples = [Example("written", "When?", (one, other), False), Example("asked", "Who?", (other,), True)]
    write_examples(tmp_path / "made" / "examples", examples)
    assert read_examples(tmp_path / "made" / "examples") == examples


def test_a_question_that_nothing_answers_has_no_right_passage(tmp_path: Path) -> None:
    made = _ferries(tmp_path, 6)
    examples = list(_of_set(made, tmp_path / "work", FakeEmbedder()))
    whole = examples[: 2 * 6]
    assert [example.answered for example in whole if example.question.startswith("When")] == [True] * 6
    assert [example.answered for example in whole if example.question.startswith("Who")] == [False] * 6
    assert all(_answers_rightly(example) for example in whole)


def test_nothing_is_learnt_from_a_document_that_is_held_out(tmp_path: Path) -> None:
    made = _ferries(tmp_path, 24)
    held = held_out(WRITTEN, [path.name for path in (made / "docs").iterdir()])
    numbers = {name.removeprefix("ferry-").removesuffix(".txt") for name in held}
    assert 0 < len(numbers) < 24
    examples = list(_of_set(made, tmp_path / "work", FakeEmbedder()))
    assert {NUMBER.findall(example.question)[0] for example in examples if example.held_out} == numbers
    shown = {number for e in examples if not e.held_out for one in e.passages for number in NUMBER.findall(one.text)}
    assert shown
    assert shown.isdisjoint(numbers)
    asked = [(e, one) for e in examples if e.question.startswith("Who") for one in e.passages if one.own]
    assert asked
    assert all(NUMBER.findall(one.text) == NUMBER.findall(e.question) for e, one in asked)


def _ferries(tmp_path: Path, count: int) -> Path:
    """A question set about so many ferries."""
    files, made = tmp_path / "files", tmp_path / WRITTEN
    files.mkdir()
    for number in range(1, count + 1):
        (files / f"ferry-{number}.txt").write_text(TEXT.replace("{number}", str(number)), "utf-8")
    write_set(made, files)
    return made


def _answers_rightly(example: Example) -> bool:
    """Whether the words marked in a right passage are those of the question's own ferry."""
    number = example.question.rpartition("number ")[2][0]
    return all(one.text[slice(*one.answer)] == f"{number}:10" for one in example.passages if one.answer)
