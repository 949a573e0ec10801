"""What every command shares: the options that say where things are, and opening the library they name."""

from __future__ import annotations

import functools
import re
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from bot import logs, messages
from bot.display import in_line, visible
from bot.settings import Settings, load_settings, unknown_variables
from retrieval.errors import SeedbotError, SettingsError
from retrieval.library import Library

P = ParamSpec("P")
R = TypeVar("R")
_SHOWN = 3  # skipped files of a first build
_WAIT_SECONDS = 600.0  # for another process that builds or exports what is asked for


class _Named(click.Path):
    """A path that has a name: an empty one would be that of the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See `ParamType.convert`. Raises SettingsError."""
        if value == "" and param is not None:
            raise SettingsError(f"{param.opts[0]} cannot be '': a name is needed.")
        return super().convert(value, param, ctx)


NAMED = _Named(path_type=Path, readable=False)
"""The value of an option; what cannot be read is explained where it is opened."""

_PLACES = ("seeds", "library", "config")
_REMEDY = re.compile(r"`((?:\w+=\S+ )*)seedbot ([a-z]+(?: --(?:full|undo))?)`")
"""A command that the engine names, which knows nothing of the options of this command line."""


def with_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[..., R]:
    """Adds --seeds, --library and --config, and calls `command` with the settings that follow from them."""

    @click.option("--seeds", type=NAMED, metavar="DIR", help="The folder with your documents.  [default: seeds]")
    @click.option("--library", type=NAMED, metavar="DIR", help="The folder of the library.  [default: .seedbot]")
    @click.option(
        "--config", type=NAMED, metavar="FILE", help="The settings.  [default: config/seedbot.toml, if it is there]"
    )
    @functools.wraps(command)
    def wrapped(*args: Any, seeds: Path | None, library: Path | None, config: Path | None, **options: Any) -> R:
        try:
            settings = load_settings(config, seeds=seeds, library=library)
            for name in unknown_variables():
                hint(f"{name} is set, but there is no such setting.")
            return command(settings, *args, **options)
        except SeedbotError as error:
            error.args = (located(str(error)),)
            raise

    return wrapped


def hint(text: str) -> None:
    """A remark on stderr that changes nothing about the answer."""
    click.echo(click.style(f"seedbot: {visible(logs.readable(text))}", fg="yellow"), err=True)


def command_line(*words: str) -> str:
    """`seedbot` with these words and what this command line says of where things are, quoted for a shell."""
    context = click.get_current_context(silent=True)
    given = {} if context is None else context.params
    places = [part for name in _PLACES if given.get(name) is not None for part in (f"--{name}", str(given[name]))]
    return shlex.join(["seedbot", *words, *places])


def located(sentence: str) -> str:
    """The sentence of an error, readable, with what this command line says of where things are in each command that it
    names.
    """
    return _REMEDY.sub(lambda found: f"`{found[1]}{command_line(*found[2].split())}`", logs.readable(sentence))


def open_library(settings: Settings) -> Library:
    """The library that is there, ready or not; says so where it is another folder's or an older version made it."""
    library, build = Library.open(settings), command_line("build")
    if library.ready and (unseen := _unseen(settings.seeds)):
        hint(unseen)
    elif library.ready and not library.belongs_to(settings.seeds):
        hint(f"This library was built from another folder: `{build}` makes it that of {settings.seeds}.")
    elif library.ready and library.outdated():
        hint(f"{messages.OUTDATED}: `{build}` brings it up to date.")
    return library


def _unseen(seeds: Path) -> str:
    """That the seeds folder is not there or out of reach, and what to do; empty where it can be looked at."""
    try:
        if stat.S_ISDIR(seeds.stat().st_mode):
            return ""
    except (FileNotFoundError, NotADirectoryError, ValueError):
        pass
    except OSError as error:
        closed = f"The folder {str(seeds)!r} cannot be read ({error.strerror})"
        return f"{closed}: answers come from what was indexed. Check its permissions, or the drive it is on."
    return f"There is no folder {str(seeds)!r}: answers come from what was indexed. Name it with --seeds."


def tell_pending(library: Library, settings: Settings) -> None:
    """Says on stderr where the seeds folder has changed since the library was built from it."""
    found = library.pending()
    if found:
        hint(messages.pending(found, settings.seeds, f"run `{command_line('build')}`"))


def open_built_library(settings: Settings) -> Library:
    """A library that has documents: built on first use, with a progress bar on stderr."""
    library = open_library(settings)
    if library.ready:
        return library
    from bot.progress import shown
    from retrieval.folder import refuse_unusable

    refuse_unusable(settings.seeds, settings.library)
    click.echo(f"Building the library of {settings.seeds} (first use) …", err=True)
    with shown() as step:
        report = library.sync(progress=step, wait_seconds=_WAIT_SECONDS)
    skipped = f", {messages.count(len(report.skipped), 'file')} skipped" if report.skipped else ""
    status = library.status()
    click.echo(
        f"{messages.count(status.documents, 'document')}, {messages.count(status.passages, 'passage')}{skipped}.",
        err=True,
    )
    for one in report.skipped[:_SHOWN]:
        hint(f"skipped {in_line(one.path)}: {one.reason}")
    if len(report.skipped) > _SHOWN:
        hint(f"… and {len(report.skipped) - _SHOWN:,} more: `{command_line('build', '--json')}` names all.")
    return library


def open_asking_library(settings: Settings) -> Library:
    """A library that can answer: built on first use, and its model exported again where that is gone, which is said."""
    library = open_built_library(settings)
    if not has_export(settings) and library.status().model == settings.embedding.model:
        from bot.progress import shown
        from retrieval.models import make_export
        from retrieval.types import Progress

        click.echo("The exported model is missing or was altered, so it is made again.", err=True)
        with shown() as step, library.building(_WAIT_SECONDS, lambda: step(Progress("waiting", 0, 1))):
            if not has_export(settings):  # whoever held the lock may have made it
                step(Progress("model", 0, 1))
                make_export(settings.embedding.model, settings.library / "model")
    return library


def has_export(settings: Settings) -> bool:
    """Whether the library holds its model, whole."""
    from retrieval.models import find_export

    return find_export(settings.embedding.model, settings.library / "model") is not None
