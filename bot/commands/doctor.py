"""`seedbot doctor`: looks for what is wrong, and names a remedy for each finding."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import click

from bot import messages, tuned
from bot.display import in_line, visible
from bot.options import command_line, has_export, located, with_settings
from bot.settings import Settings, unknown_variables
from retrieval.errors import LibraryLocked, SeedbotError
from retrieval.library import SET_ASIDE, Library
from retrieval.tuning import tuned_in

_FREE_BYTES = 500_000_000


class _Health(Enum):
    GOOD = "✓"
    POOR = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was looked at, and what was found; a finding that is not good says what to do."""

    health: _Health
    about: str
    found: str


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@with_settings
def command(settings: Settings, as_json: bool) -> int:
    """Look for what is wrong with this installation, its settings and its library.

    Exits with 1 when something has to be repaired.
    """
    colours = {_Health.GOOD: "green", _Health.POOR: "yellow", _Health.BAD: "red"}
    bad = False
    for check in (_python, _variables, _seeds, _disk, _model, _lock, _library, _tuned):
        for one in check(settings):
            bad = bad or one.health is _Health.BAD
            found = located(one.found)
            if as_json:
                from bot import records

                record = {"about": one.about, "health": one.health.name.lower(), "found": found}
                click.echo(records.line(record))
            else:
                mark = click.style(one.health.value, fg=colours[one.health], bold=True)
                click.echo(f"{mark} {one.about:<12} {visible(found)}")
    return 1 if bad else 0


def _python(settings: Settings) -> Iterator[_Finding]:
    del settings
    yield _Finding(_Health.GOOD, "Python", f"{sys.version.split()[0]} at {sys.executable}")
    from importlib import import_module

    for name in ("faiss", "tantivy", "onnxruntime", "tokenizers", "sentencex", "pypdfium2", "docx", "trafilatura"):
        try:
            import_module(name)
        except ImportError as error:
            remedy = "install Seedbot again as its README says, with `pip install --force-reinstall`"
            yield _Finding(_Health.BAD, "packages", f"{name} cannot be imported ({error}): {remedy}")


def _variables(settings: Settings) -> Iterator[_Finding]:
    del settings
    for name in unknown_variables():
        yield _Finding(_Health.POOR, "environment", f"{name} is no setting: unset it or correct its name")


def _model(settings: Settings) -> Iterator[_Finding]:
    from retrieval.models import DEFAULT_MODEL, locate

    name = settings.embedding.model
    if name == DEFAULT_MODEL:
        yield _attempt("model", lambda: f"{name}, its weights are the published ones" if locate(name) else "")
    else:
        yield _Finding(_Health.GOOD, "model", f"{name}, chosen in the settings")
    if has_export(settings):
        yield _Finding(_Health.GOOD, "export", f"complete, in {settings.library / 'model'}")
    else:
        remedy = f"`{command_line('build')}` makes it, in some 20 seconds"
        yield _Finding(_Health.POOR, "export", f"not made yet, or altered: {remedy}")


def _seeds(settings: Settings) -> Iterator[_Finding]:
    from retrieval.folder import scan
    from retrieval.loaders import SUFFIXES

    try:
        files = scan(settings.seeds, without=settings.library).files
    except SeedbotError as error:
        yield _Finding(_Health.BAD, "seeds", str(error))
        return
    usable = [one for one in files if one.path.suffix.lower() in SUFFIXES]
    closed = [one.relative for one in usable if not os.access(one.path, os.R_OK)]
    other = f", {len(files) - len(usable)} of other formats" if len(files) > len(usable) else ""
    health = _Health.GOOD if usable else _Health.BAD
    hint = "" if usable else ": put .txt, .md, .html, .pdf, … files there"
    found = messages.count(len(usable), "file")
    yield _Finding(health, "seeds", f"{found} of a format that is read in {settings.seeds}{other}{hint}")
    if closed:
        remedy = f"{len(closed)} cannot be opened, such as {closed[0]!r}: check their permissions"
        yield _Finding(_Health.POOR, "seeds", remedy)


