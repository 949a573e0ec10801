"""What a build has read, in a temporary file until it is stored: neither texts nor passages add up in memory."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from retrieval.rows import FileState, NewPassage
from retrieval.texts import blocks_of
from retrieval.types import Document, Outline

_TOGETHER = 256  # passages


@dataclass(frozen=True, slots=True)
class Spooled:
    """A document; `blocks` of its text and then its `passages` are to be read before the next document."""

    about: Outline
    language: str
    state: FileState
    blocks: Iterator[str]
    passages: Iterator[NewPassage]


class Spool:
    """Documents in the order in which they were added, to be read again and again. Close it after use."""

    def __init__(self, folder: Path) -> None:
        """Makes the file in `folder`, where it has no name, so that it goes with the process."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the spool

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, document: Document, language: str, state: FileState, passages: Iterable[NewPassage]) -> int:
        """Adds a document and returns how many passages it has; where that fails or is none, nothing is added."""
        begin, count = self._file.tell(), 0
        try:
            self._put((document.outline(), language, state))
            for block in blocks_of(document.text):
                self._put(block)
            self._put("")
            rest = iter(passages)
            while some := list(islice(rest, _TOGETHER)):
                count += len(some)
                self._put(some)
            self._put([])
        except BaseException:
            count = 0
            raise
        finally:
            if not count:
                self._file.seek(begin)
                self._file.truncate()
        return count

    def __iter__(self) -> Iterator[Spooled]:
        """Every document, once; documents must not be added meanwhile."""
        self._file.seek(0)
        while True:
            try:
                about, language, state = self._get()
            except EOFError:
                return
            blocks = iter(self._get, "")
            passages = (new for some in iter(self._get, []) for new in some)
            yield Spooled(about, language, state, blocks, passages)

    def passages(self) -> Iterator[tuple[NewPassage, str]]:
        """Every passage of every document, with its language."""
        for one in self:
            for _ in one.blocks:
                pass
            for new in one.passages:
                yield new, one.language

    def _put(self, value: object) -> None:
        """One value after the other has a memory of its own: pickle keeps what it has met until it is done."""
        pickle.dump(value, self._file, pickle.HIGHEST_PROTOCOL)

    def _get(self) -> Any:
        return pickle.load(self._file)
