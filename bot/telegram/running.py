"""Starts the bot, keeps it running, and stops it without dropping what it is at."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import ApplicationBuilder

from bot import logs
from bot.settings import Settings
from bot.telegram.connection import SeedBot, seconds_of
from bot.telegram.handlers import add_handlers, excuse
from bot.telegram.health import answering_checks, telling_systemd
from bot.telegram.inbox import ByChat, Inbox
from bot.telegram.menus import set_menus
from bot.telegram.receiving import LATER, RIVAL, UNREACHABLE, polling, webhook
from bot.telegram.sending import persist
from bot.telegram.service import Bots, Service
from bot.telegram.state import State
from retrieval.connection import explain_system
from retrieval.errors import SeedbotError, SettingsError
from retrieval.library import Library

_STOP_SECONDS = 20.0  # for what is at work when the bot is stopped; systemd and Docker wait a minute
_START_SECONDS = 5.0
_LEAST_SECRET = 8  # characters; to hide a part of a token that is shorter would blot out words
_TOKEN = re.compile(r"[A-Za-z0-9:_.~-]+")

log = logging.getLogger(__name__)

NO_TOKEN = """There is no token for the bot.
1. In Telegram, write /newbot to @BotFather and choose a name; it answers with a token.
2. Start the bot with it: TELEGRAM_BOT_TOKEN=<token> seedbot telegram
3. Write to your bot, which tells you your id; stop it, and start it with both:
   TELEGRAM_BOT_TOKEN=<token> SEEDBOT_TELEGRAM__ADMINS=<your id> seedbot telegram"""


def run(library: Library, settings: Settings) -> None:
    """Runs the bot until it is stopped. Raises SettingsError without a token, SeedbotError where it cannot run."""
    token = os.environ.get("TELEGRAM_BOT_TOKEN", "").strip()
    if not token:
        raise SettingsError(NO_TOKEN)
    for secret in (token, quote(token, safe=""), token.partition(":")[2]):
        if secret == token or len(secret) >= _LEAST_SECRET:
            logs.hide(secret)
    if not _TOKEN.fullmatch(token):
        raise SettingsError("TELEGRAM_BOT_TOKEN holds a character that no token has: copy it again from @BotFather.")
    logs.structured()
    asyncio.run(_run(library, settings, token))


async def _run(library: Library, settings: Settings, token: str) -> None:
    identity = token.split(":", 1)[0]
    name = identity if identity.isdigit() else "unknown"
    with _alone(settings.library / f"telegram-{name}.lock"):
        state = State(settings.library / f"telegram-{name}.sqlite")
        service = Service(library, settings, state)
        try:
            application = _application(service, token)
            async with _started(application, service):
                await service.stop.wait()
        finally:
            service.close()
            state.close()
    if service.failure is not None:
        raise SeedbotError(service.failure)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds a lock, so that no second bot does what this one has begun. Raises SeedbotError where another holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(path).acquire(timeout=0)
    except Timeout as error:
        raise SeedbotError(RIVAL) from error
    except OSError as error:
        raise explain_system(error, path.parent) from error
    with held:
        yield


def _application(service: Service, token: str) -> Bots:
    settings = service.settings.telegram
    bot = SeedBot(token, settings.method_url, settings.file_url)
    inbox = Inbox(service.state)
    line = ByChat(inbox, service.state, service.waiting)
    builder = ApplicationBuilder().bot(bot).updater(None).job_queue(None)
    application = builder.update_queue(inbox).concurrent_updates(line).build()
    add_handlers(application, service)
    bot.when_moved(service.state.move)
    return application


@contextlib.asynccontextmanager
async def _started(application: Bots, service: Service) -> AsyncIterator[None]:
    """Everything that runs, stopped in the opposite order."""
    inbox, line, bot = application.update_queue, application.update_processor, application.bot
    assert isinstance(inbox, Inbox)
    assert isinstance(line, ByChat)
    assert isinstance(bot, SeedBot)
    async with contextlib.AsyncExitStack() as stack:
        await _connect(application, service)
        stack.push_async_callback(application.shutdown)
        await stack.enter_async_context(answering_checks(service))
        await application.start()
        stack.push_async_callback(application.stop)
        stack.push_async_callback(line.finish, _STOP_SECONDS)
        resumed, harmful = await inbox.resume(bot)
        for work in (set_menus(bot, service), excuse(service, bot, harmful)):  # nobody has to wait for these
            stack.callback(asyncio.create_task(work).cancel)
        await stack.enter_async_context(_updates(bot, inbox, service))
        await stack.enter_async_context(telling_systemd())
        _stop_on_signals(service)
        log.info("ready", extra={"bot": bot.username, "resumed": resumed})
        if not service.settings.telegram.public and not _anybody(service):
            log.warning("nobody may use the bot: write to it, and set SEEDBOT_TELEGRAM__ADMINS to the id it tells you")
        yield
        log.info("stopping")


def _updates(bot: SeedBot, inbox: Inbox, service: Service) -> contextlib.AbstractAsyncContextManager[None]:
    """Updates as the settings want them: asked for, or delivered by Telegram with a secret that nobody else knows."""
    settings = service.settings.telegram
    if not settings.webhook:
        return polling(bot, inbox, service)
    secret = settings.webhook_secret.get_secret_value() or secrets.token_urlsafe(32)
    logs.hide(secret)
    return webhook(bot, inbox, service, secret)


async def _connect(application: Bots, service: Service) -> None:
    """Learns the bot's own name. A failure may pass in seconds; a wrong token does not."""
    try:
        await persist(application.initialize, _START_SECONDS)
    except InvalidToken as error:
        raise SeedbotError("Telegram does not know this token: copy it again from @BotFather.") from error
    except (BadRequest, Forbidden) as error:
        raise SeedbotError(f"Telegram refuses this bot ({error}): look at it with @BotFather.") from error
    except RetryAfter as error:
        raise SeedbotError(LATER.format(seconds=seconds_of(error))) from error
    except NetworkError as error:
        server = service.settings.telegram.method_url.removesuffix("/bot")
        raise SeedbotError(UNREACHABLE.format(server=server, error=type(error).__name__)) from error


def _anybody(service: Service) -> bool:
    settings = service.settings.telegram
    return bool(settings.admins or settings.users or settings.groups)


def _stop_on_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):  # not the main thread, or no such signal here
            loop.add_signal_handler(number, service.stop.set)
