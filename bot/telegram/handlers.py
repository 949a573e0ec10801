"""Which update is answered by what: access first, then commands, buttons, inline queries, files and questions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeGuard

from telegram import Bot, Update
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

from bot.telegram import access_requests, admin, asking, browsing, buttons, documents
from bot.telegram.formatting import Builder
from bot.telegram.menus import set_menu_of
from bot.telegram.reading import MOST_ID
from bot.telegram.requests import Request, describe
from bot.telegram.sending import QUERY_SECONDS, patiently, send
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
    "add": documents.add,
    "remove": documents.remove,
    "allow": access_requests.allow,
    "deny": access_requests.deny,
    "stats": admin.stats,
}
_COUNTED_ITSELF = ("ask",)  # a question, which `asking` counts
_FAILED = "Something went wrong here, not with your question. Please ask again in a moment."

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

    async def on_inline(update: Update, _: Context) -> None:
        if update.inline_query is not None:
            await asking.inline(service, update.inline_query)

    async def gate(update: Update, context: Context) -> None:
        await _gate(service, update, context)

    async def failed(update: object, context: Context) -> None:
        await _failed(service, update, context)

    new = filters.UpdateType.MESSAGE
    private = new & filters.ChatType.PRIVATE
    application.add_handler(TypeHandler(Update, gate), group=-1)
    for name, handler in _EVERYBODY.items():
        limited = handler if name in _COUNTED_ITSELF else _limited(handler)
        application.add_handler(CommandHandler(name, on_message(limited), new))
    for name, handler in _ADMINS.items():
        application.add_handler(CommandHandler(name, on_message(_limited(admin.for_admins(handler))), new))
    application.add_handler(CallbackQueryHandler(on_button))
    application.add_handler(InlineQueryHandler(on_inline))
    file = filters.Document.ALL & ~filters.ANIMATION  # beside which Telegram sends a document for older programs
    application.add_handler(MessageHandler(private & file, on_message(documents.receive_file)))
    application.add_handler(MessageHandler(new & filters.COMMAND, on_message(browsing.unknown_command)))
    application.add_handler(MessageHandler(new & filters.TEXT, on_message(asking.message)))
    application.add_handler(MessageHandler(new & filters.CAPTION, on_message(asking.message)))
    application.add_handler(MessageHandler(private & ~filters.StatusUpdate.ALL, on_message(browsing.not_text)))
    application.add_error_handler(failed)


async def excuse(service: Service, bot: Bot, harmful: Sequence[Update]) -> None:
    """Says of each message that it is left alone because the bot ended whenever it was at work on it."""
    text = "I was cut off twice while I worked on this message, so I leave it alone. Please ask in other words."
    for update in harmful:
        message = update.message
        if message is not None and _is_permitted(service, update):
            await send(bot, message.chat_id, Builder().add(text).formatted(), reply_to=message.message_id)


def _limited(handler: Handler) -> Handler:
    """A handler that somebody who sends too much is kept from, and told so once."""

    async def limited(request: Request) -> None:
        if request.is_admitted("command"):
            await handler(request)
        elif request.service.limits.may_tell(-request.user):
            await request.reply("That is a lot at once. Please wait a minute, then go on.")

    return limited


async def _gate(service: Service, update: Update, context: Context) -> None:
    """Lets an update pass, or refuses it. Whatever goes wrong here refuses: nobody gets in by an error."""
    try:
        _follow(service, update)
        if _is_permitted(service, update):
            _greet(service, update, context)
            return
        await access_requests.refuse(service, update, context.bot)
    except Exception:  # an outer edge
        log.exception("the gate failed", extra={"update": update.update_id})
    raise ApplicationHandlerStop


def _is_permitted(service: Service, update: Update) -> bool:
    """Whether an update is one that is answered, from somebody and at a place that may be answered."""
    user, chat = update.effective_user, update.effective_chat
    if update.message is None and update.callback_query is None and update.inline_query is None:
        return False  # edited messages, channel posts, and whatever else there may be
    if user is None or not _is_id(user.id) or (chat is not None and not _is_id(chat.id)):
        return False
    if chat is not None and chat.type == ChatType.CHANNEL:
        return False
    group = access_requests.group_of(chat)
    if access_requests.in_its_name(update):
        return service.access.permits(None, group)
    return not user.is_bot and service.access.permits(user.id, group)


def _follow(service: Service, update: Update) -> None:
    """Notes that a group has become a supergroup, whoever may use the bot there."""
    message = update.message
    to = message.migrate_to_chat_id if message is not None else None
    group = access_requests.group_of(update.effective_chat)
    if _is_id(group) and _is_id(to):
        service.state.move(group, to)


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < abs(value) <= MOST_ID


def _greet(service: Service, update: Update, context: Context) -> None:
    """Sets an admin's menu at their first message, before which Telegram does not know the chat; nobody waits."""
    message = update.message
    if message is not None and message.chat.type == ChatType.PRIVATE and message.chat_id in service.lacking_menus:
        context.application.create_task(set_menu_of(context.bot, service, message.chat_id))


async def _failed(service: Service, update: object, context: Context) -> None:
    """The outer edge: what no handler expected is logged, and whoever may ask is told that it was not their fault."""
    known: dict[str, Any] = describe(update) if isinstance(update, Update) else {}
    log.error("a handler failed", exc_info=context.error, extra=known)
    if not isinstance(update, Update) or not _is_permitted(service, update):
        return
    if update.message is not None:
        await Request(service, context.bot, update.message).reply(_FAILED)
    elif update.callback_query is not None:
        query = update.callback_query
        await patiently(lambda: query.answer("Something went wrong here. Please try again.", True), QUERY_SECONDS)
    elif update.inline_query is not None:
        await asking.offer_nothing(update.inline_query, "Something went wrong here: try again")
