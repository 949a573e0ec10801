"""Starts the bot, keeps it running, and stops it without dropping what it is at."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias, TypeVar

from telegram import Update
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder

from bot import logs
from bot.settings import Settings
from bot.telegram.access import Access, Limits
from bot.telegram.inbox import ByChat, Inbox, UpdatesRequest
from bot.telegram.state import State
from retrieval.errors import SeedbotError, SettingsError
from retrieval.library import Library

T = TypeVar("T")
Bots: TypeAlias = "Application[Any, Any, Any, Any, Any, Any]"  # python-telegram-bot's application

UPDATES = ["message", "callback_query", "inline_query"]
_START_PAUSES_SECONDS = (0.5, 1.5)
_RETRIES = 30  # of a message that Telegram asks to send later

log = logging.getLogger(__name__)

NO_TOKEN = """There is no token for the bot.
1. In Telegram, write /newbot to @BotFather and choose a name; it answers with a token.
2. Start the bot with it: TELEGRAM_BOT_TOKEN=<token> SEEDBOT_TELEGRAM__ADMINS=<your id> seedbot telegram"""


class Service:
    """What handlers work with: the library on a pool of threads, the state, and who may use them."""

    def __init__(self, library: Library, settings: Settings, state: State) -> None:
        self.library, self.settings, self.state = library, settings, state
        self.access = Access(settings.telegram, state)
        self.limits = Limits(settings.telegram.questions_per_minute)
        self._pool = ThreadPoolExecutor(settings.telegram.workers, thread_name_prefix="ask")
        self.failure: str | None = None
        self.stop = asyncio.Event()

    async def in_pool(self, work: Callable[[], T]) -> T:
        """Runs work that takes time beside the event loop, at most `workers` at once."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def fail(self, sentence: str) -> None:
        """Stops the bot for a reason that nobody can wait out."""
        self.failure = sentence
        self.stop.set()

    def close(self) -> None:
        """Waits for what is running on the pool."""
        self._pool.shutdown(wait=True)


def run(library: Library, settings: Settings) -> None:
    """Runs the bot until it is stopped. Raises SettingsError without a token, SeedbotError where it cannot run."""
    token = os.environ.get("TELEGRAM_BOT_TOKEN", "").strip()
    if not token:
        raise SettingsError(NO_TOKEN)
    logs.hide(token)
    logs.structured()
    asyncio.run(_run(library, settings, token))


async def _run(library: Library, settings: Settings, token: str) -> None:
    identity = token.split(":", 1)[0]
    name = identity if identity.isdigit() else "unknown"
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


def _application(service: Service, token: str) -> Bots:
    from bot.telegram.handlers import add_handlers

    settings = service.settings.telegram
    builder = (
        ApplicationBuilder()
        .token(token)
        .base_url(settings.method_url)
        .base_file_url(settings.file_url)
        .update_queue(Inbox(service.state))
        .concurrent_updates(ByChat(service.state))
        .rate_limiter(AIORateLimiter(overall_max_rate=0, group_max_rate=20, max_retries=_RETRIES))
        .get_updates_request(UpdatesRequest(connection_pool_size=2))
        .connection_pool_size(256)
        .pool_timeout(30.0)
        .job_queue(None)
    )
    application = builder.build()
    add_handlers(application, service)
    return application


@contextlib.asynccontextmanager
async def _started(application: Bots, service: Service) -> AsyncIterator[None]:
    """Everything that runs, stopped in the opposite order."""
    from bot.telegram.menus import set_menus

    async with contextlib.AsyncExitStack() as stack:
        await _connect(application, service)
        stack.push_async_callback(application.shutdown)
        await application.start()
        stack.push_async_callback(application.stop)
        menus = asyncio.create_task(set_menus(application.bot, service))  # nobody has to wait for them
        stack.callback(menus.cancel)
        inbox = application.update_queue
        assert isinstance(inbox, Inbox)
        resumed = await inbox.resume(application.bot)
        await _listen(application, service)
        assert application.updater is not None
        stack.push_async_callback(application.updater.stop)
        await stack.enter_async_context(_health(service))
        _stop_on_signals(service)
        log.info("ready", extra={"bot": application.bot.username, "resumed": resumed})
        if not service.settings.telegram.public and not _anybody(service):
            log.warning("nobody may use the bot: set SEEDBOT_TELEGRAM__ADMINS to your id")
        yield
        log.info("stopping")


async def _connect(application: Bots, service: Service) -> None:
    """Learns the bot's own name. A failure may pass in seconds; a wrong token does not."""
    for pause in (*_START_PAUSES_SECONDS, None):
        try:
            await application.initialize()
            return
        except InvalidToken as error:
            raise SeedbotError("Telegram does not know this token: copy it again from @BotFather.") from error
        except NetworkError as error:
            if pause is None:
                raise SeedbotError(_unreachable(service, error)) from error
            await asyncio.sleep(pause)


async def _listen(application: Bots, service: Service) -> None:
    settings, updater = service.settings.telegram, application.updater
    assert updater is not None
    try:
        if settings.webhook:
            await updater.start_webhook(
                listen=settings.webhook_listen,
                port=settings.webhook_port,
                url_path="telegram",
                webhook_url=settings.webhook.rstrip("/") + "/telegram",
                secret_token=settings.webhook_secret.get_secret_value() or None,
                allowed_updates=UPDATES,
            )
        else:
            await updater.start_polling(
                timeout=30, allowed_updates=UPDATES, error_callback=partial(_polling_failed, service)
            )
    except NetworkError as error:
        raise SeedbotError(_unreachable(service, error)) from error
    except OSError as error:
        where = f"{settings.webhook_listen}:{settings.webhook_port}"
        raise SeedbotError(f"The webhook cannot listen at {where} ({error.strerror}): choose another port.") from error


def _polling_failed(service: Service, error: TelegramError) -> None:
    if isinstance(error, Conflict):
        service.fail("Another program is already receiving this bot's messages: stop it, or make a bot of its own.")
    elif isinstance(error, InvalidToken):
        service.fail("Telegram no longer accepts this token: get the new one from @BotFather.")
    else:
        log.warning("waiting for Telegram", extra={"error": type(error).__name__})


def _unreachable(service: Service, error: Exception) -> str:
    server = service.settings.telegram.method_url.removesuffix("/bot")
    return f"Telegram cannot be reached at {server} ({type(error).__name__}): check the network and try again."


def _anybody(service: Service) -> bool:
    settings = service.settings.telegram
    return bool(settings.admins or settings.users or settings.groups)


def _stop_on_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):  # not the main thread, or no such signal here
            loop.add_signal_handler(number, service.stop.set)


@contextlib.asynccontextmanager
async def _health(service: Service) -> AsyncIterator[None]:
    """`GET /health` on a port of its own, for whatever watches the service; none with port 0."""
    port = service.settings.telegram.health_port
    if not port:
        yield
        return
    from tornado.web import Application as WebApplication
    from tornado.web import RequestHandler

    class Health(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", "application/json")
            self.write(json.dumps({"ok": True, "generation": service.library.generation}))

    server = WebApplication([("/health", Health)], log_function=lambda _: None).listen(port, "0.0.0.0")
    try:
        yield
    finally:
        server.stop()


def describe(update: Update) -> dict[str, object]:
    """What a log says of an update: ids, never what was written."""
    chat, user = update.effective_chat, update.effective_user
    return {"update": update.update_id, "chat": chat.id if chat else None, "user": user.id if user else None}
