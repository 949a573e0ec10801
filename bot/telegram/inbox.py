"""Updates on their way in: kept until done, each done once, in order within a chat, side by side across chats."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any

from telegram import Bot, Update
from telegram.ext import BaseUpdateProcessor

from bot.telegram.reading import readable
from bot.telegram.state import State

_AT_ONCE = 4096
_MOST_ATTEMPTS = 2  # an update that was at work when two processes ended is left alone by the third
_FORGET_SECONDS = 3600.0
_HELD_SECONDS = 2.0  # that the next message of a chat waits for a file to be fetched, read again, added or removed

log = logging.getLogger(__name__)

_leave: ContextVar[Callable[[], None]] = ContextVar("leave", default=lambda: None)


def step_aside() -> None:
    """Lets the updates of a chat that wait behind the one at work go on, while that is finished beside them."""
    _leave.get()()


@contextlib.contextmanager
def held_briefly() -> Iterator[None]:
    """Lets the update at work step aside for those that wait behind it in their chat, where the block takes long."""
    leaving = asyncio.get_running_loop().call_later(_HELD_SECONDS, step_aside)
    try:
        yield
    finally:
        leaving.cancel()


class Inbox(asyncio.Queue[object]):
    """The queue between Telegram and the handlers. What it took in outlives a killed process."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._forgotten_at = -_FORGET_SECONDS
        self._rows: dict[int, tuple[int, int]] = {}  # row and earlier attempts of each update in memory, by its `id()`

    async def put(self, item: object) -> None:
        """Takes an update in once, however often Telegram sends it. Raises sqlite3.Error where it cannot be kept."""
        if not isinstance(item, Update):
            await super().put(item)
            return
        self._forget()
        row = self._state.receive(item.update_id, json.dumps(item.to_dict(), sort_keys=True))
        if row is not None:
            await self._line_up(item, row, 0)

    async def resume(self, bot: Bot) -> tuple[int, list[Update]]:
        """Puts back what earlier processes left undone: how many, and those that are left alone from now on."""
        harmful, count = [], 0
        for row, attempts, body in self._state.waiting():
            update = Update.de_json(readable(json.loads(body)) or {"update_id": 0}, bot)
            if attempts < _MOST_ATTEMPTS:
                await self._line_up(update, row, attempts)
                count += 1
            else:
                log.error("left alone: it was at work whenever the bot ended", extra={"update": update.update_id})
                self._state.done(row)
                harmful.append(update)
        return count, harmful

    def claim(self, update: Update) -> tuple[int, int]:
        """The row of an update that was taken out, and how often work on it was begun by earlier processes."""
        return self._rows.pop(id(update))

    async def _line_up(self, update: Update, row: int, attempts: int) -> None:
        self._rows[id(update)] = row, attempts
        await super().put(update)

    def _forget(self) -> None:
        now = time.monotonic()
        if now - self._forgotten_at >= _FORGET_SECONDS:
            self._forgotten_at = now
            self._state.forget_updates()


class ByChat(BaseUpdateProcessor):
    """Runs the handlers of one chat in the order of its updates, those of different chats at the same time.

    What was at work when an earlier process was killed runs one at a time: the update that ended the process is then
    known, and no other is blamed, but for those that begin once one that takes long has stepped aside. Those whose turn
    has not come each have a place in `waiting`.
    """

    def __init__(self, inbox: Inbox, state: State, waiting: set[object]) -> None:
        super().__init__(_AT_ONCE)
        self._inbox, self._state, self._waiting = inbox, state, waiting
        self._lines: dict[int, tuple[asyncio.Lock, int]] = {}  # of each chat, and how many stand in it
        self._alone = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def initialize(self) -> None:
        """Nothing has to be made ready."""

    async def shutdown(self) -> None:
        """Nothing has to be closed."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Runs one handler; the update counts as done when it ended, well or badly."""
        if not isinstance(update, Update):
            await coroutine
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        row, attempts = self._inbox.claim(update)
        identity = _line_of(update)
        lock, waiting = self._lines.get(identity, (asyncio.Lock(), 0))
        self._lines[identity] = (lock, waiting + 1)
        self._waiting.add(task)
        try:
            async with _left_early(lock), _left_early(self._alone) if attempts else contextlib.nullcontext():
                self._waiting.discard(task)
                await self._work(row, coroutine)
        finally:
            if isinstance(coroutine, Coroutine):
                coroutine.close()  # which it may not have come to
            self._tasks.discard(task)
            self._waiting.discard(task)
            lock, waiting = self._lines.pop(identity)
            if waiting > 1:
                self._lines[identity] = (lock, waiting - 1)

    async def finish(self, seconds: float) -> None:
        """Lets what is at work end, and after so long breaks it off; that is done again after the next start."""
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._inbox.join(), seconds)
        finally:
            self._closed = True
            for task in self._tasks:
                task.cancel()

    async def _work(self, row: int, coroutine: Awaitable[Any]) -> None:
        if self._closed:
            return
        self._state.begin(row)
        try:
            await coroutine
        except asyncio.CancelledError:
            self._state.put_back(row)
            raise
        self._state.done(row)


@contextlib.asynccontextmanager
async def _left_early(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Holds a lock until the block ends or calls `step_aside`, which gives back the locks around it, too."""
    await lock.acquire()
    around = _leave.get()
    held = True

    def leave() -> None:
        nonlocal held
        if held:
            held = False
            lock.release()
            around()

    before = _leave.set(leave)
    try:
        yield
    finally:
        _leave.reset(before)
        leave()


def _line_of(update: Update) -> int:
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else 0
