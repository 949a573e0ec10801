"""Questions: in private, in groups where the bot is meant, and inline in any chat."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from telegram import Bot, InlineQuery, InlineQueryResultsButton, Message, MessageEntity
from telegram.constants import ChatType

from bot.telegram import answers
from bot.telegram.requests import Request
from bot.telegram.sending import patiently, typing_until
from retrieval.errors import SeedbotError
from retrieval.types import Answer, Filter

if TYPE_CHECKING:
    from bot.telegram.service import Service

_INLINE_CACHE_SECONDS = 30
_LONGEST_INLINE = 256

log = logging.getLogger(__name__)


async def message(request: Request) -> None:
    """Text in a private chat is a question; in a group only what is addressed to the bot."""
    question = question_for_bot(request.message, request.bot)
    if question is not None:
        await ask(request, question)


async def ask_command(request: Request) -> None:
    """`/ask QUESTION`; without one, the message that is replied to is the question."""
    text = (request.message.text or request.message.caption or "").partition(" ")[2].strip()
    replied = request.message.reply_to_message
    if not text and replied is not None:
        text = (replied.text or replied.caption or "").strip()
    if not text:
        await request.reply("Write the question behind it: /ask How long is the warranty?")
        return
    await ask(request, text)


async def ask(request: Request, question: str) -> None:
    """Answers one question, or says why it cannot be answered."""
    service = request.service
    if not service.limits.admits(request.user):
        if service.limits.may_tell(-request.user):
            await request.reply("That is a lot of questions at once. Please wait a minute, then ask on.")
        return
    done = asyncio.Event()
    typing = asyncio.create_task(typing_until(request.bot, request.chat, request.thread, done))
    try:
        where = service.state.filter(request.chat)
        answer = await service.in_pool(lambda: _answer(service, question, where))
    except SeedbotError as error:
        await request.reply(str(error))
        return
    finally:
        done.set()
        await typing
    kept_as = service.state.keep_answer(request.chat, request.user, answer)
    kept = service.state.answer(kept_as)
    assert kept is not None
    if answer.found:
        await request.reply(answers.shown(kept, 1), answers.buttons(kept, 1))
    else:
        await request.reply(answers.refused(answer), answers.nearest_button(kept))
    extra: dict[str, object] = {"chat": request.chat, "found": answer.found, "confidence": answer.confidence}
    extra |= {"milliseconds": answer.elapsed_ms, "generation": answer.generation}
    if service.settings.telegram.log_questions:
        extra["question"] = question
    log.info("answered", extra=extra)


async def inline(service: Service, bot: Bot, query: InlineQuery) -> None:
    """Offers the best excerpts for `@bot question`."""
    del bot
    question = query.query.strip()[:_LONGEST_INLINE]
    results = []
    if question and service.limits.admits(query.from_user.id):
        try:
            answer = await service.in_pool(lambda: _answer(service, question, Filter()))
            results = answers.inline_results(answer)
        except SeedbotError as error:
            log.info("no inline answer", extra={"error": str(error)})
    button = None
    if question and not results:
        button = InlineQueryResultsButton("Not in your sources", start_parameter="help")
    await patiently(lambda: query.answer(results, cache_time=_INLINE_CACHE_SECONDS, is_personal=True, button=button))


def question_for_bot(received: Message, bot: Bot) -> str | None:
    """What the bot is asked, without its own name; None where it is not meant."""
    text = (received.text or received.caption or "").strip()
    if not text:
        return None
    if received.chat.type == ChatType.PRIVATE:
        return text
    mentions = received.parse_entities([MessageEntity.MENTION, MessageEntity.TEXT_MENTION])
    mentions |= received.parse_caption_entities([MessageEntity.MENTION, MessageEntity.TEXT_MENTION])
    own = [name for entity, name in mentions.items() if _means(entity, name, bot)]
    replied = received.reply_to_message
    is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == bot.id
    if not own and not is_reply:
        return None
    for name in own:
        text = text.replace(name, " ", 1)
    return " ".join(text.split()) or None


def _means(entity: MessageEntity, name: str, bot: Bot) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot.id
    return name.lower() == f"@{bot.username}".lower()


def _answer(service: Service, question: str, where: Filter) -> Answer:
    service.library.refresh()
    return service.library.ask(question, where=where)
