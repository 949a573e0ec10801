"""Messages on their way out: in parts that Telegram takes, again after a failure that may pass, never into the void."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from telegram import Bot, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.telegram.connection import SeedBot, is_unsent, seconds_of
from bot.telegram.formatting import Formatted, split

T = TypeVar("T")

QUERY_SECONDS = 30.0
"""How long an answer to a pressed button or an inline query is worth trying; then Telegram has forgotten the query."""

_PATIENCE_SECONDS = 6 * 3600.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.3, 30.0
_LACKING = 3  # times that 404 or 401 may be a hiccup; then the server lacks the method
_CHANGEABLE = ("entit", "parse", "repl", "thread", "topic")  # of what a message was refused for, and goes without
_TYPING_SECONDS = 4.5  # Telegram shows the sign for five

log = logging.getLogger(__name__)

_signs: set[asyncio.Task[None]] = set()  # to break one off would close its connection


async def persist(call: Callable[[], Awaitable[T]], seconds: float = _PATIENCE_SECONDS, *, once: bool = False) -> T:
    """Calls Telegram until it works; with `once`, not again where it was silent to a call that it may have done.

    Raises TelegramError where it never will (blocked, chat gone, refused) or did not within `seconds`.
    """
    clock, wait, lacking = asyncio.get_running_loop().time, _FIRST_WAIT_SECONDS, 0
    end = clock() + seconds
    while True:
        try:
            return await call()
        except BadRequest:  # which is a NetworkError to the library
            raise
        except RetryAfter as error:
            failed: TelegramError = error
            pause = max(seconds_of(error), _FIRST_WAIT_SECONDS)
        except (NetworkError, InvalidToken) as error:
            lacking += isinstance(error, InvalidToken)
            if lacking > _LACKING or (once and _may_be_done(error)):
                raise
            failed, pause = error, wait
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        if clock() + pause > end:
            raise failed
        await asyncio.sleep(pause)


async def patiently(call: Callable[[], Awaitable[T]], seconds: float = _PATIENCE_SECONDS) -> T | None:
    """Like `persist`; None where that would raise, which is logged."""
    return await _unless_refused(persist(call, seconds))


async def _unless_refused(result: Awaitable[T]) -> T | None:
    try:
        return await result
    except TelegramError as error:
        log.warning("refused by Telegram", extra={"error": f"{type(error).__name__}: {error}"})
        return None


async def send(
    bot: Bot,
    chat: int,
    message: Formatted,
    *,
    reply_to: int | None = None,
    thread: int | None = None,
    keyboard: InlineKeyboardMarkup | None = None,
) -> Message | None:
    """Sends a message in as many parts as it needs, the buttons under the last, and returns the last.

    None where Telegram does not take it, or is silent twice. A part that is refused for its form is sent again as plain
    text.
    """
    parts = split(message)
    sent: Message | None = None
    for number, part in enumerate(parts, 1):
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to and number == 1 else None
        form = {"entities": part.entities, "reply_parameters": reply, "message_thread_id": thread}
        buttons = keyboard if number == len(parts) else None
        sent = await _unless_refused(_delivered(bot, partial(_send, bot, chat, part, form, buttons)))
        if sent is None:
            return None
    return sent


async def _delivered(bot: Bot, call: Callable[[], Awaitable[T]]) -> T:
    """Calls Telegram until it works. Where it was silent, and so may have done it, once more when it answers again: a
    proxy in between is silent too where it reaches nobody.
    """
    try:
        return await persist(call, once=True)
    except TimedOut as error:
        if not _may_be_done(error):
            raise
    await persist(bot.get_me)
    return await persist(call, once=True)


def _may_be_done(error: TelegramError) -> bool:
    return isinstance(error, TimedOut) and not is_unsent(error)


async def edit(bot: Bot, chat: int, number: int, message: Formatted, keyboard: InlineKeyboardMarkup | None) -> bool:
    """Replaces the text of a message that was sent; False where it does not fit into one, or Telegram refuses."""
    part, *more = split(message)
    if more:
        return False

    async def call() -> object:
        try:
            return await bot.edit_message_text(
                part.text,
                chat,
                number,
                entities=part.entities,
                reply_markup=keyboard,
                disable_web_page_preview=True,
            )
        except BadRequest as error:
            if "not modified" in str(error).lower():
                return True
            raise

    return await patiently(call) is not None


async def conclude(
    bot: Bot,
    chat: int,
    begun: Message | None,
    message: Formatted,
    *,
    reply_to: int | None = None,
    thread: int | None = None,
    keyboard: InlineKeyboardMarkup | None = None,
) -> None:
    """Puts a message in the place of one that said what was begun, or sends it where that cannot be."""
    if begun is None or not await edit(bot, chat, begun.message_id, message, keyboard):
        await send(bot, chat, message, reply_to=reply_to, thread=thread, keyboard=keyboard)


@contextlib.asynccontextmanager
async def typing(bot: Bot, chat: int, thread: int | None) -> AsyncIterator[None]:
    """Shows that the bot is at work. Nobody waits for the sign, and one on its way is let go its way."""
    done = asyncio.Event()
    task = asyncio.create_task(_type(bot, chat, thread, done))
    _signs.add(task)
    task.add_done_callback(_signs.discard)
    try:
        yield
    finally:
        done.set()


async def _type(bot: Bot, chat: int, thread: int | None, done: asyncio.Event) -> None:
    while not done.is_set():
        try:
            await bot.send_chat_action(chat, "typing", message_thread_id=thread)
        except TelegramError:  # a server without that is lived with
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), _TYPING_SECONDS)


async def _send(
    bot: Bot, chat: int, part: Formatted, form: dict[str, Any], keyboard: InlineKeyboardMarkup | None
) -> Message:
    async def call(to: int, **form: Any) -> Message:
        return await bot.send_message(to, part.text, reply_markup=keyboard, disable_web_page_preview=True, **form)

    try:
        return await call(chat, **form)
    except ChatMigrated as error:
        if isinstance(bot, SeedBot):
            bot.moved(chat, error.new_chat_id)
        return await call(error.new_chat_id, entities=part.entities)
    except BadRequest as error:
        if not any(form.values()) or not any(word in str(error).lower() for word in _CHANGEABLE):
            raise
        log.warning("refused by Telegram; sent again as plain text", extra={"error": str(error)})
        return await call(chat)
