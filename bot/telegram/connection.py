"""The connection to the Bot API: the client library, with errors that say what happened and no word of the token."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from telegram.error import BadRequest, RetryAfter, TimedOut
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.telegram import reading

_GROUP_MESSAGES_A_MINUTE = 20  # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
_OWN_ERRORS = (401, 403, 404, 408, 409, 429)  # of 4xx: what python-telegram-bot tells from a bad request
_NEVER_HELD = frozenset({"sendChatAction", "setMyCommands"})  # nobody waits for these
_MOST_HOLDS = 1_000
_LONGEST_PAUSE_SECONDS = 86_400.0
_READ_SECONDS = 30.0  # that Telegram may take to answer: what is broken off sooner may have been done

Call = Callable[..., Coroutine[Any, Any, Any]]


class SeedBot(ExtBot[int]):
    """The bot. Unlike the library's own, it does not show the token where it is printed."""

    def __init__(self, token: str, base_url: str, base_file_url: str) -> None:
        super().__init__(
            token,
            base_url,
            base_file_url,
            request=Connection(connection_pool_size=256, pool_timeout=30.0, read_timeout=_READ_SECONDS),
            get_updates_request=Connection(connection_pool_size=2),
            rate_limiter=Limiter(),
        )
        self._on_move: Callable[[int, int], None] | None = None

    def __repr__(self) -> str:
        identity, colon, _ = self.token.partition(":")
        return f"SeedBot[{identity}]" if colon and identity.isdigit() else "SeedBot"

    def when_moved(self, told: Callable[[int, int], None]) -> None:
        """Calls `told` with the old and the new id of a group that turns out to have become a supergroup."""
        self._on_move = told

    def moved(self, group: int, to: int) -> None:
        """Notes that a group has become a supergroup."""
        if self._on_move is not None:
            self._on_move(group, to)


class Limiter(AIORateLimiter):
    """At most 20 messages a minute to a group; a refusal with 429 holds the chat it was about, and no other.

    The library's own limiter stops every call, to whomever, until the time of one 429 is over.
    """

    def __init__(self) -> None:
        super().__init__(overall_max_rate=0, group_max_rate=_GROUP_MESSAGES_A_MINUTE)
        self._held_until: dict[object, float] = {}

    async def process_request(
        self,
        callback: Call,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Makes a call when it may be made. Raises RetryAfter, which whoever called waits out."""
        chat = data.get("chat_id")
        if chat is None or endpoint in _NEVER_HELD:
            return await callback(*args, **kwargs)
        refusals: list[RetryAfter] = []

        async def once(*args: Any, **kwargs: Any) -> Any:
            await self._until_free(chat)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:  # the library's own limiter would log a traceback
                refusals.append(error)
                self._hold(chat, seconds_of(error))

        result = await super().process_request(once, args, kwargs, endpoint, data, rate_limit_args)
        if refusals:
            raise refusals[0]
        return result

    async def _until_free(self, chat: object) -> None:
        clock = asyncio.get_running_loop().time
        while (left := self._held_until.get(chat, 0.0) - clock()) > 0:
            await asyncio.sleep(left)

    def _hold(self, chat: object, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._held_until) > _MOST_HOLDS:
            self._held_until = {one: until for one, until in self._held_until.items() if until > now}
        self._held_until[chat] = now + seconds


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram says to wait."""
    pause = error.retry_after
    return float(pause if isinstance(pause, int) else pause.total_seconds())


def is_unsent(error: TimedOut) -> bool:
    """Whether a call that took too long was not sent at all, and so cannot have been done."""
    return isinstance(error.__cause__, (httpx.ConnectTimeout, httpx.PoolTimeout))


class Connection(HTTPXRequest):
    """Calls over HTTP. `ok: false` is an error whatever the HTTP status; an answer with gaps is filled."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The HTTP status and body, fit for python-telegram-bot. Raises BadRequest for what cannot be sent at all."""
        timeouts = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        try:
            code, payload = await super().do_request(url, method, request_data, *timeouts)
        except (ValueError, TypeError) as error:
            raise BadRequest(f"cannot be sent ({type(error).__name__})") from error
        if method == "GET":  # a file
            return code, payload
        return _understood(url.rsplit("/", 1)[-1], code, payload, request_data.parameters if request_data else {})


def _understood(method: str, code: int, payload: bytes, parameters: dict[str, Any]) -> tuple[int, bytes]:
    try:
        answer = reading.parsed(payload)
    except RecursionError:
        answer = {"ok": True, "result": reading.salvaged(payload)}
    except ValueError:
        return _refusal(code if code >= 400 else 502, {})
    if not isinstance(answer, dict):
        return _refusal(code if code >= 400 else 502, {})
    if code < 300 and answer.get("ok") is not False and "result" in answer:
        result = reading.completed(method, answer["result"], parameters)
        return code, json.dumps({"ok": True, "result": result}).encode()
    said = answer.get("error_code")
    if isinstance(said, int) and 400 <= said <= 599:
        code = said
    return _refusal(code if code >= 400 else 502, answer)


def _refusal(code: int, answer: dict[str, Any]) -> tuple[int, bytes]:
    """An error as python-telegram-bot reads it: a refusal for ever is a 400, whatever may pass is not."""
    given = answer.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    kept = {}
    pause, group = parameters.get("retry_after"), parameters.get("migrate_to_chat_id")
    if isinstance(pause, (int, float)):
        kept["retry_after"] = math.ceil(min(max(pause, 1), _LONGEST_PAUSE_SECONDS))
    if isinstance(group, int) and abs(group) < reading.MOST_ID:
        kept["migrate_to_chat_id"] = group
    if 400 < code < 500 and code not in _OWN_ERRORS:
        code = 400
    body = {"ok": False, "description": str(answer.get("description") or f"HTTP {code}"), "parameters": kept}
    return code, json.dumps(body).encode()
