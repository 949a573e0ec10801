"""`seedbot repl`: the interactive terminal."""

from __future__ import annotations

import click

from bot.options import open_asking_library, with_settings
from bot.settings import Settings


@click.command("repl")
@with_settings
def command(settings: Settings) -> int:
    """Ask question after question in a terminal that stays open.

    /help lists what else it can do: wider context, further excerpts, how an answer was ranked.
    """
    from bot.repl import run

    with open_asking_library(settings) as library:
        return run(library, settings)
