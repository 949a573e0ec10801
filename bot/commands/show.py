"""`seedbot show`: a document as it was indexed, or the slice of it that a citation names."""

from __future__ import annotations

import re
import sys

import click

from bot.display import visible_parts
from bot.options import open_built_library, with_settings
from bot.settings import Settings
from retrieval.types import Span


def _offsets(ctx: click.Context, option: click.Parameter, value: str | None) -> Span | None:
    """`START-END`, as citations give them."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,12})[-–](\d{1,12})", value.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise click.BadParameter(f"{value!r} is no pair of offsets: write START-END, such as 311-562.", ctx, option)
    return Span(int(match[1]), int(match[2]))


@click.command("show")
@click.argument("document")
@click.option(
    "--at",
    "span",
    metavar="START-END",
    callback=_offsets,
    help="Only these characters, counted from 0, END not included.",
)
@with_settings
def command(settings: Settings, document: str, span: Span | None) -> int:
    """Print the text of DOCUMENT, in the form that offsets count in.

    DOCUMENT is a path as `seedbot sources` lists it.
    """
    watched = sys.stdout.isatty()
    with open_built_library(settings) as library:
        parts = library.blocks(document) if span is None else iter([library.excerpt(document, span).text])
        last = ""
        for part in visible_parts(parts) if watched else parts:
            if watched:
                click.echo(part, nl=False)
            else:
                sys.stdout.buffer.write(part.encode("utf-8", "replace"))
            last = part or last
    if not last.endswith("\n") or (span is not None and not watched):
        click.echo()
    return 0
