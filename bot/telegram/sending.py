"""Messages on their way out: in parts that Telegram takes, again after a failure that may pass, never into the void."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.telegram.formatting import Formatted, split

T = TypeVar("T")

_ATTEMPTS = 8
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.3, 10.0

log = logging.getLogger(__name__)


async def patiently(call: Callable[[], Awaitable[T]]) -> T | None:
    """Calls Telegram until it works; None where it never will (blocked, chat gone, refused) or did not in the end."""
    wait = _FIRST_WAIT_SECONDS
    for _ in range(_ATTEMPTS):
        try:
            return await call()
        except (BadRequest, Forbidden) as error:
            log.warning("refused by Telegram", extra={"error": str(error)})
            return None
        except RetryAfter as error:
            pause = error.retry_after
            await asyncio.sleep(float(pause if isinstance(pause, int) else pause.total_seconds()))
        except NetworkError:
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        except TelegramError as error:
            log.warning("failed at Telegram", extra={"error": str(error)})
            return None
    log.error("gave up after several attempts")
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
    """Sends a message in as many parts as it needs, the buttons under the last, and returns the last."""
    parts = split(message)
    sent: Message | None = None
    for number, part in enumerate(parts, 1):
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to and number == 1 else None

        call = partial(
            bot.send_message,
            chat,
            part.text,
            entities=part.entities,
            reply_parameters=reply,
            reply_markup=keyboard if number == len(parts) else None,
            message_thread_id=thread,
            disable_web_page_preview=True,
        )
        sent = await patiently(call)
        if sent is None:
            return None
    return sent


async def edit(bot: Bot, chat: int, number: int, message: Formatted, keyboard: InlineKeyboardMarkup | None) -> bool:
    """Replaces the text of a message that was sent; False where Telegram does not take that."""
    part = split(message)[0]

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


async def typing_until(bot: Bot, chat: int, thread: int | None, done: asyncio.Event) -> None:
    """Shows that the bot is at work, once that takes long enough to be seen; a server without that is lived with."""
    wait = 0.3
    while True:
        try:
            await asyncio.wait_for(done.wait(), wait)
            return
        except TimeoutError:
            wait = 4.5  # Telegram shows it for five seconds
        try:
            await bot.send_chat_action(chat, "typing", message_thread_id=thread)
        except TelegramError:
            return
