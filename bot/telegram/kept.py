"""An answer as it was given, kept for the buttons under it: to JSON and back, whichever version wrote it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from retrieval.types import Answer, Citation, Correction, Excerpt, Span


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given, and the chat it was given in."""

    id: int
    chat: int
    question: str
    found: bool
    confidence: float
    generation: int
    excerpts: tuple[Excerpt, ...]
    corrections: tuple[Correction, ...] = ()
    unanswered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def answer(self) -> Answer:
        """What `messages` takes."""
        return Answer(
            self.question,
            self.found,
            self.confidence,
            self.excerpts,
            self.generation,
            elapsed_ms=0.0,
            missing=self.missing,
            unanswered=self.unanswered,
            corrections=self.corrections,
        )


def packed(answer: Answer) -> tuple[str, str, str, str]:
    """The excerpts, corrections, unanswered questions and missing words of an answer, each as JSON."""
    excerpts = [asdict(one) | {"evidence": {}} for one in answer.excerpts]
    corrections = [asdict(one) for one in answer.corrections]
    return _json(excerpts), _json(corrections), _json(list(answer.unanswered)), _json(list(answer.missing))


def unpacked(excerpts: str, corrections: str, unanswered: str, missing: str) -> tuple[Any, Any, Any, Any]:
    """What `packed` made, as the last fields of a KeptAnswer."""
    read = tuple(Correction(**row) for row in json.loads(corrections))
    told = tuple(_excerpt(row) for row in json.loads(excerpts))
    return told, read, tuple(json.loads(unanswered)), tuple(json.loads(missing))


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
