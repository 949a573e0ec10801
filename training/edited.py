"""Questions of the question sets, changed: `write_set` makes a set of them.

A file `training/edited/SET/DOCUMENT.jsonl` has a line for each changed question about a document of a set: the `id` of
the question that was changed, its `changes`, offsets in it and what stands between them now, and `answer`, the offsets
of the answer in the document, null where nothing answers. The question itself is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.question_sets import EvalQuestion, read_questions
from retrieval.types import Span
from training.written import begin_set, set_row, write_questions

FOLDER = Path(__file__).with_name("edited")


@dataclass(frozen=True, slots=True)
class Edited:
    """A change of the question called `of`; `answer` is None where nothing answers the changed one."""

    of: str
    changes: tuple[tuple[int, int, str], ...]
    answer: Span | None


def read_edited(path: Path) -> Iterator[Edited]:
    """The changes in a file. Raises ValueError that names the line where something is wrong."""
    for number, line in enumerate(path.read_text("utf-8").rstrip("\n").split("\n"), 1):
        try:
            row = json.loads(line)
            answer = None if row["answer"] is None else Span(*row["answer"])
            yield Edited(row["id"], tuple((start, end, text) for start, end, text in row["changes"]), answer)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path.name}, line {number}: {error!r}") from error


def changed(question: str, changes: Sequence[tuple[int, int, str]]) -> str:
    """The question with its changes. Raises ValueError where they are not in order or reach beyond it."""
    pieces, at = [], 0
    for start, end, text in changes:
        if not at <= start <= end <= len(question):
            raise ValueError(f"no such place in {question!r}: {start} to {end}")
        pieces += [question[at:start], text]
        at = end
    return "".join([*pieces, question[at:]])


def write_set(source: Path, target: Path, folder: Path = FOLDER) -> None:
    """Writes a set with the documents of `source` and its questions as the files in `folder` with its name change them,
    in place of the one that is there. Raises ValueError that names the line of a change that does not fit.
    """
    begin_set(target, source)
    questions = {question.id: question for question in read_questions(source / "questions.jsonl")}
    rows = []
    for path in sorted((folder / source.name).glob("*.jsonl")):
        name = f"{path.stem}.txt"
        text = (source / "docs" / name).read_bytes().decode("utf-8")
        for number, one in enumerate(read_edited(path)):
            try:
                rows.append(_row(f"{path.stem}/{number}", one, questions.get(one.of), name, text))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number + 1}: {error}") from error
    write_questions(target, rows)


def _row(name: str, one: Edited, of: EvalQuestion | None, document: str, text: str) -> dict[str, Any]:
    """The line of a set. Raises ValueError where the change does not fit the question or the document."""
    if of is None or of.paragraph is None or of.paragraph.doc != document:
        raise ValueError(f"no question {one.of!r} about {document}")
    around, answer, question = of.paragraph.span, one.answer, changed(of.text, one.changes)
    if question == of.text:
        raise ValueError(f"nothing is changed in {question!r}")
    if answer is not None and not around.start <= answer.start < answer.end <= around.end:
        raise ValueError("the answer does not lie in the paragraph that was asked about")
    return set_row(name, question, document, text, around, answer)
