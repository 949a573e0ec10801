"""Every sentence that accompanies an excerpt, in one place, so that terminal and chat say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.display import in_line
from retrieval.loaders import title_of
from retrieval.types import Answer, Citation, Correction, Doubt, Excerpt, Outline, Pending, Verdict, Verification

NOT_FOUND = "Not in your sources."
NEAREST_TO_PART = "(not in your sources; the nearest passage)"
NEAREST = "The nearest passages; they may not answer the question:"
OUTDATED = "This library was made by an older version of Seedbot, or with another `passages.tokens`"

LIKELY = 0.7  # confidence from which an answer is none to be read with care
_SURE = 0.9
_LONGEST_MISSING = 40  # characters of a word
_MOST_MISSING = 4
_GONE = "the file is gone or cannot be read"
_SAME_BUT = "the same but has no such words: the quote was altered, or an older version read it otherwise"


def verdict(answer: Answer) -> str:
    """What to think of an answer, in a few words; of one to several questions, by the least sure that is answered."""
    return answered(confidence(answer)) if answer.found else NOT_FOUND


def confidence(answer: Answer) -> float:
    """How sure one can be of an answer, or of each where several questions are answered."""
    parts = (one.confidence for one in answer.excerpts if one.confidence is not None)
    return min(parts, default=answer.confidence)


def answered(sure: float) -> str:
    """That a question is answered, and how surely."""
    percent = f"{min(sure, 0.99):.0%}"
    if sure >= _SURE:
        return f"Answered: almost certainly ({percent})"
    if sure >= LIKELY:
        return f"Answered: very likely ({percent})"
    return f"Perhaps answered ({percent}): read with care"


def missing(answer: Answer) -> str:
    """Which words of the question no document holds; empty where every one is somewhere."""
    if not answer.missing:
        return ""
    words = [f"“{_cut(word)}”" for word in answer.missing[:_MOST_MISSING]]
    return f"No document mentions {' or '.join(words)}."


def _cut(word: str) -> str:
    return word if len(word) <= _LONGEST_MISSING else word[:_LONGEST_MISSING] + "…"


def corrected(corrections: Sequence[Correction]) -> str:
    """Which words were read as which; empty where none was."""
    read = [f"“{one.typed}” as “{one.read_as}”" for one in corrections[:_MOST_MISSING]]
    return f"Read {', '.join(read)}." if read else ""


def pending(found: Pending, seeds: Path, remedy: str) -> str:
    """That the folder is not what the library was built from any more, and what to do."""
    amounts = [(found.new, "new"), (found.changed, "changed"), (found.gone, "gone")]
    told = ", ".join(f"{number:,} {what}" for number, what in amounts if number)
    return f"{seeds} has changed since it was indexed ({told}): {remedy}."


def only_searched(where: str, number: int) -> str:
    """That a filter kept other documents out, where nothing was found."""
    searched = f"{count(number, 'document')} ({where}) {'was' if number == 1 else 'were'} searched"
    return f"Only {searched}; /filter off searches all."


def left_out(number: int, *, next_shows: bool) -> str:
    """That a screen is too low for further excerpts, and how to see them."""
    return f"{count(number, 'more excerpt')} {'with /next' if next_shows else 'on a taller screen'}."


def unanswered(answer: Answer) -> str:
    """Which of several questions got no answer; empty where all did, or none."""
    if not answer.unanswered:
        return ""
    return "Not in your sources: " + " ".join(f"“{' '.join(part.split())}”" for part in answer.unanswered)


MEASURES = {
    "reader": "answers, when read closely",
    "late": "its words are close in meaning",
    "sentence_late": "a sentence's words are close",
    "cosine": "is close in meaning as a whole",
    "sentence_cosine": "a sentence is close in meaning",
    "coverage": "has rare words of the question",
    "sentence_coverage": "has rare words in one sentence",
    "bm25": "has the words often (BM25)",
    "pairs": "has the words side by side",
    "length": "length of the passage",
    "part": "likely the part that answers",
    "unread": "was not read, as others were",
}
"""What each part of a score means to a person, by its name in `Excerpt.evidence`."""

ADDED = "Each number is added to the score: + speaks for the excerpt, - against it."

_TOLD = 3
_INSTEAD = {"reader": "unread", "unread": "reader"}  # an excerpt has one of the two


def why(excerpt: Excerpt, other: Excerpt | None) -> str:
    """In a sentence, what put an excerpt before another one, or what its score is made of where there is none."""
    beside = other.evidence if other else {}
    parts = {
        name: value - beside.get(name, beside.get(_INSTEAD.get(name, name), 0.0))
        for name, value in excerpt.evidence.items()
    }
    told = sorted((name for name in parts if parts[name] > 0.004), key=lambda name: -parts[name])[:_TOLD]
    if not told:
        alike = f"Excerpts {excerpt.rank} and {other.rank} fit almost equally well." if other else ""
        return alike or f"Nothing in excerpt {excerpt.rank} fits the question well."
    listed = "; ".join(f"{MEASURES.get(name, name)} (+{parts[name]:.2f})" for name in told)
    against = f"comes before {other.rank}, mainly" if other else "fits, mainly"
    return f"Excerpt {excerpt.rank} {against}: {listed}."


def doubted(doubt: Doubt) -> str:
    """In a sentence, why the confidence is lower than what fits would make it."""
    counts = {0.1: "a tenth", 0.25: "a quarter"}[doubt.share]
    return f"Its confidence counts {counts}: {doubt.reason}."


def place(citation: Citation) -> str:
    """Where an excerpt stands, after its file and line: title, date, page, headings, offsets."""
    page = f"page {citation.page}" if citation.page else None
    title = "" if citation.title == title_of(citation.document) else citation.title
    parts = [title, citation.date, page, " › ".join(citation.headings)]
    return " · ".join([*(part for part in parts if part), f"{citation.start}–{citation.end}"])


def file_and_line(citation: Citation) -> str:
    """`file:line`, as editors and terminals understand it."""
    return f"{citation.document}:{citation.line}"


def also_in(citations: tuple[Citation, ...]) -> str:
    """The other documents that say the same; empty where there are none."""
    return f"also in {', '.join(file_and_line(one) for one in citations)}" if citations else ""


def checked(found: Verification) -> str:
    """What re-reading a file showed of a quote, in words."""
    if found.now_in is not None:
        return _checked_elsewhere(found, in_line(found.now_in))
    if found.too_large:
        return "the file is larger than documents.largest_megabytes allows, so it was not read"
    if found.verdict is Verdict.CHANGED and found.same_file:
        return f"the file is {_SAME_BUT}"
    if found.respaced:
        return "the same words stand in the file, with other line breaks or spaces"
    return {
        Verdict.EXACT: "stands there word for word",
        Verdict.MOVED: "stands in the file, at another place",
        Verdict.CHANGED: "the file has changed and no longer says this",
        Verdict.GONE: _GONE,
    }[found.verdict]


def _checked_elsewhere(found: Verification, now_in: str) -> str:
    """The same of the file that stands in for one that is gone, and that may have changed as well."""
    if found.place is None:
        told = f"is {_SAME_BUT}" if found.same_file else "has changed and no longer says this"
        return f"{_GONE}; {now_in} {told}"
    words = "the same words, with other line breaks or spaces, stand" if found.respaced else "this stands"
    return f"{_GONE}; {words} in {now_in}{'' if found.same_file else ', which has changed'}"


def checked_document(found: Verdict, remedy: str) -> str:
    """What re-reading a file showed of the whole document, which is never MOVED, and what to do."""
    return {
        Verdict.EXACT: "is as it was indexed",
        Verdict.CHANGED: f"the file has changed since it was indexed: {remedy}",
        Verdict.GONE: f"{_GONE}: {remedy}, or restore it",
    }[found]


STAGES = {
    "waiting": "Waiting for another process that builds this library",
    "model": "Preparing the model, once (about 20 seconds)",
    "reading": "Reading documents",
    "embedding": "Embedding passages",
    "vectors": "Indexing vectors",
    "indexing": "Indexing passages",
}
"""The steps of a build, by their names in `Progress.stage`."""

ENDLESS = frozenset({"waiting", "model"})
"""Those of which nobody knows how long they take."""


def amount(stage: str | None, done: float, total: float) -> str:
    """How much of what is done, in a stage that has an end."""
    if stage == "vectors":  # each is taken in and then sketched: no number of anything
        return f"{done / max(total, 1):.0%}"
    if stage == "reading":
        return f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB"
    return f"{done:,.0f} of {total:,.0f}"


def count(number: int, one: str, many: str = "") -> str:
    """`1 document`, `2 documents`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def length(document: Outline) -> str:
    """How long a document is."""
    return count(document.characters, "character")


def moment(timestamp: str | None) -> str:
    """When a library was built, to the minute, in this machine's time."""
    return f"{datetime.fromisoformat(timestamp).astimezone():%Y-%m-%d %H:%M}" if timestamp else "never"
