"""`seedbot telegram`: runs the bot."""

from __future__ import annotations

import os

import click

from bot.options import open_asking_library, with_settings
from bot.settings import Settings
from retrieval.errors import SettingsError
from retrieval.machine import cores


@click.command("telegram")
@click.option("--webhook", metavar="URL", help="Receive messages at this https address instead of asking for them.")
@with_settings
def command(settings: Settings, webhook: str | None) -> int:
    """Run the Telegram bot until it is stopped.

    The token comes from the environment variable TELEGRAM_BOT_TOKEN. Nobody may use the bot until you say who: see
    docs/telegram.md.
    """
    from bot.telegram.running import NO_TOKEN, run

    if not os.environ.get("TELEGRAM_BOT_TOKEN", "").strip():
        raise SettingsError(NO_TOKEN)
    if webhook:
        settings = settings.model_copy(update={"telegram": settings.telegram.model_copy(update={"webhook": webhook})})
    if not settings.embedding.threads:  # the workers share the processor: each on its own cores answers more
        threads = max(1, cores() // settings.telegram.workers)
        settings = settings.model_copy(update={"embedding": settings.embedding.model_copy(update={"threads": threads})})
    with open_asking_library(settings) as library:
        library.engine()  # what would fail at the first question fails now
        run(library, settings)
    return 0
