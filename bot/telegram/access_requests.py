"""Newcomers: who is told that they may not use the bot, with which code, and how an admin lets them in."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from telegram import Bot, Chat, InlineKeyboardButton, InlineKeyboardMarkup, Message, MessageEntity, Update, User
from telegram.constants import ChatType

from bot.display import in_line, visible
from bot.telegram import asking
from bot.telegram.formatting import Builder, shortened
from bot.telegram.menus import ADMIN
from bot.telegram.requests import Request, describe
from bot.telegram.sending import QUERY_SECONDS, patiently, send
from bot.telegram.service import Service

_GROUP_REFUSAL_SECONDS = 3600.0
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
_NO = "You may not use this bot"

AdminWork: TypeAlias = Callable[[Service, Bot, int, int], Awaitable[str]]
"""What is done with what a number means, for an admin, and what it says."""

log = logging.getLogger(__name__)


def group_of(chat: Chat | None) -> int | None:
    """The group that an update comes from; None in private, and for inline queries."""
    return chat.id if chat is not None and chat.type in _GROUPS else None


def in_its_name(update: Update) -> bool:
    """Whether an admin of a group writes in the name of the group itself."""
    message = update.message
    if message is None or message.sender_chat is None or group_of(message.chat) is None:
        return False
    return message.sender_chat.id == message.chat.id


async def refuse(service: Service, update: Update, bot: Bot) -> None:
    """Tells somebody that they may not, with the id that would have to be allowed; bots and channels nothing."""
    user, message, query, inline = update.effective_user, update.message, update.callback_query, update.inline_query
    if user is None or (user.is_bot and not in_its_name(update)):
        return
    log.info("refused", extra=describe(update))
    if query is not None:
        await patiently(lambda: query.answer(f"{_NO}. Your id is {user.id}.", show_alert=True), QUERY_SECONDS)
    elif inline is not None:
        in_group = inline.chat_type in _GROUPS and not service.access.is_denied(user.id)
        why = f"Your id: {user.id}. Not allowed; in an allowed group, just send it"
        await asking.offer_nothing(inline, why if in_group else f"{_NO}: your id is {user.id}")
    elif message is not None and group_of(message.chat) is None and message.chat.type == ChatType.PRIVATE:
        await _refuse_person(service, bot, message, user)
    elif message is not None and group_of(message.chat) is not None and _is_asked(message, bot):
        await _refuse_in_group(service, bot, message, user)


async def allow(request: Request) -> None:
    """/allow ID or CODE, or several."""
    await _decide(request, approve)


async def deny(request: Request) -> None:
    """/deny ID, or several."""
    await _decide(request, keep_out)


def decided_otherwise(service: Service, identity: int, *, allowed: bool) -> str | None:
    """That the opposite was said already of a newcomer, and how that is changed; None where it was not."""
    said = service.state.allowed(identity)
    if said is None and service.state.is_declined(identity):
        said = False
    if said is None or said is allowed:
        return None
    may, command = ("may", "/deny") if said else ("may not", "/allow")
    return f"That was decided already: they {may} use the bot. {command} {identity} changes it."


async def approve(service: Service, bot: Bot, identity: int, admin: int) -> str:
    """Lets a person or a group in, and tells them."""
    del admin
    service.state.set_allowed(identity, allowed=True)
    if identity < 0:
        return "This group may use the bot now."
    await send(bot, identity, Builder().add("You may use this bot now: just ask. /help shows how.").formatted())
    return "They may use the bot now."


async def decline(service: Service, bot: Bot, identity: int, admin: int) -> str:
    """Settles the request of a newcomer, who may be one of a group that is allowed: only /deny shuts them out of it."""
    del bot, admin
    service.state.decline(identity)
    return f"Declined. /deny {identity} keeps them out of allowed groups too."


async def keep_out(service: Service, bot: Bot, identity: int, admin: int) -> str:
    """Keeps a person or a group out; an admin is one by the settings."""
    del bot, admin
    if service.access.is_admin(identity):
        return "That is an admin of this bot: take the id out of SEEDBOT_TELEGRAM__ADMINS and start the bot anew."
    service.state.set_allowed(identity, allowed=False)
    return "This group may not use the bot." if identity < 0 else "They may not use the bot."


async def _decide(request: Request, work: AdminWork) -> None:
    """Decides on everybody whom /allow or /deny is about, each named in the reply where it is about several."""
    meant, told = _meant(request), []
    if not any(meant.values()):
        await request.reply("Write an id or a code behind it, such as /allow 12345678; in a group, /allow is enough.")
        return
    for word, identity in meant.items():
        if identity is None:
            told.append(f"“{in_line(shortened(word, 40))}” is neither an id nor a code.")
        else:
            said = await work(request.service, request.bot, identity, request.user)
            told.append(f"{identity}: {said}" if len(meant) > 1 else said)
    await request.reply("\n".join(told))


def _meant(request: Request) -> dict[str, int | None]:
    """Whom /allow or /deny is about, by the words behind it, with None for a word that is neither an id nor a code;
    without any in a group, who is replied to, or the group.
    """
    words = " ".join(request.words).replace(",", " ").split()
    if not words and not request.is_private:
        return {"": _author(request.message.reply_to_message) or request.chat}
    return {word: request.service.state.paired(word) or _id_in(word) for word in words}


def _id_in(word: str) -> int | None:
    return int(word) or None if re.fullmatch(r"-?\d{1,15}", word) else None


def _author(replied: Message | None) -> int | None:
    """The person who wrote a message that is replied to; what begins a topic counts as replied to by all in it."""
    if replied is None or replied.forum_topic_created is not None or replied.sender_chat is not None:
        return None
    return replied.from_user.id if replied.from_user is not None and not replied.from_user.is_bot else None


async def _refuse_person(service: Service, bot: Bot, message: Message, user: User) -> None:
    if not service.limits.may_tell(user.id):
        return
    builder = Builder().add(_NO, MessageEntity.BOLD).add(f". Your id is {user.id}.")
    is_settled = service.access.is_denied(user.id) or service.state.is_declined(user.id)
    if not is_settled and service.settings.telegram.admins:
        code, is_announced = service.state.pairing_code(user.id, user.full_name[:100])
        builder.add(f"\nIf you should, give an admin this code: {code}")
        if not is_announced and service.limits.may_announce() and await _announce(service, bot, user, code):
            service.state.set_announced(user.id)
    await send(bot, message.chat_id, builder.formatted())


async def _refuse_in_group(service: Service, bot: Bot, message: Message, user: User) -> None:
    if service.access.is_denied(user.id):
        if not service.limits.may_tell(user.id, _GROUP_REFUSAL_SECONDS):
            return
        text = f"{_NO}. Your id is {user.id}."
    elif service.limits.may_tell(message.chat_id, _GROUP_REFUSAL_SECONDS):
        text = f"This group may not use the bot. An admin of the bot can change that: /allow {message.chat_id}"
    else:
        return
    await send(bot, message.chat_id, Builder().add(text).formatted(), reply_to=message.message_id)


async def _announce(service: Service, bot: Bot, user: User, code: str) -> bool:
    """Tells the admins that somebody would like to use the bot; says whether any of them was reached."""
    builder = Builder().add(visible(shortened(user.full_name, 100)), MessageEntity.BOLD)
    name = f" (@{visible(shortened(user.username, 64))})" if user.username else ""
    builder.add(f"{name}, id {user.id}, would like to use this bot. Code: {code}")
    row = [
        InlineKeyboardButton("Allow", callback_data=f"a:{user.id}"),
        InlineKeyboardButton("Decline", callback_data=f"x:{user.id}"),
    ]
    message, keyboard = builder.formatted(), InlineKeyboardMarkup([row])
    sent = [await send(bot, admin, message, keyboard=keyboard) for admin in service.settings.telegram.admins]
    return any(sent)


def _is_asked(message: Message, bot: Bot) -> bool:
    """Whether the bot is meant: mentioned, replied to, or given a command of its own."""
    if asking.question_for_bot(message, bot) is not None:
        return True
    word = (message.text or "").partition("\n")[0].split(maxsplit=1)[:1]
    name, _, to = (word[0] if word else "").lower().partition("@")
    return name[:1] == "/" and name[1:] in {*ADMIN, "start"} and to in ("", bot.username.lower())
