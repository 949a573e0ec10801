"""Texts written for training: `python -m training.written` checks them, `write_set` makes a question set of them.

A file of `training/written/`, `training/sides/` or `training/folders/` is one document: lines `title:` and `kind:`,
then paragraphs of one line each, every one followed by its questions. `? question => answer` has its answer verbatim in
the paragraph above, exactly once; `! question` is one that nothing in the document, or its folder, answers. Behind `??`
and `!!` stand questions that change another one, so that it is hard to tell whether they are answered; those of
`training/written/` make a set of their own. People have no names there: `{M1}` and `{F1}` stand for a man and a woman,
`{M1.first}` and `{M1.last}` for parts of the name, and each gets a name drawn from common ones.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.types import Span

FOLDER = Path(__file__).with_name("written")
NAMES = Path(__file__).with_name("names.txt")
"""Common first names of men and of women, and last names: a line each."""

_PERSON = re.compile(r"\{([MF])(\d+)(?:\.(first|last))?\}")
_MARKS = ("?", "!")
_ASKS = ("? ", "! ", "?? ", "!! ")
_ARROW = " => "


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and its answer in the paragraph `at`; None where the document does not answer it. `edited` says that
    it changes another question.
    """

    question: str
    answer: str | None
    at: int
    edited: bool = False

    def place(self, text: str, paragraph: Span) -> Span | None:
        """Where the answer is in the document's text, in which the paragraph lies at `paragraph`."""
        if self.answer is None:
            return None
        start = text.index(self.answer, paragraph.start)
        return Span(start, start + len(self.answer))


@dataclass(frozen=True, slots=True)
class Written:
    """A document as it is read: what it is called, what it is, its paragraphs and its questions."""

    name: str
    title: str
    kind: str
    paragraphs: tuple[str, ...]
    asked: tuple[Asked, ...]


def read_written(path: Path) -> Written:
    """Reads a file, people named. Raises ValueError that names the lines where something is wrong with it."""
    text = _named(path.read_text("utf-8"), random.Random(path.stem))
    head: dict[str, str] = {}
    paragraphs: list[str] = []
    asked: list[Asked] = []
    wrong: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        key, _, value = line.partition(": ")
        try:
            if not paragraphs and key in {"title", "kind"}:
                head[key] = value
            elif line.startswith(_MARKS) or _ARROW in line:
                asked.append(question_in(line, paragraphs))
            elif line:
                paragraphs.append(line)
        except ValueError as error:
            wrong.append(f"{path.name}, line {number}: {error}")
    if wrong:
        raise ValueError("\n".join(wrong))
    if head.keys() != {"title", "kind"} or not paragraphs or not asked:
        raise ValueError(f"{path.name}: a title, a kind, paragraphs and questions are needed")
    return Written(path.stem, head["title"], head["kind"], tuple(paragraphs), tuple(asked))


def question_in(line: str, paragraphs: Sequence[str]) -> Asked:
    """The question of a line about the last of the paragraphs above it. Raises ValueError where something is wrong."""
    if not line.startswith(_ASKS):
        raise ValueError("a question begins with '? ' or '! '")
    if not paragraphs:
        raise ValueError("a question before the first paragraph")
    mark, _, rest = line.partition(" ")
    question, arrow, answer = rest.partition(_ARROW)
    edited = len(mark) > 1
    if mark.startswith("!"):
        if arrow:
            raise ValueError("a question that nothing answers has no answer")
        return Asked(question.strip(), None, len(paragraphs) - 1, edited)
    answer = answer.strip()
    count = paragraphs[-1].count(answer) if answer else 0
    if count != 1:
        raise ValueError(f"the answer {answer!r} stands {count} times in the paragraph above, not once")
    return Asked(question.strip(), answer, len(paragraphs) - 1, edited)


@cache
def _names() -> dict[str, list[str]]:
    lines = (line.partition(": ") for line in NAMES.read_text("utf-8").splitlines())
    return {kind: names.split() for kind, _, names in lines}


def _named(text: str, chance: random.Random) -> str:
    """The text with a name for everybody in it, no first or last name twice."""
    taken: set[str] = set()
    people: dict[str, tuple[str, str]] = {}

    def pick(kind: str) -> str:
        name = chance.choice([one for one in _names()[kind] if one not in taken])
        taken.add(name)
        return name

    def name(match: re.Match[str]) -> str:
        key = match[1] + match[2]
        if key not in people:
            people[key] = (pick("men" if match[1] == "M" else "women"), pick("last"))
        first, last = people[key]
        return {"first": first, "last": last}.get(match[3], f"{first} {last}")

    return _PERSON.sub(name, text)


def shelf(document: str) -> str:
    """Which of the folders a document of `training/folders/` is in: what its name begins with."""
    return document.partition("-")[0]


def documents(folder: Path = FOLDER) -> Iterator[Written]:
    """All documents of a folder, by name."""
    for path in sorted(folder.glob("*.txt")):
        yield read_written(path)


def write_set(target: Path, folder: Path = FOLDER, *, edited: bool | None = None) -> None:
    """Writes a question set that `retrieval.question_sets` reads, `docs/*.txt` and `questions.jsonl`, in place of the
    one that is there: of all questions, or of those alone that change another one, or that do not.
    """
    begin_set(target)
    rows = []
    for one in documents(folder):
        path = f"{one.name}.txt"
        text = "\n\n".join((one.title, *one.paragraphs)) + "\n"
        (target / "docs" / path).write_text(text, "utf-8")
        begins, at = [], len(one.title) + 2
        for paragraph in one.paragraphs:
            begins.append(at)
            at += len(paragraph) + 2
        for number, asked in enumerate(asked for asked in one.asked if edited in (None, asked.edited)):
            paragraph = Span(begins[asked.at], begins[asked.at] + len(one.paragraphs[asked.at]))
            answer = asked.place(text, paragraph)
            rows.append(set_row(f"{one.name}/{number}", asked.question, path, text, paragraph, answer))
    write_questions(target, rows)


def begin_set(target: Path, source: Path | None = None) -> None:
    """Makes the folder of a set, its documents those of `source`, in place of the one that is there."""
    shutil.rmtree(target / "docs", ignore_errors=True)
    (target / "docs").mkdir(parents=True)
    if source is not None:
        for document in (source / "docs").iterdir():
            shutil.copyfile(document, target / "docs" / document.name)


def set_row(name: str, question: str, document: str, text: str, paragraph: Span, answer: Span | None) -> dict[str, Any]:
    """A line of a question set: a question about a paragraph of a document with this text, and where its answer is."""
    return {
        "id": name,
        "question": question,
        "answerable": answer is not None,
        "answers": [] if answer is None else [{"text": answer.of(text), **_place(document, answer)}],
        "paragraph": _place(document, paragraph),
    }


def _place(document: str, span: Span) -> dict[str, Any]:
    return {"doc": document, "start": span.start, "end": span.end}


def write_questions(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes the questions of a set."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    """Checks the files of a folder and counts what is in them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    counts: Counter[str] = Counter()
    wrong = 0
    for path in sorted(folder.glob("*.txt")):
        try:
            one = read_written(path)
        except (ValueError, UnicodeDecodeError) as error:
            print(error)
            wrong += 1
            continue
        answered = sum(asked.answer is not None for asked in one.asked)
        counts.update(documents=1, paragraphs=len(one.paragraphs), answered=answered)
        counts["not answered"] += len(one.asked) - answered
    print(", ".join(f"{count} {name}" for name, count in counts.items()), f"· {wrong} files with something wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
