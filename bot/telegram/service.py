"""What handlers work with: the library on a pool of threads, what was answered lately, the state, who may use them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias, TypeVar

from telegram.ext import Application

from bot.settings import Settings
from bot.telegram.access import Access, Limits
from bot.telegram.answered import Answered
from bot.telegram.inbox import held_briefly
from bot.telegram.state import State
from retrieval.errors import LibraryError, SeedbotError
from retrieval.library import Library
from retrieval.types import Answer, Excerpt, Filter, Progress, SyncReport, Verification

T = TypeVar("T")
Bots: TypeAlias = "Application[Any, Any, Any, Any, Any, Any]"  # python-telegram-bot's application

_DEAF_SECONDS = 120.0  # without an answer from Telegram, which answers every thirty where there is nothing new
_LOCK_SECONDS = 30.0  # that a build waits for another program that is building
_MANY = 8  # places in `Service.waiting`

log = logging.getLogger(__name__)


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


def _most_read(waiting: int) -> int | None:
    """How many passages are read at most for a question behind which so many wait; None where there is no bound."""
    if waiting >= _MANY:
        return 1
    return 2 if waiting else None
