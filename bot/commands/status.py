"""`seedbot status`: the library at a glance."""

from __future__ import annotations

import click

from bot import messages, tuned
from bot.options import open_library, with_settings
from bot.settings import Settings
from retrieval.tuning import tuned_in


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(settings: Settings, as_json: bool) -> int:
    """Show what the library holds, how big it is and when it was built."""
    with open_library(settings) as library:
        found = library.status()
    own = tuned_in(settings.library)
    if as_json:
        from bot import records

        click.echo(records.line(records.status(found) | {"tuned": tuned.tuned_records(own)}))
        return 0
    rows = {
        "library": str(settings.library),
        "built": f"{messages.moment(found.built_at)}, generation {found.generation}",
        "documents": f"{found.documents:,} from {settings.seeds}",
        "passages": f"{found.passages:,}",
        "model": f"{found.model}, passages in {' and '.join(found.precision.split())}",
        "on disk": f"{_size(found.database_bytes)} database, {_size(found.index_bytes)} indexes, "
        f"{_size(found.model_bytes)} model; {found.bytes_per_passage:,} bytes a passage",
    }
    if own:
        rows["tuned"] = tuned.described(own, settings.embedding.model)
    for name, value in rows.items():
        click.echo(f"{click.style(f'{name:<10}', dim=True)} {value}")
    return 0


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"
