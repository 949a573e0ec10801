"""Question sets for the benchmarks: folders with `docs/` and `questions.jsonl`, and libraries built over them."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.embedding import Embedder
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.types import Progress


@dataclass(frozen=True, slots=True)
class Gold:
    """A place in a document, in code points."""

    doc: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question with every place that answers it, and the paragraph it was asked about."""

    id: str
    text: str
    answerable: bool
    answers: tuple[Gold, ...]
    paragraph: Gold


def read_questions(folder: Path) -> list[Question]:
    """The questions of a set, in the order of its file."""
    found = []
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        answers = tuple(Gold(a["doc"], a["start"], a["end"]) for a in row["answers"])
        paragraph = Gold(row["paragraph"]["doc"], row["paragraph"]["start"], row["paragraph"]["end"])
        found.append(Question(row["id"], row["question"], row["answerable"], answers, paragraph))
    return found


def sample(questions: Sequence[Question], count: int, seed: int = 1) -> list[Question]:
    """At most `count` questions, drawn with a fixed seed."""
    drawn = list(questions)
    random.Random(seed).shuffle(drawn)
    return drawn[:count]


def half(names: Collection[str], seed: int = 1) -> set[str]:
    """A random half of some names, with a fixed seed."""
    ordered = sorted(names)
    random.Random(seed).shuffle(ordered)
    return set(ordered[: (len(ordered) + 1) // 2])


def library_over(folder: Path, work: Path, embedder: Embedder, only: Collection[str] | None = None) -> Library:
    """A library over the documents of a set, or `only` those named, built under `work` where it is not there yet."""
    seeds = folder / "docs"
    if only is not None:
        seeds = work / "seeds"
        seeds.mkdir(parents=True, exist_ok=True)
        for name in only:
            if not (seeds / name).exists():
                (seeds / name).symlink_to(folder / "docs" / name)
    library = Library.open(EngineSettings(seeds=seeds, library=work / "library"), embedder=embedder)
    library.sync(progress=progress_on_stderr(folder.name))
    return library


def progress_on_stderr(name: str) -> Callable[[Progress], None]:
    """One line that is written over, on a terminal; nothing elsewhere."""

    def report(step: Progress) -> None:
        if sys.stderr.isatty():
            end = "\n" if step.done == step.total else ""
            print(f"\r{name}: {step.stage} {step.done}/{step.total}   ", end=end, file=sys.stderr, flush=True)

    return report
