"""`seedbot sources`: the documents of the library."""

from __future__ import annotations

import click

from bot.options import open_built_library, with_settings
from bot.settings import Settings


@click.command("sources")
@click.argument("glob", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@with_settings
def command(settings: Settings, glob: str | None, as_json: bool) -> int:
    """List the documents that answers come from; with GLOB, such as 'reports/*', those whose path matches."""
    with open_built_library(settings) as library:
        found = library.documents(glob)
        if as_json:
            from bot import records

            for one in found:
                click.echo(records.line(records.source(one)))
            return 0
        from bot.render import console, show_sources

        show_sources(console(), found, settings.seeds)
    return 0
