"""Question sets: questions with the places that answer them, one JSON object a line.

`{"id", "question", "answerable", "answers": [{"text", "doc", "start", "end"}], "paragraph": {"doc", "start", "end"}}`;
`paragraph` may be left out or null; offsets count code points of the document's text.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import QuestionSetError
from retrieval.filtering import composed
from retrieval.spelling import distance
from retrieval.types import Span

FOLDS = 5
"""Into how many parts questions are divided for cross-validation."""

_DIGIT = re.compile(r"\d")
_ALIKE = 0.6  # of two names, from which on one is the nearest
_MOST_NEAR = 3  # names among which the one that was mistyped is
_MOST_EDITS = 2  # by which it was
_KEPT_TEXTS = 16  # of the documents that questions were checked against last

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

    @property
    def places(self) -> tuple[Gold, ...]:
        """Every place that it names."""
        return self.answers if self.paragraph is None else (*self.answers, self.paragraph)

    def document_in(self, documents: Collection[str]) -> str | None:
        """The same, where it is one of these; else the first of these with an answer."""
        named = (self.document, *(gold.doc for gold in self.answers))
        return next((one for one in named if one in documents), None)

    def has_answer_in(self, documents: Collection[str]) -> bool:
        """Whether one of these documents holds an answer."""
        return any(gold.doc in documents for gold in self.answers)

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


def respelt(questions: Sequence[EvalQuestion], documents: Collection[str]) -> list[EvalQuestion]:
    """The questions with names as these documents have them, where only their accents are written otherwise."""
    written: defaultdict[str, list[str]] = defaultdict(list)
    for name in documents:
        written[composed(name)].append(name)

    def own(gold: Gold) -> Gold:
        alike = written.get(composed(gold.doc), [])
        return replace(gold, doc=alike[0]) if gold.doc not in documents and len(alike) == 1 else gold

    return [
        replace(one, answers=tuple(map(own, one.answers)), paragraph=one.paragraph and own(one.paragraph))
        for one in questions
    ]


def check_against(
    questions: Sequence[EvalQuestion], path: Path, documents: Collection[str], text_of: Callable[[str], str]
) -> dict[str, list[int]]:
    """The gold documents that a library of `documents` does not hold, each with the lines that ask about it.

    Raises QuestionSetError where it holds none of them, where a place lies outside its document or its text stands
    elsewhere, and where a missing document is another's name mistyped. `text_of` gives the text of a document.
    """
    if not documents:
        raise QuestionSetError("The library holds no document: put some into the seeds folder and run `seedbot build`.")
    asked_about = {gold.doc for question in questions for gold in question.answers}
    if asked_about and asked_about.isdisjoint(documents):
        line, first = min((q.line, gold.doc) for q in questions for gold in q.answers)
        raise QuestionSetError(
            f"{path} asks about {len(asked_about)} document{'s' * (len(asked_about) > 1)}, such as {first!r} in line "
            f"{line}{nearest(first, documents)}, and the library holds none of them: build it from the folder that "
            "this set belongs to."
        )
    text_of = lru_cache(maxsize=_KEPT_TEXTS)(text_of)
    absent: dict[str, list[tuple[int, Gold]]] = {}
    for question in questions:
        for gold in question.places:
            if gold.doc in documents:
                _check_place(gold, text_of(gold.doc), f"{path}, line {question.line}")
            else:
                absent.setdefault(gold.doc, []).append((question.line, gold))
    for name, places in absent.items():
        _refuse_mistyped(name, [gold for _, gold in places], documents, text_of, f"{path}, line {places[0][0]}")
    return {name: sorted({line for line, _ in places}) for name, places in absent.items()}


def _check_place(gold: Gold, text: str, where: str) -> None:
    if gold.span.end > len(text):
        raise QuestionSetError(
            f"{where}: {gold.span.start}-{gold.span.end} lies outside {gold.doc}, which has {len(text)} characters: "
            "correct it, or restore that document."
        )
    if gold.text is not None and gold.span.of(text) != gold.text:
        raise QuestionSetError(
            f"{where}: the answer {gold.text[:60]!r} does not stand at {gold.span.start}-{gold.span.end} of "
            f"{gold.doc}: correct it, or restore that document."
        )


def _refuse_mistyped(
    name: str, places: Sequence[Gold], documents: Collection[str], text_of: Callable[[str], str], where: str
) -> None:
    """Raises QuestionSetError where all that is quoted from a missing document stands in one with a name like it.

    A document that is only not there is no mistake: half a set's documents measure the honest no. Names that differ by
    more than two edits, or in nothing but their digits, are those of different documents, which may have words of one
    template in common.
    """
    quoted = [gold for gold in places if gold.text]
    for other in get_close_matches(name, documents, n=_MOST_NEAR, cutoff=_ALIKE) if quoted else ():
        is_other_number = _DIGIT.sub("", name) == _DIGIT.sub("", other)
        may_be_meant = not is_other_number and distance(name, other, _MOST_EDITS) <= _MOST_EDITS
        if may_be_meant and all(gold.span.of(text_of(other)) == gold.text for gold in quoted):
            raise QuestionSetError(
                f"{where}: the library holds no document {name!r}; what is quoted from it stands in {other!r}: "
                "correct the name."
            )


def nearest(name: str, documents: Collection[str]) -> str:
    """The name among these that is most like it, in brackets; empty where none is like it."""
    near = get_close_matches(name, documents, n=1, cutoff=_ALIKE)
    return f" (the nearest is {near[0]!r})" if near else ""


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
    if not isinstance(doc, str) or len(offsets) != 2 or not 0 <= offsets[0] < offsets[1]:
        raise wrong('an answer or paragraph needs "doc" as text, and "start" and "end" as offsets in order')
    if text is not None and not isinstance(text, str):
        raise wrong('"text" of an answer must be text')
    return Gold(doc, Span(offsets[0], offsets[1]), text)
