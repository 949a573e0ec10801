"""`seedbot verify`: whether what was quoted still stands in the files."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bot import messages, records
from bot.messages import visible
from bot.options import open_library, with_settings
from bot.settings import Settings
from retrieval.errors import SourceNotFound
from retrieval.library import Library
from retrieval.types import Citation, Verdict

_COLOURS = {Verdict.EXACT: "green", Verdict.MOVED: "yellow", Verdict.CHANGED: "red", Verdict.GONE: "red"}


@click.command("verify")
@click.argument("answers", required=False, metavar="[ANSWERS]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@with_settings
def command(settings: Settings, answers: str | None, as_json: bool) -> int:
    """Read the files again and check what was indexed, or what was quoted.

    Without ANSWERS, every document is held against its file. ANSWERS is a file with the output of `seedbot ask --json`
    (- for standard input); each of its excerpts is looked up where it is cited. Exits with 1 when something does not
    stand there any more.
    """
    with open_library(settings) as library:
        checks = _documents(library) if answers is None else _excerpts(library, answers)
        counts: Counter[Verdict] = Counter()
        for found, name, record in checks:
            counts[found] += 1
            if as_json:
                click.echo(records.line(record))
            elif answers is not None or found is not Verdict.EXACT:
                word = click.style(f"{found.value:<8}", fg=_COLOURS[found])
                click.echo(f"{word}{visible(name)}  {click.style(messages.checked(found), dim=True)}")
    if not as_json:
        what = "document" if answers is None else "excerpt"
        total = ", ".join(f"{counts[one]:,} {one.value}" for one in Verdict if counts[one])
        click.echo(f"{messages.count(counts.total(), what)}: {total or 'nothing to check'}")
    return 1 if counts[Verdict.CHANGED] or counts[Verdict.GONE] else 0


def _documents(library: Library) -> Iterator[tuple[Verdict, str, dict[str, Any]]]:
    for source, found in library.verify_documents():
        yield found, source.path, {"document": source.path, "verdict": found.value}


def _excerpts(library: Library, answers: str) -> Iterator[tuple[Verdict, str, dict[str, Any]]]:
    for number, line in enumerate(_lines(answers), 1):
        for citation, text in _quoted(line, number):
            done = library.verify(citation, text)
            name = f"{messages.file_and_line(citation)} {citation.start}–{citation.end}"
            record = {
                "document": citation.document,
                "start": citation.start,
                "end": citation.end,
                "verdict": done.verdict.value,
                "now_at": done.start,
            }
            yield done.verdict, name, record


def _lines(answers: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if answers == "-" else Path(answers).read_bytes()
    except OSError as error:
        raise SourceNotFound(f"The answers in {answers!r} cannot be read: {error.strerror}.") from error
    return [line for line in data.decode("utf-8", "replace").split("\n") if line.strip()]


def _quoted(line: str, number: int) -> list[tuple[Citation, str]]:
    """The excerpts of one saved answer. Raises SourceNotFound where the line is none."""
    try:
        row = json.loads(line)
        if "error" in row:
            return []
        return [(_citation(one["citation"]), str(one["text"])) for one in row["excerpts"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceNotFound(f"Line {number} is no answer that `seedbot ask --json` printed.") from error


def _citation(row: dict[str, Any]) -> Citation:
    start, end = int(row["start"]), int(row["end"])
    return Citation(
        document=str(row["document"]),
        title=str(row.get("title", "")),
        date=row.get("date"),
        start=start,
        end=end,
        line=int(row.get("line") or 1),
        page=row.get("page"),
        headings=tuple(row.get("headings", ())),
        sha256=str(row.get("sha256", "")),
    )
