"""Long work shown as it goes on: bars on stderr where somebody watches, and where nobody does, a line for the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from bot.render import console
from retrieval.types import Progress

_STAGES = {
    "model": "Preparing the model, once",
    "reading": "Reading documents",
    "embedding": "Embedding passages",
    "indexing": "Indexing passages",
}


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Yields what to call with every step; the bars go when the work is done."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _say_model
        return
    with _bars(screen) as bars:
        tasks: dict[str, TaskID] = {}

        def step(done: Progress) -> None:
            total = None if done.stage == "model" else done.total  # its length is not known: the bar pulses
            if done.stage != "model" and "model" in tasks:
                bars.remove_task(tasks.pop("model"))
            if done.stage not in tasks:
                tasks[done.stage] = bars.add_task(_STAGES[done.stage], total=total)
            bars.update(tasks[done.stage], completed=done.done)

        yield step


def _bars(screen: Console) -> Bars:
    columns = (TextColumn("{task.description:<26}"), BarColumn(), _Count(), TimeRemainingColumn())
    return Bars(*columns, console=screen, transient=True)


class _Count(MofNCompleteColumn):
    """Nothing where the end is not known."""

    def render(self, task: Task) -> Text:
        return Text() if task.total is None else super().render(task)


def _say_model(done: Progress) -> None:
    if done.stage == "model":
        click.echo("Preparing the model, which takes some 20 seconds …", err=True)


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what to call with done and total of a single count."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _done, _total: None
        return
    with _bars(screen) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