def _disk(settings: Settings) -> Iterator[_Finding]:
    folder = settings.library
    while not folder.exists() and folder != folder.parent:
        folder = folder.absolute().parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:,.1f} GB free"
    if free < _FREE_BYTES:
        yield _Finding(_Health.POOR, "disk", f"{text}: a build needs a few times the size of its documents")
    else:
        yield _Finding(_Health.GOOD, "disk", text)
    damaged = settings.library / SET_ASIDE
    if damaged.is_file():
        yield _Finding(_Health.POOR, "disk", f"{damaged} is what a full build set aside: delete it if nothing is amiss")
    if folder == settings.library and not os.access(folder, os.W_OK):
        yield _Finding(_Health.POOR, "library", f"{folder} is read-only: it answers, but cannot be built here")


def _library(settings: Settings) -> Iterator[_Finding]:
    """What is there, before anything is opened that would mend it."""
    remedy = f"run `{command_line('build')}`"
    try:
        with Library.open(settings) as library:
            if not library.ready:
                yield _Finding(_Health.POOR, "library", f"none at {settings.library} yet: {remedy}")
                return
            status = library.status()
            documents, passages = (
                messages.count(number, one)
                for number, one in ((status.documents, "document"), (status.passages, "passage"))
            )
            yield _Finding(_Health.GOOD, "library", f"generation {status.generation}, {documents}, {passages}")
            if not library.belongs_to(settings.seeds):
                yield _Finding(_Health.POOR, "library", f"built from another seeds folder: {remedy}")
            elif library.outdated():
                yield _Finding(_Health.POOR, "library", f"{messages.OUTDATED}: {remedy}")
            found = library.pending(however_long=True)
            if found:
                yield _Finding(_Health.POOR, "seeds", messages.pending(found, settings.seeds, remedy))
            skipped = library.skipped()
            if skipped:
                first = f"{in_line(skipped[0].path)}: {skipped[0].reason}"
                told = f"{messages.count(len(skipped), 'file')} skipped, such as {first}"
                yield _Finding(_Health.POOR, "seeds", told)
            sound = _integrity(library)
            yield sound
            if sound.health is _Health.GOOD and (has_export(settings) or status.model != settings.embedding.model):
                yield _attempt("answers", lambda: f"generation {library.engine().searcher.generation} can be asked")
    except SeedbotError as error:
        yield _Finding(_Health.BAD, "library", str(error))


def _integrity(library: Library) -> _Finding:
    fault = library.check()
    if fault is None:
        return _Finding(_Health.GOOD, "integrity", "database sound, indexes belong to it")
    if fault.mends_itself:
        return _Finding(_Health.POOR, "integrity", fault.wrong)
    return _Finding(_Health.BAD, "integrity", f"{fault.wrong}: run `{command_line('build', '--full')}`")


def _tuned(settings: Settings) -> Iterator[_Finding]:
    try:
        own = tuned_in(settings.library)
    except SeedbotError as error:
        yield _Finding(_Health.BAD, "tuned", str(error))
        return
    if own:
        remedy = tuned.outdated(own, settings.embedding.model)
        found = tuned.described(own, settings.embedding.model)
        yield _Finding(_Health.POOR if remedy else _Health.GOOD, "tuned", found)


def _lock(settings: Settings) -> Iterator[_Finding]:
    if not settings.library.is_dir() or not os.access(settings.library, os.W_OK):
        return
    try:
        with Library.open(settings, repair=True).building():
            yield _Finding(_Health.GOOD, "lock", "no build is running")
    except LibraryLocked as error:
        yield _Finding(_Health.POOR, "lock", str(error))
    except SeedbotError as error:
        yield _Finding(_Health.BAD, "lock", str(error))


def _attempt(about: str, look: Callable[[], str]) -> _Finding:
    try:
        return _Finding(_Health.GOOD, about, look())
    except SeedbotError as error:
        return _Finding(_Health.BAD, about, str(error))
