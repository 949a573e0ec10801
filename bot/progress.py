"""Long work shown as it goes on: a bar on stderr where somebody watches, one line where nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

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
        yield lambda _: None
        return
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=screen, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def step(done: Progress) -> None:
            total = None if done.stage == "model" else done.total  # its length is not known: the bar pulses
            if done.stage != "model" and "model" in tasks:
                bars.remove_task(tasks.pop("model"))
            if done.stage not in tasks:
                tasks[done.stage] = bars.add_task(_STAGES[done.stage], total=total)
            bars.update(tasks[done.stage], completed=done.done)

        yield step


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what to call with done and total of a single count."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=screen, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
