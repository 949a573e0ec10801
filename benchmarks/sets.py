"""Libraries over the documents of question sets: folders with `docs/` and `questions.jsonl`."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Collection
from pathlib import Path

from retrieval.embedding import Embedder
from retrieval.library import Library
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.types import Progress


def question_set(text: str) -> Path:
    """The folder of a set, for a command line. Raises ArgumentTypeError where it is none."""
    folder = Path(text)
    if not (folder / "questions.jsonl").is_file() or not any((folder / "docs").glob("*.txt")):
        raise ArgumentTypeError(f"{text!r} is no question set: name a folder with docs/*.txt and questions.jsonl")
    return folder


def library_over(
    folder: Path,
    work: Path,
    embedder: Embedder,
    only: Collection[str] | None = None,
    answers: AnswerSettings | None = None,
) -> Library:
    """A library over the documents of a set, or `only` those named, built under `work` where it is not there yet."""
    seeds = folder / "docs"
    if only is not None:
        seeds = work / "seeds"
        seeds.mkdir(parents=True, exist_ok=True)
        for old in {path.name for path in seeds.iterdir()} - set(only):
            (seeds / old).unlink()
        for name in only:
            if not (seeds / name).exists():
                (seeds / name).symlink_to((folder / "docs" / name).resolve())
    settings = EngineSettings(seeds=seeds, library=work / "library", answer=answers or AnswerSettings())
    library = Library.open(settings, embedder=embedder)
    library.sync(progress=progress_on_stderr(folder.name))
    return library


def progress_on_stderr(name: str) -> Callable[[Progress], None]:
    """One line that is written over, on a terminal; nothing elsewhere."""

    def report(step: Progress) -> None:
        if sys.stderr.isatty():
            end = "\n" if step.done == step.total else ""
            print(f"\r{name}: {step.stage} {step.done}/{step.total}   ", end=end, file=sys.stderr, flush=True)

    return report
