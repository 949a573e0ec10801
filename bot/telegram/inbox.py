"""Updates on their way in: kept until done, each done once, in order within a chat, side by side across chats."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable
from typing import Any

from telegram import Bot, Update
from telegram.ext import BaseUpdateProcessor
from telegram.request import HTTPXRequest

from bot.telegram.state import State

_AT_ONCE = 1024

log = logging.getLogger(__name__)


class Inbox(asyncio.Queue[object]):
    """The queue between Telegram and the handlers. What it took in outlives a killed process."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    async def put(self, item: object) -> None:
        """Takes an update in once, however often Telegram sends it."""
        if isinstance(item, Update) and not self._state.receive(item.update_id, item.to_json()):
            return
        await super().put(item)

    async def resume(self, bot: Bot) -> int:
        """Puts back what an earlier process left undone, and says how much that was."""
        bodies = self._state.waiting()
        for body in bodies:
            await super().put(Update.de_json(json.loads(body), bot))
        return len(bodies)


class ByChat(BaseUpdateProcessor):
    """Runs the handlers of one chat in the order of its updates, those of different chats at the same time."""

    def __init__(self, state: State) -> None:
        super().__init__(_AT_ONCE)
        self._state = state
        self._lines: dict[int, tuple[asyncio.Lock, int]] = {}  # of each chat, and how many stand in it

    async def initialize(self) -> None:
        """Nothing has to be made ready."""

    async def shutdown(self) -> None:
        """Nothing has to be closed."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Runs one handler; the update counts as done when it ended, well or badly."""
        if not isinstance(update, Update):
            await coroutine
            return
        identity = _queue_of(update)
        lock, waiting = self._lines.get(identity, (asyncio.Lock(), 0))
        self._lines[identity] = (lock, waiting + 1)
        try:
            async with lock:
                await coroutine
                self._state.done(update.update_id)
        finally:
            lock, waiting = self._lines.pop(identity)
            if waiting > 1:
                self._lines[identity] = (lock, waiting - 1)


class UpdatesRequest(HTTPXRequest):
    """Fetches updates, and replaces one that python-telegram-bot cannot read by an empty one.

    Otherwise it would be fetched again and again, and nothing after it would ever be seen.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """The answer of the server with only those updates in full that can be read."""
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [one for row in answer["result"] if (one := _readable(row)) is not None]
        return answer


def _readable(row: Any) -> dict[str, Any] | None:
    if not isinstance(row, dict) or not isinstance(row.get("update_id"), int):
        return None
    try:
        Update.de_json(dict(row), None).to_json()
    except Exception as error:  # noqa: BLE001 - whatever it is about the update, it must not stop the others
        log.warning("unreadable update", extra={"error": type(error).__name__})
        return {"update_id": row["update_id"]}
    return row


def _queue_of(update: Update) -> int:
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else 0
