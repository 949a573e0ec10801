"""The commands that people see in their menu: everybody's, a group's, and an admin's own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError

if TYPE_CHECKING:
    from bot.telegram.service import Service

EVERYBODY = {
    "ask": "ask a question",
    "sources": "the documents, or those with a word in their name",
    "source": "one document: what it is, and the file",
    "filter": "ask only some documents, or those of some dates",
    "status": "what the library holds",
    "help": "how to ask",
}
GROUP = {name: EVERYBODY[name] for name in ("ask", "sources", "help")}
ADMIN = EVERYBODY | {
    "build": "bring the library up to date",
    "add": "how to add a document",
    "remove": "remove a document",
    "allow": "let a person or group use the bot",
    "deny": "no longer let them",
    "stats": "what was asked and not answered",
}

log = logging.getLogger(__name__)


async def set_menus(bot: Bot, service: Service) -> None:
    """Sets the menus; a server that has no menus is lived with."""
    menus = [
        (BotCommandScopeAllPrivateChats(), EVERYBODY),
        (BotCommandScopeAllGroupChats(), GROUP),
        *((BotCommandScopeChat(admin), ADMIN) for admin in service.settings.telegram.admins),
    ]
    for scope, commands in menus:
        try:
            await bot.set_my_commands([BotCommand(name, text) for name, text in commands.items()], scope)
        except TelegramError as error:
            log.info("no menu", extra={"error": str(error)})
