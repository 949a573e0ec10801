"""An answer as it was given, kept for the buttons under it: to a row and back, whichever version wrote that."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from retrieval.types import Answer, Citation, Correction, Excerpt, Filter, Span


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given, its number, the chat it was given in, and which documents alone were asked."""

    id: int
    chat: int
    answer: Answer
    where: Filter


class AnswerRow(NamedTuple):
    """An answer as SQLite holds it; what it has several of is JSON."""

    question: str
    found: int
    confidence: float
    generation: int
    excerpts: str
    corrections: str
    unanswered: str
    missing: str


def packed(answer: Answer) -> AnswerRow:
    """All of an answer but how long it took, and of its excerpts the evidence and what makes them unsure."""
    return AnswerRow(
        answer.question,
        answer.found,
        answer.confidence,
        answer.generation,
        _json([_row(one) for one in answer.excerpts]),
        _json([asdict(one) for one in answer.corrections]),
        _json(answer.unanswered),
        _json(answer.missing),
    )


def unpacked(row: AnswerRow) -> Answer:
    """The answer that was packed, without what is not kept."""
    return Answer(
        row.question,
        bool(row.found),
        row.confidence,
        tuple(_excerpt(one) for one in json.loads(row.excerpts)),
        row.generation,
        elapsed_ms=0.0,
        missing=tuple(json.loads(row.missing)),
        unanswered=tuple(json.loads(row.unanswered)),
        corrections=tuple(Correction(**one) for one in json.loads(row.corrections)),
    )


def _row(excerpt: Excerpt) -> dict[str, Any]:
    row = asdict(replace(excerpt, evidence={}))
    del row["doubt"]
    return row


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _excerpt(row: dict[str, Any]) -> Excerpt:
    return Excerpt(
        rank=row["rank"],
        text=row["text"],
        highlights=tuple(Span(one["start"], one["end"]) for one in row["highlights"]),
        score=row["score"],
        citation=_citation(row["citation"]),
        also_in=tuple(_citation(one) for one in row["also_in"]),
        answer=Span(**row["answer"]) if row.get("answer") else None,
        part=row.get("part"),
        confidence=row.get("confidence"),
    )


def _citation(row: dict[str, Any]) -> Citation:
    return Citation(**(row | {"headings": tuple(row["headings"])}))
