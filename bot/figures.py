"""Tables of figures, as `seedbot eval` and `seedbot train` print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from retrieval.question_sets import EvalQuestion


def new_table(*columns: str) -> Table:
    """A table of figures: name, what of, then the columns."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure")
    table.add_column("", style="dim")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def show(table: Table) -> None:
    """Prints a table, 100 columns wide where nobody watches."""
    from bot.render import console

    screen = console()
    if not screen.is_terminal:
        screen.width = 100
    screen.print(table)


def number(value: float | None) -> str:
    """With three digits; a dash where there was nothing to count."""
    return "–" if value is None else f"{value:.3f}"


def held_out(questions: Sequence[EvalQuestion]) -> str:
    """How the figures came to be."""
    from retrieval.question_sets import FOLDS, count_documents

    of = "documents" if count_documents(questions) >= FOLDS else "questions"
    return f"What was fitted is judged on held-out {of}, in {FOLDS} folds."
