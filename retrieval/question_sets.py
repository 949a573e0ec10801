"""Question sets: questions with the places that answer them, one JSON object a line.

`{"id", "question", "answerable", "answers": [{"text", "doc", "start", "end"}], "paragraph": {"doc", "start", "end"}}`;
`paragraph` may be left out or null; offsets count code points of the document's text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import QuestionSetError
from retrieval.types import Span

FOLDS = 5
"""Into how many parts questions are divided for cross-validation."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gold:
    """A place in a document; `text` is what stands there, where the set says so."""

    doc: str
    span: Span
    text: str | None = None


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """A question, every place that answers it, and the paragraph it was asked about. `line` counts from 1."""

    id: str
    text: str
    answerable: bool
    answers: tuple[Gold, ...]
    paragraph: Gold | None
    line: int

    @property
    def document(self) -> str | None:
        """The document it was asked about."""
        if self.paragraph is not None:
            return self.paragraph.doc
        return self.answers[0].doc if self.answers else None

    def covered_by(self, document: str, span: Span) -> bool:
        """Whether `span` of `document` holds one of the answers whole."""
        return any(a.doc == document and span.start <= a.span.start and a.span.end <= span.end for a in self.answers)


def read_questions(path: Path) -> list[EvalQuestion]:
    """The questions of a file, in order. Raises QuestionSetError, naming the file and the line."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise QuestionSetError(f"The question set {str(path)!r} cannot be read: {reason}.") from error
    found = [_question(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise QuestionSetError(f"The question set {str(path)!r} holds no question.")
    return found


def check_against(questions: Sequence[EvalQuestion], path: Path, text_of: Callable[[str], str | None]) -> None:
    """Raises QuestionSetError where no gold document is in the library, or an answer does not stand where it says.

    `text_of` gives a document's text, or None where the library does not hold it.
    """
    texts = {name: text_of(name) for name in sorted({a.doc for q in questions for a in q.answers})}
    if texts and all(text is None for text in texts.values()):
        raise QuestionSetError(
            f"None of the {len(texts)} documents that {str(path)!r} asks about is in the library: "
            "build it from the folder that this set belongs to."
        )
    for question in questions:
        for gold in question.answers:
            text = texts[gold.doc]
            if text is not None and gold.text is not None and gold.span.of(text) != gold.text:
                raise QuestionSetError(
                    f"{path}, line {question.line}: the answer {gold.text[:60]!r} does not stand at "
                    f"{gold.span.start}-{gold.span.end} of {gold.doc}: correct it, or restore that document."
                )


def sample(items: Sequence[T], count: int, seed: int = 1) -> list[T]:
    """At most `count` of them, drawn with a fixed seed."""
    drawn = list(items)
    random.Random(seed).shuffle(drawn)
    return drawn[:count]


def half(names: Collection[str], seed: int = 1) -> set[str]:
    """A random half of some names, with a fixed seed."""
    return set(sample(sorted(names), (len(names) + 1) // 2, seed))


def folds(questions: Sequence[EvalQuestion], count: int = FOLDS) -> NDArray[np.intp]:
    """The fold of each question, from 0: whole documents, the largest first, each into the smallest fold so far.

    A question without a document stands alone, as does every one where there are fewer documents than folds.
    """
    together = count_documents(questions) >= count
    members: dict[object, list[int]] = {}
    for i in sample(range(len(questions)), len(questions)):
        document = questions[i].document if together else None
        members.setdefault(i if document is None else document, []).append(i)
    found, sizes = np.zeros(len(questions), np.intp), [0] * count
    for group in sorted(members.values(), key=len, reverse=True):
        fold = sizes.index(min(sizes))
        found[group] = fold
        sizes[fold] += len(group)
    return found


def count_documents(questions: Sequence[EvalQuestion]) -> int:
    """How many documents they were asked about."""
    return len({q.document for q in questions} - {None})


def _question(path: Path, number: int, line: str) -> EvalQuestion:
    def wrong(what: str) -> QuestionSetError:
        return QuestionSetError(f"{path}, line {number}: {what}.")

    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise wrong(f"not a JSON object ({str(error)[:80]})") from error
    if not isinstance(row, dict):
        raise wrong("not a JSON object")
    text, answerable, answers = row.get("question"), row.get("answerable"), row.get("answers", [])
    if not isinstance(text, str) or not text.strip():
        raise wrong('"question" is missing or empty')
    if not isinstance(answerable, bool):
        raise wrong('"answerable" must be true or false')
    if not isinstance(answers, list):
        raise wrong('"answers" must be a list')
    golds = tuple(_gold(answer, wrong) for answer in answers)
    paragraph = row.get("paragraph")
    return EvalQuestion(
        id=str(row.get("id", number)),
        text=text,
        answerable=answerable,
        answers=golds,
        paragraph=None if paragraph is None else _gold(paragraph, wrong),
        line=number,
    )


def _gold(value: object, wrong: Callable[[str], QuestionSetError]) -> Gold:
    if not isinstance(value, dict):
        raise wrong('an answer or paragraph must be an object with "doc", "start" and "end"')
    doc, start, end, text = (value.get(name) for name in ("doc", "start", "end", "text"))
    offsets = [one for one in (start, end) if isinstance(one, int) and not isinstance(one, bool)]
    if not isinstance(doc, str) or len(offsets) != 2 or not 0 <= offsets[0] <= offsets[1]:
        raise wrong('an answer or paragraph needs "doc" as text, and "start" and "end" as offsets in order')
    if text is not None and not isinstance(text, str):
        raise wrong('"text" of an answer must be text')
    return Gold(doc, Span(offsets[0], offsets[1]), text)
