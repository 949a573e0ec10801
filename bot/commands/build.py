"""`seedbot build`: brings the library up to date with the seeds folder."""

from __future__ import annotations

import signal
import sys
import threading

import click

from bot.options import command_line, hint, located, with_settings
from bot.settings import Settings
from retrieval.errors import LibraryLocked, NoDocuments, SeedbotError
from retrieval.library import Library
from retrieval.types import SyncReport

_WAIT_SECONDS = 30.0


@click.command("build")
@click.option("--full", is_flag=True, help="Start over: read, embed and index every document again.")
@click.option("--watch", is_flag=True, help="Stay, and build again whenever a document changes.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object a line.")
@with_settings
def command(settings: Settings, full: bool, watch: bool, as_json: bool) -> int:
    """Bring the library up to date with your documents (rebuild the embeddings).

    Only what changed is read and embedded. A build that was stopped goes on where it was; until it is done, questions
    are answered from the library as it was before.
    """
    from bot.progress import shown

    with Library.open(settings, repair=full) as library:
        first: SyncReport | SeedbotError
        try:
            with shown() as step:
                first = library.sync(full=full, progress=step, wait_seconds=_WAIT_SECONDS)
        except (NoDocuments, LibraryLocked) as error:
            if full or not watch:
                raise
            hint(str(error))
            first = error
        else:
            _show(first, as_json=as_json)
            _tell_other_precision(library.status().precision, settings.embedding.precision)
        if watch:
            _watch(settings, library, first, as_json=as_json)
    return 0


def _tell_other_precision(kept: str, wanted: str) -> None:
    if wanted != "auto" and kept.split() != [wanted]:
        already = " and ".join(kept.split())
        again = command_line("build", "--full")
        hint(f"Passages that had vectors keep theirs, in {already}: `{again}` makes them all in {wanted}.")


def _watch(settings: Settings, library: Library, first: SyncReport | SeedbotError, *, as_json: bool) -> None:
    """Shows what changes, and once what goes wrong again and again; `first` has been shown already."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    click.echo(f"Watching {settings.seeds}; Ctrl-C stops.", err=True)
    failure, skipped = (str(first), ()) if isinstance(first, SeedbotError) else ("", first.skipped)
    for outcome in library.watch(stop):
        failed_before, failure = failure, str(outcome) if isinstance(outcome, SeedbotError) else ""
        if isinstance(outcome, SeedbotError):
            if failure != failed_before:
                hint(located(failure))
        elif outcome.added or outcome.changed or outcome.removed or outcome.renamed or outcome.skipped != skipped:
            skipped = outcome.skipped
            _show(outcome, as_json=as_json)


def _show(report: SyncReport, *, as_json: bool) -> None:
    if as_json:
        from bot import records

        click.echo(records.line(records.report(report)))
    else:
        from bot.render import console, show_report

        show_report(console(), report)
    sys.stdout.flush()
