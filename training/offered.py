"""What the reader learns from: questions, each with the passages that ranking offers for it, and a file of them.

The module loads nothing that a machine which only trains may lack; `training.examples` makes the examples.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITTEN, SIDES, FOLDERS, ASKED = "written", "sides", "folders", "asked"
"""The sets that are made of the texts in `training/written/`, `training/sides/` and `training/folders/` and of the
questions in `training/asked/`.
"""

EDITED = {"edited-wiki": "wiki-train", "edited-tales": "tales-train", "edited-written": WRITTEN}
"""The sets of changed questions, each with the set whose questions are changed: `training/edited/` has the changes, the
written texts their own.
"""

FILE = "examples.jsonl.gz"
"""What the file is called."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A passage that ranking offers. `answer` is where the answer stands in `text`, None where it does not or where
    nobody wrote down the place; `right` says that the passage answers, `own` that the question was written about it.
    `context` is what stands above it.
    """

    text: str
    right: bool
    answer: tuple[int, int] | None
    own: bool
    context: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and its passages, best first; `source` is the set that it comes from, `counts` how often it is to be
    shown beside the others of that.
    """

    source: str
    question: str
    passages: tuple[Offered, ...]
    held_out: bool
    counts: float = 1.0

    @property
    def answered(self) -> bool:
        """Whether a passage is right."""
        return any(one.right for one in self.passages)

    @property
    def about(self) -> bool:
        """Whether the passage that the question was written about is among them."""
        return any(one.own for one in self.passages)


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Writes the examples, packed; a passage that many questions share is written once. `read_examples` reads them."""
    numbers: dict[str, int] = {}
    lines = []
    for one in examples:
        passages = [
            (_number(p.text, numbers), p.right, p.answer, p.own, _number(p.context, numbers)) for p in one.passages
        ]
        lines.append([one.source, one.question, one.held_out, passages, one.counts])
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(part, "wt", encoding="utf-8") as file:
        for line in (list(numbers), *lines):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    part.replace(path)


def _number(text: str, numbers: dict[str, int]) -> int:
    return numbers.setdefault(text, len(numbers))


def read_examples(path: Path) -> list[Example]:
    """The examples of a file of `write_examples`."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        texts = json.loads(next(file))
        rows = [json.loads(line) for line in file]
    return [_example(row, texts) for row in rows]


def _example(row: list[Any], texts: Sequence[str]) -> Example:
    source, question, apart, passages, *counts = row
    offered = (
        Offered(texts[text], right, answer and tuple(answer), own, texts[context])
        for text, right, answer, own, context in passages
    )
    return Example(source, question, tuple(offered), apart, *counts)
