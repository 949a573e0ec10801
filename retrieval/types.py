"""The values that travel between the parts: frozen, validated on creation, offsets in Unicode code points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Literal


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)` of code points in a text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}-{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The slice of `text` that this span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a document's text. `level` counts from 1, the outermost."""

    span: Span
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a document besides its text.

    `path` is relative to the seeds folder, with `/`. `sha256` is of the file's bytes, in hexadecimal.
    `date` is ISO 8601 (`YYYY-MM-DD`) or None. Text before `body_start` is metadata: never part of an excerpt.
    `headings` are in order and never part of an excerpt on their own. `pages[i]` is the offset where page
    `i + 1` begins; empty where the format has no pages. `layout` is `"rows"` where every line is a record of
    its own (.csv, .jsonl), else `"prose"`.
    `titled` says that the title stands in the document, rather than being made from the file's name.
    """

    path: str
    sha256: str
    title: str
    date: str | None = field(default=None, kw_only=True)
    body_start: int = field(default=0, kw_only=True)
    headings: tuple[Heading, ...] = field(default=(), kw_only=True)
    pages: tuple[int, ...] = field(default=(), kw_only=True)
    layout: Literal["prose", "rows"] = field(default="prose", kw_only=True)
    titled: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Document(About):
    """One file as text. For .txt and .md, `text` is the decoded file, newlines untouched."""

    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.body_start <= len(self.text):
            raise ValueError(f"{self.path}: body starts outside the text")

    def outline(self) -> Outline:
        """All of it but the text."""
        return Outline(**_about(self), characters=len(self.text))


@dataclass(frozen=True, slots=True)
class Outline(About):
    """A document without its text, which has so many `characters`."""

    characters: int

    def with_text(self, text: str) -> Document:
        """The whole document."""
        return Document(**_about(self), text=text)


def _about(document: About) -> dict[str, Any]:
    return {one.name: getattr(document, one.name) for one in fields(About)}


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document that is embedded and ranked as one.

    `span` is in document offsets, as are `sentences`, which are ordered, disjoint and inside `span`.
    `headings` are the headings above the passage, outermost first.
    """

    span: Span
    sentences: tuple[Span, ...]
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Narrows a question: documents whose path matches `glob`, dated within `[since, until]` (ISO dates)."""

    glob: str | None = None
    since: str | None = None
    until: str | None = None

    def __bool__(self) -> bool:
        return any(one is not None for one in (self.glob, self.since, self.until))


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an excerpt stands. `line` counts from 1; `start` and `end` are offsets into the document's text.

    `page` is that of the sentence that answers; of a slice that somebody chose, that on which it begins.
    """

    document: str
    title: str
    date: str | None
    start: int
    end: int
    line: int
    page: int | None
    headings: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Text quoted word for word: `text == document.text[citation.start:citation.end]`.

    `highlights` are the sentences that answer, relative to `text`, as is `answer`, the words in them that do, where
    they are known. `also_in` cites near-identical excerpts of other documents. Where several questions were asked at
    once, `part` is the one that it answers; the first for each that is answered has its `confidence`. `doubt` is what
    makes unsure that the first excerpt for a question answers it.
    `evidence` names what the ranking saw and what each part added, for `/why`.
    """

    rank: int
    text: str
    highlights: tuple[Span, ...]
    score: float
    citation: Citation
    also_in: tuple[Citation, ...] = ()
    evidence: Mapping[str, float] = field(default_factory=dict)
    answer: Span | None = None
    part: str | None = None
    confidence: float | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a question that no document holds, and the word of the documents that it was read as."""

    typed: str
    read_as: str


class Doubt(Enum):
    """What makes an answer unsure, however well it fits, and the share of its confidence that is left."""

    NUMBER_NOWHERE = "a number is asked about that no document has", 0.1
    """Of 525 answers to such held-out questions, ranges and open ends among them, none was right."""

    NO_AMOUNT = "an amount is asked for, and the answering sentence has none", 0.1
    """Of 40 such answers to held-out questions, one of them found, none was right."""

    ANOTHER_NUMBER = "the passage has another number in the place of the one asked about", 0.25
    """Of 20 such answers to held-out questions that were found, by a somewhat wider rule, two were right."""

    REPEATS = "the answering words only repeat the question", 0.1
    """Of 50 such answers to held-out questions, 7 of them found, none was right."""

    OF_ANOTHER = "the answering sentence speaks of another country", 0.1
    """Of 66 such answers to held-out questions none was right."""

    COUNTS_ELSE = "the answering sentence counts something else", 0.25
    """Of 325 wrong answers to held-out questions after a number that were found 20 do, of 150 right ones none; but a
    verb that means the same may look so too."""

    @property
    def reason(self) -> str:
        """The doubt in words, a clause of a sentence."""
        return self.value[0]

    @property
    def share(self) -> float:
        """What the confidence is multiplied by."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets. `confidence` is the calibrated probability that the first excerpt answers it.

    When `found` is false, `excerpts` still holds the nearest passages, so that a person can judge.
    `missing` lists words of the question that no document holds, `corrections` those that were read as another. Where
    several questions were asked at once and some are answered, `unanswered` lists the others. The confidence counts as
    little as the doubt of the first excerpt says, where there is one.
    """

    question: str
    found: bool
    confidence: float
    excerpts: tuple[Excerpt, ...]
    generation: int
    elapsed_ms: float
    missing: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def discount(self) -> float:
        """What the confidence was multiplied by: 1 without a doubt."""
        doubt = self.excerpts[0].doubt if self.excerpts else None
        return 1.0 if doubt is None else doubt.share


class Verdict(Enum):
    """What re-reading a cited file shows."""

    EXACT = "exact"  # the same text at the same place
    MOVED = "moved"  # the same text elsewhere in the file, with other white space, or in the file at another path
    CHANGED = "changed"  # the file no longer holds this text
    GONE = "gone"  # the file is not there or can no longer be read


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of re-reading a citation's file. `place` is where the text stands now, if it does.

    `same_file` says that its bytes are those that were cited, so that only reading it can have changed; `respaced` that
    the words stand there with other white space between them. `now_in` is the path of a file that was moved or renamed.
    `too_large` says that the file is there, but larger than any that is read.
    """

    citation: Citation
    verdict: Verdict
    place: Span | None
    same_file: bool = False
    respaced: bool = False
    now_in: str | None = None
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A document as `sources` lists it. `characters` counts code points of its text."""

    path: str
    title: str
    date: str | None
    sha256: str
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that a sync could not use, and why in one sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """How many files of the folder are `new` to the library, `changed` since it read them, and `gone`."""

    new: int
    changed: int
    gone: int

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did: paths per outcome, passages embedded against taken from earlier work."""

    generation: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    embedded: int = 0
    reused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a long work: `done` of `total` units in a named stage.

    `reading` counts bytes, `vectors` steps of making the dense index anew, the others passages; how long `waiting` for
    another build or the `model` takes is not known.
    """

    stage: Literal["waiting", "model", "reading", "embedding", "vectors", "indexing"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Status:
    """The library at a glance. Sizes in bytes; `precision` is that in which passages were embedded, or all of them.

    `bytes_per_passage` is all that a passage takes: its share of the database and of the indexes.
    """

    generation: int
    documents: int
    passages: int
    model: str
    precision: str
    built_at: str | None
    database_bytes: int
    index_bytes: int
    model_bytes: int
    bytes_per_passage: int
