"""Questions: in private, in groups where the bot is meant, and inline in any chat."""

from __future__ import annotations

import logging
import re
from functools import partial

from telegram import Bot, InlineQuery, InlineQueryResultsButton, Message, MessageEntity
from telegram.constants import ChatType

from bot.display import in_line
from bot.filters import describe
from bot.telegram import answers
from bot.telegram.requests import Request, in_chat
from bot.telegram.sending import QUERY_SECONDS, patiently, typing
from bot.telegram.service import Service
from retrieval.errors import QuestionError, SeedbotError
from retrieval.types import Filter

_INLINE_CACHE_SECONDS = 30
_LONGEST_INLINE = 256
_ASK = re.compile(r"/ask(?:@(\w+))?\b\S*\s*", re.IGNORECASE)

log = logging.getLogger(__name__)


async def message(request: Request) -> None:
    """Text in a private chat is a question; in a group only what is addressed to the bot."""
    question = question_for_bot(request.message, request.bot)
    if question:
        await ask(request, question)
        if request.message.media_group_id is not None:
            request.service.limits.remember_asked(request.message.media_group_id)
    elif question is not None and request.is_admitted("command"):
        await request.reply("Write the question beside my name, or mention me in a reply to the message that asks.")


async def ask_command(request: Request) -> None:
    """`/ask QUESTION`; without one, the message that is replied to is the question."""
    text = _asked(request.message, request.bot)
    if text:
        await ask(request, text)
    elif request.is_admitted("command"):
        await request.reply("Write the question behind it: /ask How long is the warranty?")


async def ask(request: Request, question: str) -> None:
    """Answers one question, or says why it cannot be answered."""
    service = request.service
    if not request.is_admitted():
        if service.limits.may_tell(-request.user):
            await request.reply("That is a lot of questions at once. Please wait a minute, then ask on.")
        return
    where = service.state.filter(request.chat)
    try:
        async with typing(request.bot, request.chat, request.thread):
            answer = await service.answer(question, where)
    except SeedbotError as error:
        said = in_chat(error)
        if where and isinstance(error, QuestionError):
            said += f" This chat asks only {in_line(describe(where))}: /filter off asks all."
        await request.reply(said)
        return
    kept = service.state.keep_answer(request.chat, request.user, answer, where)
    if answer.found:
        shown = answers.shown(answer, 1, where)
        await request.reply(shown, answers.buttons(kept, 1, shown))
    else:
        refused = answers.refused(answer, where)
        await request.reply(refused, answers.nearest_button(kept, refused))
    extra: dict[str, object] = {"chat": request.chat, "found": answer.found, "confidence": answer.confidence}
    extra |= {"milliseconds": answer.elapsed_ms, "generation": answer.generation}
    if service.settings.telegram.log_questions:
        extra["question"] = question
    log.info("answered", extra=extra)


async def inline(service: Service, query: InlineQuery) -> None:
    """Offers the best excerpts for `@bot question`, which Telegram asks at every key that is pressed."""
    question = query.query.strip()[:_LONGEST_INLINE]
    if not question:
        await offer_nothing(query, None)
        return
    if not service.limits.admits(query.from_user.id, "inline"):
        await offer_nothing(query, "Too many questions: wait a minute")
        return
    try:
        answer = await service.answer(question, Filter())
    except SeedbotError as error:
        log.info("no inline answer", extra={"error": str(error)})
        await offer_nothing(query, "I cannot answer now: try again later")
        return
    results = answers.inline_results(answer)
    if not results:
        await offer_nothing(query, "Not in your sources", _INLINE_CACHE_SECONDS)
        return
    call = partial(query.answer, results, cache_time=_INLINE_CACHE_SECONDS, is_personal=True)
    await patiently(call, QUERY_SECONDS)


async def offer_nothing(query: InlineQuery, why: str | None, cache_seconds: int = 0) -> None:
    """Answers an inline query with a button that says why there is nothing."""
    button = InlineQueryResultsButton(why, start_parameter="help") if why else None
    await patiently(lambda: query.answer([], cache_time=cache_seconds, is_personal=True, button=button), QUERY_SECONDS)


def question_for_bot(received: Message, bot: Bot) -> str | None:
    """What the bot is asked, without its own name; None where it is not meant, empty where only its name is said.

    A mention alone in a reply asks what is replied to. An inline result of the bot's own is no question.
    """
    if received.via_bot is not None and received.via_bot.id == bot.id:
        return None
    return _asked(received, bot) if _said(received) and _is_meant(received, bot) else None


def _is_meant(received: Message, bot: Bot) -> bool:
    """Whether a message is for the bot: in private, with its name or `/ask` in it, or as a reply to the bot."""
    replied = received.reply_to_message
    is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == bot.id
    if received.chat.type == ChatType.PRIVATE or is_reply or _own_names(received, bot):
        return True
    command = _ASK.match(_said(received)) if received.caption else None  # in a text, it is a command to the library
    return command is not None and (command[1] or bot.username).lower() == bot.username.lower()


def _asked(received: Message, bot: Bot) -> str:
    """What a message asks; where it says no more than `/ask` or the bot's name, what it quotes or replies to does."""
    quote = received.quote
    chosen = quote.text if quote is not None and quote.is_manual else None
    asked = _without_names(received, bot)
    return asked or _by_line(_without_names(received.reply_to_message or received, bot, chosen))


def _without_names(message: Message, bot: Bot, part: str | None = None) -> str:
    """What a message says, or a part of it, without `/ask` before it and the bot's own name in it."""
    said = _said(message) if part is None else part
    command, own = _ASK.match(said), _own_names(message, bot)
    text = said[command.end() :] if command else said
    for name in own:
        text = text.replace(name, " ", 1)
    return _by_line(text) if own else text


def _said(message: Message) -> str:
    return (message.text or message.caption or "").strip()


def _own_names(message: Message, bot: Bot) -> list[str]:
    """How the bot is mentioned in a message."""
    parse = message.parse_entities if message.text else message.parse_caption_entities
    mentions = parse([MessageEntity.MENTION, MessageEntity.TEXT_MENTION])
    return [name for entity, name in mentions.items() if _means(entity, name, bot)]


def _by_line(text: str) -> str:
    """The text without needless white space; lines stay lines, since each may ask something else."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def _means(entity: MessageEntity, name: str, bot: Bot) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot.id
    return bool(bot.username) and name.lower() == f"@{bot.username}".lower()
