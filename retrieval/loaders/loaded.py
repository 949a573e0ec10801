"""What a format's module hands over, and a builder that lays text out while it notes where headings stand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from retrieval.types import Heading, Span

_UNUSABLE = re.compile("[\ud800-\udfff\x00]")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document before it has a path: see `retrieval.types.Document` for the fields."""

    text: str
    title: str = ""
    date: str | None = None
    body_start: int = 0
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    layout: Literal["prose", "rows"] = "prose"


@dataclass(slots=True)
class TextBuilder:
    """Lays out paragraphs with a blank line between them, and lines of a list or table without."""

    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, *, level: int = 0, tight: bool = False, indented: bool = False) -> None:
        """Appends a block; `level` above 0 makes it a heading, `tight` puts it right under the block before.

        Soft hyphens, which only say where a word may be broken, are left out: a word is whole. The first line of an
        `indented` block keeps the blanks that it begins with.
        """
        text = clean(text).replace("\u00ad", "").rstrip()
        begin = len(text) - len(text.lstrip())
        text = text[text.rfind("\n", 0, begin) + 1 if indented else begin :]
        if not text:
            return
        if self.parts:
            self._append("\n" if tight else "\n\n")
        if level:
            self.headings.append(Heading(Span(self.length, self.length + len(text)), level, " ".join(text.split())))
        self._append(text)

    def new_page(self) -> None:
        """Notes that the next block begins a page."""
        self.pages.append(self.length + 2 if self.parts else 0)

    def text(self) -> str:
        """All of it, ending in a line feed."""
        return "".join(self.parts) + "\n"

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)


def clean(text: str) -> str:
    """Text that can be stored and shown: NUL characters and lone surrogates become the replacement character."""
    return _UNUSABLE.sub("\ufffd", text)


def one_line_each(records: Iterable[str]) -> Loaded:
    """Records as lines, each a passage of its own; one without text leaves its line empty, so that all keep theirs."""
    text = io.StringIO()  # which takes less memory than a list of lines
    for record in records:
        text.write(" ".join(clean(record).split()) + "\n")
    return Loaded(text.getvalue(), layout="rows")
