"""One message to be served: what a handler needs to know of it, what a log says of it, and how it replies."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from telegram import Bot, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatType

from bot.logs import readable
from bot.telegram.formatting import Builder, Formatted
from bot.telegram.reading import LONG_AGO
from bot.telegram.sending import conclude, send
from bot.telegram.service import Service
from retrieval.errors import SeedbotError

_COMMAND = re.compile(r"`seedbot (\w+)(?: --(full))?`")


@dataclass(frozen=True, slots=True)
class Request:
    """A message and the service that answers it; `words` are what follows a command."""

    service: Service
    bot: Bot
    message: Message
    words: tuple[str, ...] = ()

    @property
    def chat(self) -> int:
        """The chat it came from."""
        return self.message.chat_id

    @property
    def user(self) -> int:
        """Who wrote it; the group itself where an admin writes in its name."""
        if self.message.from_user is not None and not self.message.from_user.is_bot:
            return self.message.from_user.id
        return self.message.sender_chat.id if self.message.sender_chat is not None else 0

    @property
    def is_private(self) -> bool:
        """Whether it was written to the bot alone."""
        return self.message.chat.type == ChatType.PRIVATE

    @property
    def thread(self) -> int | None:
        """The topic of a forum it belongs to."""
        return topic_of(self.message)

    def is_admitted(self, kind: str = "question") -> bool:
        """Whether it is not one too many: what waited for the bot counts in the minute in which it was written."""
        written = self.message.date.timestamp()
        seconds_ago = max(0.0, time.time() - written) if written > LONG_AGO else 0.0
        return self.service.limits.admits(self.user, kind, seconds_ago)

    async def reply(self, text: str | Formatted, keyboard: InlineKeyboardMarkup | None = None) -> Message | None:
        """Sends a reply to the message; None where Telegram did not take it."""
        return await send(
            self.bot,
            self.chat,
            _formatted(text),
            reply_to=self.message.message_id,
            thread=self.thread,
            keyboard=keyboard,
        )

    async def conclude(
        self, begun: Message | None, text: str | Formatted, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Puts what came of it in the place of the reply that said what was begun, or replies where that cannot be."""
        await conclude(
            self.bot,
            self.chat,
            begun,
            _formatted(text),
            reply_to=self.message.message_id,
            thread=self.thread,
            keyboard=keyboard,
        )


def in_chat(error: SeedbotError) -> str:
    """An error for somebody who writes in a chat: what a terminal's command does, a command here does."""
    return _COMMAND.sub(lambda found: f"/{found[1]} {found[2] or ''}".strip(), readable(str(error)))


def after_command(message: Message) -> str:
    """What follows the command in a message, be it after a space or on the next line."""
    words = (message.text or message.caption or "").split(maxsplit=1)
    return words[1].strip() if len(words) > 1 else ""


def _formatted(text: str | Formatted) -> Formatted:
    return Builder().add(text).formatted() if isinstance(text, str) else text


def topic_of(message: Message) -> int | None:
    """The topic of a forum that a message belongs to."""
    return message.message_thread_id if message.is_topic_message else None


def describe(update: Update) -> dict[str, object]:
    """What a log says of an update: ids, never what was written."""
    chat, user = update.effective_chat, update.effective_user
    return {"update": update.update_id, "chat": chat.id if chat else None, "user": user.id if user else None}
