"""One message to be served: what a handler needs to know of it, and how it replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram import Bot, InlineKeyboardMarkup, Message
from telegram.constants import ChatType

from bot.telegram.formatting import Builder, Formatted
from bot.telegram.sending import send

if TYPE_CHECKING:
    from bot.telegram.service import Service


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
        return self.message.message_thread_id if self.message.is_topic_message else None

    async def reply(self, text: str | Formatted, keyboard: InlineKeyboardMarkup | None = None) -> Message | None:
        """Sends a reply to the message; None where Telegram did not take it."""
        formatted = Builder().add(text).formatted() if isinstance(text, str) else text
        return await send(
            self.bot,
            self.chat,
            formatted,
            reply_to=self.message.message_id,
            thread=self.thread,
            keyboard=keyboard,
        )
