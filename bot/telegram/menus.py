"""The commands that people see in their menu: everybody's, a group's, and an admin's own."""

from __future__ import annotations

import logging

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError

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
    await _set(bot, BotCommandScopeAllPrivateChats(), EVERYBODY)
    await _set(bot, BotCommandScopeAllGroupChats(), GROUP)
    for admin in service.settings.telegram.admins:
        await set_menu_of(bot, service, admin)


async def set_menu_of(bot: Bot, service: Service, admin: int) -> None:
    """Sets the menu of one admin, unless it is set. Telegram takes it only after their first message."""
    if admin in service.lacking_menus:
        service.lacking_menus.discard(admin)
        if not await _set(bot, BotCommandScopeChat(admin), ADMIN):
            service.lacking_menus.add(admin)


async def _set(bot: Bot, scope: BotCommandScope, commands: dict[str, str]) -> bool:
    try:
        await bot.set_my_commands([BotCommand(name, text) for name, text in commands.items()], scope)
    except TelegramError as error:
        log.info("no menu", extra={"error": f"{type(error).__name__}: {error}"})
        return False
    return True
