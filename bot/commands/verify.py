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
from bot.display import in_line
from bot.options import command_line, hint, open_library, with_settings
from bot.settings import Settings
from retrieval.errors import SourceNotFound
from retrieval.library import Library
from retrieval.texts import is_text
from retrieval.types import Citation, Span, Verdict

_SHOWN = 5  # lines that are no answer


@click.command("verify")
@click.argument("answers", required=False, metavar="[ANSWERS]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@with_settings
def command(settings: Settings, answers: str | None, as_json: bool) -> int:
    """Read the files again and check what was indexed, or what was quoted.

    Without ANSWERS, every document is held against its file. ANSWERS is a file with the output of `seedbot ask --json`
    (- for standard input); each of its excerpts is looked up where it is cited, or, where that file is gone, where the
    library has the same one now. Exits with 1 when something is changed or gone, or a line of ANSWERS is no answer.
    """
    from bot.render import VERDICTS
    from retrieval.folder import refuse_unusable

    refuse_unusable(settings.seeds, settings.library)
    counts: Counter[Verdict] = Counter()
    with open_library(settings) as library:
        reading = None if answers is None else _Answers(answers)
        for found, name, told, record in _documents(library) if reading is None else reading.checked(library):
            counts[found] += 1
            if as_json:
                click.echo(records.line(record))
            elif reading is not None or found is not Verdict.EXACT:
                word = click.style(f"{found.value:<8}", fg=VERDICTS[found])
                click.echo(f"{word}{in_line(name)}  {click.style(told, dim=True)}")
    if not as_json:
        what = "document" if reading is None else "excerpt"
        total = ", ".join(f"{counts[one]:,} {one.value}" for one in Verdict if counts[one])
        click.echo(f"{messages.count(counts.total(), what)}: {total or 'nothing to check'}")
    unread = reading is not None and reading.unread
    return 1 if unread or counts[Verdict.CHANGED] or counts[Verdict.GONE] else 0


Check = tuple[Verdict, str, str, dict[str, Any]]
"""What was found, of what, in words, and as JSON prints it."""


def _documents(library: Library) -> Iterator[Check]:
    remedy = f"run `{command_line('build')}`"
    for source, found in library.verify_documents():
        record = {"document": source.path, "verdict": found.value}
        yield found, source.path, messages.checked_document(found, remedy), record


class _Answers:
    """Saved answers; `unread` counts the lines that are none, which are explained while the rest is checked."""

    def __init__(self, name: str) -> None:
        """Reads the file, or standard input. Raises SourceNotFound where it cannot be read."""
        self.unread = 0
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise SourceNotFound(f"The answers in {name!r} cannot be read: {error.strerror}.") from error
        self._lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")

    def checked(self, library: Library) -> Iterator[Check]:
        """Every excerpt, held against the file that it is cited from."""
        for number, line in enumerate(self._lines, 1):
            try:
                quoted = _quoted(line) if line.strip() else []
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                self.unread += 1
                if self.unread <= _SHOWN:
                    hint(f"line {number} is no answer that `seedbot ask --json` printed.")
                continue
            for citation, text in quoted:
                yield _check(library, citation, text)
        if self.unread > _SHOWN:
            hint(f"… and {self.unread - _SHOWN:,} more lines.")


def _check(library: Library, citation: Citation, text: str) -> Check:
    done = library.verify(citation, text)
    place = done.place
    name = f"{messages.file_and_line(citation)} {citation.start}–{citation.end}"
    record = {
        "document": citation.document,
        "start": citation.start,
        "end": citation.end,
        "verdict": done.verdict.value,
        "now_in": done.now_in,
        "now_at": None if place is None else place.start,
        "now_end": None if place is None else place.end,
        "respaced": done.respaced,
    }
    moved = f" ({place.start}–{place.end})" if done.verdict is Verdict.MOVED and place is not None else ""
    return done.verdict, name, messages.checked(done) + moved, record


def _quoted(line: str) -> list[tuple[Citation, str]]:
    """The excerpts of one saved answer, or of what could not be asked none. Raises one of many errors for others."""
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("excerpts", []), list):
        raise TypeError("no answer is of such a kind")
    if "error" in row and "excerpts" not in row:
        return []
    return [(_citation(one["citation"]), str(one["text"])) for one in row["excerpts"]]


def _citation(row: dict[str, Any]) -> Citation:
    document, place = str(row["document"]), Span(int(row["start"]), int(row["end"]))
    if "\0" in document or not is_text(document):
        raise ValueError("no file has such a name")
    return Citation(
        document=document,
        title=str(row.get("title", "")),
        date=row.get("date"),
        start=place.start,
        end=place.end,
        line=int(row.get("line") or 1),
        page=row.get("page"),
        headings=tuple(row.get("headings", ())),
        sha256=str(row.get("sha256", "")),
    )
