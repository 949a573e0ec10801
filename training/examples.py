"""Examples for the reader: questions, the windows that ranking offers for them, and where in these the answer is."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.fit import _with_other_names
from benchmarks.sets import library_over
from retrieval.answering import window
from retrieval.embedding import Embedder
from retrieval.library import Library
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.ranking import prepare, rank
from retrieval.types import Filter

CHARACTERS = 500
_WINDOWS = 10
_ABSENT_SHARE = 4  # one question in so many is asked once more where nothing answers it


@dataclass(frozen=True, slots=True)
class Window:
    """A window that ranking offers: `answer` is where the answer stands in `text`, None where it does not."""

    text: str
    answer: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Example:
    """A question and its windows, best first; `held_out` examples are for choosing, not for learning."""

    question: str
    windows: tuple[Window, ...]
    held_out: bool

    @property
    def answered(self) -> bool:
        """Whether a window holds the answer."""
        return any(one.answer is not None for one in self.windows)


def make_examples(sets: Path, work: Path, embedder: Embedder, names: Sequence[str]) -> list[Example]:
    """The examples of the sets, made once and kept in `work`."""
    path = work / "examples.jsonl"
    if not path.exists():
        made = [example for name in names for example in _of_set(sets / name, work / name, embedder)]
        lines = (json.dumps(asdict(example), ensure_ascii=False) for example in made)
        path.with_suffix(".part").write_text("\n".join(lines), "utf-8")
        path.with_suffix(".part").replace(path)
    return [_read(json.loads(line)) for line in path.read_text("utf-8").split("\n")]


def _read(row: dict[str, object]) -> Example:
    windows = tuple(Window(w["text"], tuple(w["answer"]) if w["answer"] else None) for w in row["windows"])  # type: ignore[attr-defined]
    return Example(str(row["question"]), windows, bool(row["held_out"]))


def _of_set(folder: Path, work: Path, embedder: Embedder) -> Iterator[Example]:
    questions = [q for q in read_questions(folder / "questions.jsonl") if q.answers]
    documents = sorted({str(q.document) for q in questions})
    held = set(random.Random(3).sample(documents, max(len(documents) // 12, 1)))
    with library_over(folder, work / "whole", embedder) as library:
        yield from _asked(library, embedder, questions, held)
        others = _with_other_names(questions, questions, len(questions) // _ABSENT_SHARE)
        yield from _asked(library, embedder, others, held)
    present = half(set(documents))
    absent = sample([q for q in questions if str(q.document) not in present], len(questions) // _ABSENT_SHARE)
    with library_over(folder, work / "half-reader", embedder, sorted(present)) as library:
        yield from _asked(library, embedder, absent, held)


def _asked(
    library: Library, embedder: Embedder, questions: Sequence[EvalQuestion], held: set[str]
) -> Iterator[Example]:
    searcher = library.searcher()
    for question in questions:
        prepared = prepare(question.text, embedder.encode_query(question.text), embedder.basis, searcher)
        hits = rank(prepared, searcher, Filter())[:_WINDOWS]
        windows = []
        for hit in hits:
            span = window(hit, CHARACTERS).span
            offset = hit.entry.passage.span.start
            text = hit.entry.text[span.start - offset : span.end - offset]
            path = hit.entry.document.path
            covering = [
                a.span
                for a in question.answers
                if a.doc == path and span.start <= a.span.start and a.span.end <= span.end
            ]
            answer = (covering[0].start - span.start, covering[0].end - span.start) if covering else None
            windows.append(Window(text, answer))
        yield Example(question.text, tuple(windows), str(question.document) in held)


_WORD = re.compile(r"\w+")
_SMALL = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "is", "was", "are", "were", "did", "do", "does"}
    | {"what", "who", "when", "where", "which", "how", "why"}
)


def as_typed(question: str, chance: random.Random) -> str:
    """A question as somebody in a hurry might type it."""
    kind = chance.random()
    if kind < 0.35:
        return question.rstrip("?").lower()
    if kind < 0.6:
        return " ".join(word for word in _WORD.findall(question) if word.lower() not in _SMALL).lower() or question
    words = question.split(" ")
    at = chance.randrange(len(words))
    word = words[at]
    if len(word) > 4:
        i = chance.randrange(1, len(word) - 2)
        words[at] = chance.choice(
            [word[:i] + word[i + 1] + word[i] + word[i + 2 :], word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:]]
        )
    return " ".join(words)
