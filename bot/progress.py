"""Long work shown as it goes on: bars on stderr where somebody watches, and where nobody does, a line for the model.

A bar says how much is done, of passages also how many a second, and how long the rest will take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from bot import messages
from bot.render import console
from retrieval.types import Progress

_WIDEST = 40  # columns of a bar
_WIDE = 100  # columns of a terminal from which on it has room for that


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Yields what to call with every step; the bars go when the work is done."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _say
        return
    with _bars(screen) as bars:
        tasks: dict[str, TaskID] = {}

        def step(done: Progress) -> None:
            for stage in messages.ENDLESS & tasks.keys() - {done.stage}:
                bars.remove_task(tasks.pop(stage))
            total = None if done.stage in messages.ENDLESS else done.total  # of unknown length: the bar pulses
            if done.stage not in tasks:
                tasks[done.stage] = bars.add_task(messages.STAGES[done.stage], total=total, stage=done.stage)
            bars.update(tasks[done.stage], completed=done.done)

        yield step


def _bars(screen: Console) -> Bars:
    bar = BarColumn(bar_width=None, table_column=Column(ratio=1, max_width=_WIDEST))
    columns = (TextColumn("{task.description}"), bar, _Amount(), _Rate(), TimeRemainingColumn())
    return Bars(*columns, console=screen, transient=True, expand=screen.width < _WIDE)


class _Amount(ProgressColumn):
    """How much of what; nothing where the end is not known."""

    def render(self, task: Task) -> Text:
        """See `ProgressColumn`."""
        if task.total is None:
            return Text()
        return Text(messages.amount(task.fields.get("stage"), task.completed, task.total))


class _Rate(ProgressColumn):
    """Passages a second, where they are embedded, of the last half minute."""

    def render(self, task: Task) -> Text:
        """See `ProgressColumn`."""
        shown = task.fields.get("stage") == "embedding" and task.speed
        return Text(f"{task.speed:,.0f}/s" if shown else "")


def _say(done: Progress) -> None:
    if done.stage in messages.ENDLESS:
        click.echo(f"{messages.STAGES[done.stage]} …", err=True)


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
