"""Starts the bot, keeps it running, and stops it without dropping what it is at."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from telegram import Update
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, ApplicationBuilder

from bot import logs
from bot.settings import Settings
from bot.telegram.access import Access, Limits
from bot.telegram.answered import Answered
from bot.telegram.connection import SeedBot, seconds_of
from bot.telegram.health import answering_checks, telling_systemd
from bot.telegram.inbox import ByChat, Inbox, step_aside
from bot.telegram.receiving import LATER, RIVAL, UNREACHABLE, polling, webhook
from bot.telegram.sending import persist
from bot.telegram.state import State
from retrieval.connection import explain_system
from retrieval.errors import LibraryError, SeedbotError, SettingsError
from retrieval.library import Library
from retrieval.types import Answer, Excerpt, Filter, Progress, SyncReport, Verification

T = TypeVar("T")
Bots: TypeAlias = "Application[Any, Any, Any, Any, Any, Any]"  # python-telegram-bot's application

_STOP_SECONDS = 20.0  # for what is at work when the bot is stopped; systemd and Docker wait a minute
_DEAF_SECONDS = 120.0  # without an answer from Telegram, which answers every thirty where there is nothing new
_START_SECONDS = 5.0
_HELD_SECONDS = 2.0  # that the next message of a chat waits for a file to be fetched, read again, added or removed
_LOCK_SECONDS = 30.0  # that a build waits for another program that is building
_MANY = 8  # places in `Service.waiting`
_LEAST_SECRET = 8  # characters; to hide a part of a token that is shorter would blot out words
_TOKEN = re.compile(r"[A-Za-z0-9:_.~-]+")

log = logging.getLogger(__name__)

NO_TOKEN = """There is no token for the bot.
1. In Telegram, write /newbot to @BotFather and choose a name; it answers with a token.
2. Start the bot with it: TELEGRAM_BOT_TOKEN=<token> seedbot telegram
3. Write to your bot, which tells you your id; stop it, and start it with both:
   TELEGRAM_BOT_TOKEN=<token> SEEDBOT_TELEGRAM__ADMINS=<your id> seedbot telegram"""


class Service:
    """What handlers work with: the library on a pool of threads, the state, and who may use them."""

    def __init__(self, library: Library, settings: Settings, state: State) -> None:
        self.library, self.settings, self.state = library, settings, state
        self.answered = Answered(library)
        self.access = Access(settings.telegram, state)
        self.limits = Limits(settings.telegram.questions_per_minute)
        self.lacking_menus = set(settings.telegram.admins)
        self.failure: str | None = None
        self.stop = asyncio.Event()
        self.waiting: set[object] = set()  # a place for each question, and each update in line, whose turn has not come
        self.taking_in = asyncio.Semaphore(1)  # for a file from its fetching, since it lies in memory, to its indexing
        self._pool = ThreadPoolExecutor(settings.telegram.workers, thread_name_prefix="ask")
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="build")
        self._files = ThreadPoolExecutor(1, thread_name_prefix="file")
        self._closing = False
        self._heard_at: float | None = None
        self._examples: dict[int, str] = {}  # by generation, the newest alone
        self._finding_example = asyncio.Lock()

    async def answer(self, question: str, where: Filter) -> Answer:
        """The answer; fewer passages are read for it where others wait as its turn comes. Raises as `Library.ask`."""
        place = object()
        self.waiting.add(place)

        def in_turn() -> Answer:
            self.waiting.discard(place)
            return self.answered.ask(question, where, _most_read(len(self.waiting)))

        try:
            return await self.in_pool(in_turn)
        finally:
            self.waiting.discard(place)  # which may have been given up before its turn

    async def in_pool(self, work: Callable[[], T]) -> T:
        """Runs work that takes time beside the event loop, at most `workers` at once."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def in_turn(self, work: Callable[[], T]) -> T:
        """Runs work that changes the library, one after the other, beside the questions."""
        with held_briefly():
            return await asyncio.get_running_loop().run_in_executor(self._builder, work)

    async def beside(self, work: Callable[[], T]) -> T:
        """Runs work upon a file of the seeds folder, which may hang, one after the other, beside the questions."""
        with held_briefly():
            return await asyncio.get_running_loop().run_in_executor(self._files, work)

    async def verify(self, excerpt: Excerpt) -> Verification:
        """Reads the file of an excerpt again."""
        return await self.beside(partial(self.library.verify, excerpt.citation, excerpt.text))

    def sync(self, *, full: bool = False, progress: Callable[[Progress], None] | None = None) -> SyncReport:
        """Brings the library up to date, unless the bot ends meanwhile; run `in_turn`. Raises as `Library.sync`."""

        def step(done: Progress) -> None:
            if self._closing:
                raise LibraryError("The bot was stopped during this build: build again when it runs.")
            if progress is not None:
                progress(done)

        return self.library.sync(full=full, progress=step, wait_seconds=_LOCK_SECONDS)

    async def example(self, find: Callable[[Service], str]) -> str:
        """What `find` makes of the library, which is looked for once in a generation; empty where it cannot."""
        async with self._finding_example:
            generation = self.library.generation
            if generation not in self._examples:
                try:
                    self._examples = {generation: await self.in_pool(lambda: find(self))}
                except SeedbotError as error:
                    log.warning("no example", extra={"error": str(error)})
                    return ""
            return self._examples[generation]

    def fail(self, sentence: str) -> None:
        """Stops the bot for a reason that nobody can wait out."""
        self.failure = self.failure or sentence
        self.stop.set()

    def heard(self) -> None:
        """Notes that Telegram answered when it was asked for updates."""
        self._heard_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """How long Telegram has not answered; 0 where it is not asked, but calls."""
        return 0.0 if self._heard_at is None else time.monotonic() - self._heard_at

    @property
    def is_deaf(self) -> bool:
        """Whether Telegram has not answered for longer than that takes."""
        return self.silent_seconds > _DEAF_SECONDS

    def close(self) -> None:
        """Waits for the questions that are running, and for a build to let go of what it has begun."""
        self._closing = True
        for pool in (self._pool, self._builder, self._files):
            pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def held_briefly() -> Iterator[None]:
    """Lets the update at work step aside for those that wait behind it in their chat, where the block takes long."""
    leaving = asyncio.get_running_loop().call_later(_HELD_SECONDS, step_aside)
    try:
        yield
    finally:
        leaving.cancel()


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
    from filelock import FileLock, Timeout

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
    from bot.telegram.handlers import add_handlers

    settings = service.settings.telegram
    bot = SeedBot(token, settings.method_url, settings.file_url)
    inbox = Inbox(service.state)
    line = ByChat(inbox, service.state, service.waiting)
    builder = ApplicationBuilder().bot(bot).updater(None).job_queue(None)
    application = builder.update_queue(inbox).concurrent_updates(line).build()
    add_handlers(application, service)
    bot.when_moved(service.access.move)
    return application


@contextlib.asynccontextmanager
async def _started(application: Bots, service: Service) -> AsyncIterator[None]:
    """Everything that runs, stopped in the opposite order."""
    from bot.telegram.handlers import excuse
    from bot.telegram.menus import set_menus

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


def _most_read(waiting: int) -> int | None:
    """How many passages are read at most for a question behind which so many wait; None where there is no bound."""
    if waiting >= _MANY:
        return 1
    return 2 if waiting else None


def _anybody(service: Service) -> bool:
    settings = service.settings.telegram
    return bool(settings.admins or settings.users or settings.groups)


def _stop_on_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):  # not the main thread, or no such signal here
            loop.add_signal_handler(number, service.stop.set)


def describe(update: Update) -> dict[str, object]:
    """What a log says of an update: ids, never what was written."""
    chat, user = update.effective_chat, update.effective_user
    return {"update": update.update_id, "chat": chat.id if chat else None, "user": user.id if user else None}
