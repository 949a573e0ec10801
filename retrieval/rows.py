"""What the rows of the store hold, and how they are read and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval.evidence import Evidence, unpack
from retrieval.types import Passage, Span

STATE = ("size", "mtime_ns", "ctime_ns", "inode")
"""The columns of a `FileState`."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What the folder reports of a file: another value of any means that it may hold something else.

    `mtime_ns` can be set at will and is kept by copies; `ctime_ns` moves with every change, also of name or mode.
    """

    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What answers and syncs need of a document, without its text. `rows` says that every line is a record."""

    id: int
    path: str
    sha256: str
    title: str
    titled: bool
    date: str | None
    language: str
    rows: bool
    state: FileState


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as ranking and answering read it. `text` is the passage's slice of its document."""

    id: int
    document: DocumentRow
    passage: Passage
    line: int
    text: str
    evidence: Evidence

    @property
    def context(self) -> str:
        """What the reader is told of the place where the passage stands: the title, and the headings above it."""
        return ". ".join(dict.fromkeys([self.document.title, *self.passage.headings]))


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to be stored; `text` is its slice, `key` names its vector, `words` counts its terms."""

    passage: Passage
    text: str
    line: int
    words: int
    key: bytes


def document_of(row: Sequence[Any]) -> DocumentRow:
    """The columns id, path, sha256, title, titled, date, language, layout and `STATE`."""
    identity, path, sha256, title, titled, date, language, layout, *state = row
    return DocumentRow(identity, path, sha256, title, bool(titled), date, language, layout == "rows", FileState(*state))


def entry_of(row: Sequence[Any]) -> Entry:
    """The columns id, start, line, page, headings, sentences, text, evidence and those of `document_of`."""
    identity, start, line, page, headings, sentences, text, evidence = row[:8]
    passage = Passage(
        Span(start, start + len(text)),
        tuple(Span(start + a, start + b) for a, b in pairs(sentences)),
        tuple(json.loads(headings)),
        page,
    )
    return Entry(identity, document_of(row[8:]), passage, line, text, unpack(evidence))


def pairs(sentences: bytes) -> list[list[int]]:
    """The column sentences: where each begins and ends, counted from the passage's start."""
    found: list[list[int]] = np.frombuffer(sentences, np.int32).reshape(-1, 2).tolist()
    return found


def passage_values(document: int, new: NewPassage) -> tuple[object, ...]:
    """The columns document, start, line, page, headings, sentences, text and key of a passage of a document."""
    start = new.passage.span.start
    bounds = np.array([[s.start - start, s.end - start] for s in new.passage.sentences], np.int32)
    headings = json.dumps(list(new.passage.headings), ensure_ascii=False)
    return document, start, new.line, new.passage.page, headings, bounds.tobytes(), new.text, new.key
