"""Values as JSON records: the fields that programs rely on."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any

from bot.logs import readable
from retrieval.evaluation import Evaluation, Figure
from retrieval.types import Answer, Citation, Excerpt, Source, Status, SyncReport

_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # to some readers, though not to JSON


def line(record: Any) -> str:
    """One line of JSON, readable in any language where standard output takes every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return json.dumps(record, ensure_ascii=codecs.lookup(encoding).name != "utf-8").translate(_LINE_ENDS)


def answer(value: Answer) -> dict[str, Any]:
    """An answer as `ask --json` prints it."""
    return {
        "question": value.question,
        "found": value.found,
        "confidence": value.confidence,
        "excerpts": [_excerpt(one) for one in value.excerpts],
        "missing": list(value.missing),
        "unanswered": list(value.unanswered),
        "corrections": [{"typed": one.typed, "read_as": one.read_as} for one in value.corrections],
        "generation": value.generation,
        "elapsed_ms": value.elapsed_ms,
    }


def citation(value: Citation) -> dict[str, Any]:
    """Where an excerpt stands."""
    return {
        "document": value.document,
        "title": value.title,
        "date": value.date,
        "start": value.start,
        "end": value.end,
        "line": value.line,
        "page": value.page,
        "headings": list(value.headings),
        "sha256": value.sha256,
    }


def source(value: Source) -> dict[str, Any]:
    """A document as `sources --json` prints it."""
    return {
        "document": value.path,
        "title": value.title,
        "date": value.date,
        "characters": value.characters,
        "passages": value.passages,
        "sha256": value.sha256,
    }


def status(value: Status) -> dict[str, Any]:
    """A library as `status --json` prints it."""
    return {
        "generation": value.generation,
        "documents": value.documents,
        "passages": value.passages,
        "model": value.model,
        "precision": value.precision,
        "built_at": value.built_at,
        "database_bytes": value.database_bytes,
        "index_bytes": value.index_bytes,
        "model_bytes": value.model_bytes,
        "bytes_per_passage": value.bytes_per_passage,
    }


def report(value: SyncReport) -> dict[str, Any]:
    """What a build did, as `build --json` prints it."""
    return {
        "generation": value.generation,
        "added": list(value.added),
        "changed": list(value.changed),
        "removed": list(value.removed),
        "renamed": [{"from": before, "to": after} for before, after in value.renamed],
        "unchanged": value.unchanged,
        "skipped": [{"path": one.path, "reason": readable(one.reason)} for one in value.skipped],
        "embedded": value.embedded,
        "reused": value.reused,
        "seconds": round(value.seconds, 3),
    }


def evaluation(value: Evaluation) -> dict[str, Any]:
    """The figures of a question set, as `eval --json` prints them."""
    return {
        "questions": value.questions,
        "answerable": value.answerable,
        "unanswerable": value.unanswerable,
        "left_out": value.left_out,
        **figures(value.figures),
        "latency_ms": {"p50": value.latency_p50, "p95": value.latency_p95},
    }


def figures(values: dict[str, Figure]) -> dict[str, Any]:
    """Figures with their 95% confidence intervals; null where there was nothing to count."""
    return {
        name: None if one.value is None else {"value": one.value, "low": one.low, "high": one.high}
        for name, one in values.items()
    }


def _excerpt(value: Excerpt) -> dict[str, Any]:
    record = {
        "rank": value.rank,
        "text": value.text,
        "highlights": [{"start": one.start, "end": one.end} for one in value.highlights],
        "answer": value.answer and {"start": value.answer.start, "end": value.answer.end},
        "score": value.score,
        "citation": citation(value.citation),
    }
    if value.part is not None:
        record["part"] = value.part
    if value.also_in:
        record["also_in"] = [citation(one) for one in value.also_in]
    return record
