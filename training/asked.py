"""Questions written about the documents of a question set: `write_set` makes a set of them.

A file of `training/asked/` belongs to the document of `wiki-train` that has its name. A line `@ start end` says where a
paragraph stands in that document; below it are its questions, in the form of `training.written`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrieval.types import Span
from training.written import Asked, begin_set, question_in, set_row, write_questions

FOLDER = Path(__file__).with_name("asked")

OF = "wiki-train"
"""The set whose documents are asked about."""


def read_asked(path: Path, document: str) -> Iterator[tuple[int, str, Asked]]:
    """The questions of a file about a document's text, each with the offset of its paragraph and the paragraph. Raises
    ValueError that names the line where something is wrong.
    """
    begin, above = 0, []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        try:
            if line.startswith("@ "):
                begin, end = map(int, line[2:].split())
                above = [document[begin:end]]
            elif line:
                asked = question_in(line, above)
                if asked.edited:
                    raise ValueError("a changed question has no place here")
                yield begin, above[0], asked
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error


def write_set(source: Path, target: Path, folder: Path = FOLDER) -> None:
    """Writes a set with the documents of `source` and the questions of `folder`, in place of the one that is there."""
    begin_set(target, source)
    rows = []
    for path in sorted(folder.glob("*.txt")):
        text = (source / "docs" / path.name).read_bytes().decode("utf-8")
        for number, (begin, paragraph, asked) in enumerate(read_asked(path, text)):
            span = Span(begin, begin + len(paragraph))
            rows.append(
                set_row(f"{path.stem}/{number}", asked.question, path.name, text, span, asked.place(text, span))
            )
    write_questions(target, rows)
