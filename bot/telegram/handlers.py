"""Which update is answered by what: access first, then commands, buttons, inline queries, files and questions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from telegram import Chat, Message, Update
from telegram.constants import ChatType
from telegram.ext import (
    ApplicationHandlerStop,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.telegram import admin, asking, browsing, buttons
from bot.telegram.formatting import Builder
from bot.telegram.requests import Request
from bot.telegram.sending import patiently, send
from bot.telegram.service import describe

if TYPE_CHECKING:
    from bot.telegram.service import Bots, Service

Handler = Callable[[Request], Awaitable[None]]
Context = ContextTypes.DEFAULT_TYPE

_EVERYBODY: dict[str, Handler] = {
    "start": browsing.welcome,
    "help": browsing.welcome,
    "ask": asking.ask_command,
    "sources": browsing.sources,
    "source": browsing.source,
    "filter": browsing.set_filter,
    "status": browsing.status,
}
_ADMINS: dict[str, Handler] = {
    "build": admin.build,
    "add": admin.add,
    "remove": admin.remove,
    "allow": admin.allow,
    "deny": admin.deny,
    "stats": admin.stats,
}
_GROUP_REFUSAL_SECONDS = 3600.0

log = logging.getLogger(__name__)


def add_handlers(application: Bots, service: Service) -> None:
    """Tells the application what to do with each kind of update."""

    def on_message(handler: Handler) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
        async def call(update: Update, context: Context) -> None:
            if update.message is not None:
                await handler(Request(service, context.bot, update.message, tuple(context.args or ())))

        return call

    async def on_button(update: Update, context: Context) -> None:
        if update.callback_query is not None:
            await buttons.press(service, context.bot, update.callback_query)

    async def on_inline(update: Update, context: Context) -> None:
        if update.inline_query is not None:
            await asking.inline(service, context.bot, update.inline_query)

    async def gate(update: Update, context: Context) -> None:
        await _gate(service, update, context)

    new = filters.UpdateType.MESSAGE
    application.add_handler(TypeHandler(Update, gate), group=-1)
    for name, handler in _EVERYBODY.items():
        application.add_handler(CommandHandler(name, on_message(handler), new))
    for name, handler in _ADMINS.items():
        application.add_handler(CommandHandler(name, on_message(admin.for_admins(handler)), new))
    application.add_handler(CallbackQueryHandler(on_button))
    application.add_handler(InlineQueryHandler(on_inline))
    application.add_handler(MessageHandler(new & filters.Document.ALL, on_message(admin.receive_file)))
    application.add_handler(MessageHandler(new & filters.COMMAND, on_message(browsing.unknown_command)))
    application.add_handler(MessageHandler(new & filters.TEXT, on_message(asking.message)))
    application.add_handler(MessageHandler(new & filters.CAPTION, on_message(asking.message)))
    application.add_handler(MessageHandler(new & filters.ChatType.PRIVATE, on_message(browsing.not_text)))
    application.add_error_handler(_failed)


async def _gate(service: Service, update: Update, context: Context) -> None:
    """Lets an update pass, or refuses it: in private and where a group asks, with the id that would be allowed."""
    user, chat = update.effective_user, update.effective_chat
    if update.message is None and update.callback_query is None and update.inline_query is None:
        raise ApplicationHandlerStop  # edited messages, channel posts, and whatever else there may be
    if chat is not None and chat.type == ChatType.CHANNEL:
        raise ApplicationHandlerStop
    group = chat.id if chat is not None and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP) else None
    in_its_name = update.message is not None and group is not None and _is_the_group(update.message, chat)
    if user is None or (user.is_bot and not in_its_name):
        raise ApplicationHandlerStop
    if service.access.permits(None if in_its_name else user.id, group):
        return
    log.info("refused", extra=describe(update))
    if update.callback_query is not None:
        query = update.callback_query
        await patiently(lambda: query.answer("You may not use this bot."))
    elif update.inline_query is not None:
        inline = update.inline_query
        await patiently(lambda: inline.answer([], cache_time=5, is_personal=True))
    elif update.message is not None and chat is not None:
        await _refuse(service, context, update.message, chat, group)
    raise ApplicationHandlerStop


async def _refuse(service: Service, context: Context, message: Message, chat: Chat, group: int | None) -> None:
    if group is not None:
        asked = asking.question_for_bot(message, context.bot) is not None or _is_command(message, context.bot.username)
        if asked and service.limits.may_tell(group, _GROUP_REFUSAL_SECONDS):
            text = f"This group may not use the bot. An admin of the bot can change that: /allow {group}"
            await send(context.bot, chat.id, Builder().add(text).formatted(), reply_to=message.message_id)
        return
    user = message.from_user
    if user is None or not service.limits.may_tell(user.id):
        return
    denied = service.state.allowed(user.id) is False
    builder = Builder().add("You may not use this bot", "bold").add(f". Your id is {user.id}.")
    if not denied and service.settings.telegram.admins:
        code, is_new = service.state.pairing_code(user.id, user.full_name[:100])
        builder.add(f"\nIf you should, give an admin this code: {code}")
        if is_new:
            await admin.announce(service, context.bot, user, code)
    await send(context.bot, chat.id, builder.formatted())


def _is_the_group(message: Message, chat: Chat | None) -> bool:
    """Whether an admin writes in the name of the group itself."""
    return message.sender_chat is not None and chat is not None and message.sender_chat.id == chat.id


def _is_command(message: Message, username: str) -> bool:
    first = (message.text or "").split(maxsplit=1)[:1]
    return bool(first) and first[0].startswith("/") and first[0].lower().endswith(f"@{username.lower()}")


async def _failed(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """The outer edge: what no handler expected is logged, and the person is told that it was not their fault."""
    known: dict[str, Any] = describe(update) if isinstance(update, Update) else {}
    log.error("a handler failed", exc_info=context.error, extra=known)
    if isinstance(update, Update) and update.message is not None:
        text = "Something went wrong here, not with your question. Please ask again in a moment."
        await send(context.bot, update.message.chat_id, Builder().add(text).formatted())
