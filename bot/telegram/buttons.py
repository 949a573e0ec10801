"""What the buttons under answers do. Each names its answer, so an old button never shows something else."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ChatType
from telegram.error import TimedOut

from bot import messages
from bot.display import in_line
from bot.telegram import access_requests, answers, documents
from bot.telegram.access_requests import AdminWork
from bot.telegram.browsing import listing
from bot.telegram.connection import is_unsent
from bot.telegram.formatting import Builder, Formatted, sendable, shortened, units
from bot.telegram.inbox import step_aside
from bot.telegram.kept import KeptAnswer
from bot.telegram.requests import in_chat, topic_of
from bot.telegram.sending import QUERY_SECONDS, edit, patiently, send
from bot.telegram.service import Service
from retrieval.errors import SeedbotError
from retrieval.library import Library
from retrieval.types import Citation, Excerpt, Outline, Span, Verdict
from retrieval.verifying import verify_file

_CONTEXT = 700  # characters on either side
_LARGEST_FILE = 49_000_000  # bytes that a bot may send
_FILE_SECONDS = 60.0  # of trying again, since each attempt may have arrived
_UPLOAD_SECONDS = 120.0  # that Telegram may be silent while it takes a file, and after its last byte
_LONGEST_ALERT = 200  # UTF-16 units of an answer to a press
_FILE_GONE = "The file is gone from the folder."
_CHANGED = "The document has changed since this answer"
_TOO_OLD = "This button is too old to be understood."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed. `chat` and `number` are of the message it stands under."""

    service: Service
    bot: Bot
    query: CallbackQuery
    chat: int
    number: int
    values: tuple[int, ...]

    @property
    def thread(self) -> int | None:
        """The topic of a forum that the button stands in."""
        return topic_of(self.query.message) if isinstance(self.query.message, Message) else None

    async def say(self, text: str, *, alert: bool = False) -> bool:
        """Answers the press itself; the reply vanishes by itself, or stays until it is read. False where it is not
        taken: Telegram forgets a press after some ten seconds.
        """
        said = shortened(sendable(text), _LONGEST_ALERT)
        return await patiently(lambda: self.query.answer(said, show_alert=alert), QUERY_SECONDS) is not None

    async def tell(self, text: str) -> None:
        """Answers the press with what stays until it is read; in a message where that is too long for it, or where
        Telegram has forgotten the press.
        """
        if units(sendable(text)) > _LONGEST_ALERT:
            await self.done()
        elif await self.say(text, alert=True):
            return
        await self.send(Builder().add(text).formatted())

    async def done(self) -> None:
        """Takes the waiting sign off the button."""
        await patiently(self.query.answer, QUERY_SECONDS)

    async def send(self, message: Formatted, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Sends a message as a reply to the one that the button stands under, into the same topic."""
        await send(self.bot, self.chat, message, reply_to=self.number, thread=self.thread, keyboard=keyboard)


async def press(service: Service, bot: Bot, query: CallbackQuery) -> None:
    """Does what a button says, after looking whether it belongs to this chat."""
    message = query.message
    name, values = _read(query.data)
    if message is None or name not in _ACTIONS or not values:
        await patiently(lambda: query.answer(f"{_TOO_OLD} Please ask again."), QUERY_SECONDS)
        return
    pressed = Press(service, bot, query, message.chat.id, message.message_id, values)
    if not service.limits.admits(query.from_user.id, "press"):
        await pressed.say("That is a lot at once. Please wait a minute.")
        return
    try:
        await _ACTIONS[name](pressed)
    except documents.Told as error:
        await pressed.say(in_chat(error), alert=True)
    except SeedbotError as error:
        await pressed.tell(in_chat(error))


def _read(data: object) -> tuple[str, tuple[int, ...]]:
    """What a button does, and the numbers that it names."""
    name, _, rest = str(data or "").partition(":")
    return name, tuple(int(part) for part in rest.split(":") if part.isdecimal() and len(part) < 19)


async def _more(pressed: Press) -> None:
    _, excerpt = _excerpt(pressed)
    library = pressed.service.library

    def wider() -> Excerpt:
        document = library.cited(excerpt.citation)
        place = replace(excerpt.citation, document=document.path)
        if document.sha256 != place.sha256 or not _stands(library, document, excerpt):
            raise SeedbotError(f"{_CHANGED}, or is read otherwise since, so what surrounds the quote may be another.")
        return library.around(place, _CONTEXT)

    found = await pressed.service.in_pool(wider)
    await pressed.done()
    is_changed = await pressed.service.beside(lambda: _has_changed(pressed.service, found.citation))
    await pressed.send(answers.context(excerpt, found, f"{_CHANGED}: this is how it read then." if is_changed else ""))


def _has_changed(service: Service, place: Citation) -> bool:
    """Whether a file holds other bytes than those that were cited; a file that cannot be read is not known to."""
    return verify_file(service.settings.seeds / place.document, place.sha256) is Verdict.CHANGED


def _stands(library: Library, document: Outline, excerpt: Excerpt) -> bool:
    """Whether the text that the library has of a document holds an excerpt where it is cited."""
    place = Span(excerpt.citation.start, excerpt.citation.end)
    return place.end <= document.characters and library.excerpt(document.path, place).text == excerpt.text


async def _show(pressed: Press) -> None:
    kept, excerpt = _excerpt(pressed)
    await pressed.done()
    message = answers.shown(kept.answer, excerpt.rank, kept.where)
    keyboard = answers.buttons(kept, excerpt.rank, message)
    is_whole = pressed.values[2:] == (1,)  # of others, and of earlier versions' messages, parts may be left above
    if not is_whole or not await edit(pressed.bot, pressed.chat, pressed.number, message, keyboard):
        await pressed.send(message, keyboard)


async def _verify(pressed: Press) -> None:
    _, excerpt = _excerpt(pressed)
    found = await pressed.service.verify(excerpt)
    await pressed.tell(f"{found.verdict.value.capitalize()}: {messages.checked(found)}.")


async def _file(pressed: Press) -> None:
    _, excerpt = _excerpt(pressed)

    def cited() -> Outline:
        document = pressed.service.library.cited(excerpt.citation)
        if _has_changed(pressed.service, replace(excerpt.citation, document=document.path)):
            raise SeedbotError(f"{_CHANGED}: /source {in_line(document.path)} offers it as it is now.")
        return document

    await _send_file(pressed, cited)


async def _file_by_number(pressed: Press) -> None:
    path = pressed.service.state.text_of(pressed.values[0])
    if path is None:
        raise SeedbotError(_TOO_OLD)
    await _send_file(pressed, lambda: pressed.service.library.outline(path))


async def _send_file(pressed: Press, find: Callable[[], Outline]) -> None:
    path = await pressed.service.beside(lambda: _sendable(pressed.service, find()))
    await pressed.done()
    step_aside()  # a file that takes long holds no question of this chat

    async def is_taken() -> bool:
        # anew each time, from its beginning; it is sent piece by piece, each in its time
        with await pressed.service.beside(lambda: path.open("rb")) as file:
            try:
                await pressed.bot.send_document(
                    pressed.chat,
                    InputFile(file, filename=path.name, read_file_handle=False),
                    message_thread_id=pressed.thread,
                    read_timeout=_UPLOAD_SECONDS,
                    write_timeout=_UPLOAD_SECONDS,
                )
            except TimedOut as error:
                if is_unsent(error):
                    raise
                return False  # sent again, it might arrive twice
        return True

    try:
        taken = await patiently(is_taken, _FILE_SECONDS)
    except OSError:  # it went while it waited for Telegram
        await pressed.send(Formatted(_FILE_GONE))
        return
    if taken is None:
        await pressed.send(Formatted("Telegram did not take the file. Please try again later."))
    elif not taken:
        await pressed.send(Formatted("Telegram does not say whether it took the file: it may still arrive."))


def _sendable(service: Service, document: Outline) -> Path:
    """The file of a document that the library holds; no other is handed out. Raises SeedbotError."""
    path = service.settings.seeds / document.path
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SeedbotError(_FILE_GONE) from error
    if size > _LARGEST_FILE:
        raise SeedbotError("The file is larger than a bot may send (50 MB).")
    return path


async def _vote(pressed: Press, *, good: bool) -> None:
    kept, _ = _excerpt(pressed)
    pressed.service.state.vote(kept.id, pressed.query.from_user.id, good=good)
    await pressed.say("Thank you." if good else "Thank you; the people who run this bot will see it.")


async def _good(pressed: Press) -> None:
    await _vote(pressed, good=True)


async def _bad(pressed: Press) -> None:
    await _vote(pressed, good=False)


async def _page(pressed: Press) -> None:
    search = pressed.service.state.text_of(pressed.values[0])
    page = pressed.values[1] if len(pressed.values) > 1 else 0
    message, keyboard = await pressed.service.in_pool(lambda: listing(pressed.service, search or "", page))
    await pressed.done()
    await edit(pressed.bot, pressed.chat, pressed.number, message, keyboard)


async def _admin(pressed: Press, work: AdminWork) -> None:
    if not pressed.service.access.is_admin(pressed.query.from_user.id):
        raise SeedbotError("Only an admin may do this.")
    said = await work(pressed.service, pressed.bot, pressed.values[0], pressed.query.from_user.id)
    await pressed.say(said)
    message = pressed.query.message
    if message is not None and message.chat.type == ChatType.PRIVATE:
        left = await pressed.service.in_pool(lambda: _other_buttons(pressed))
        await patiently(lambda: pressed.bot.edit_message_reply_markup(pressed.chat, pressed.number, reply_markup=left))


def _other_buttons(pressed: Press) -> InlineKeyboardMarkup | None:
    """The buttons of a message without the row of the one that was pressed, nor those of files that are gone by now;
    None where no other is left.
    """
    message = pressed.query.message
    keyboard = message.reply_markup if isinstance(message, Message) else None

    def is_left(data: object) -> bool:
        name, values = _read(data)
        gone = name == "r" and documents.is_gone(pressed.service, *values[:2])
        return data != pressed.query.data and not gone

    rows = keyboard.inline_keyboard if keyboard is not None else ()
    left = [row for row in rows if all(is_left(button.callback_data) for button in row)]
    return InlineKeyboardMarkup(left) if left else None


async def _approve(pressed: Press) -> None:
    await _admin(pressed, partial(_decide, access_requests.approve, allowed=True))


async def _decline(pressed: Press) -> None:
    await _admin(pressed, partial(_decide, access_requests.decline, allowed=False))


async def _decide(work: AdminWork, service: Service, bot: Bot, identity: int, admin: int, *, allowed: bool) -> str:
    """Decides on a newcomer, unless it was decided otherwise before: an old button overturns nothing.

    The same is decided again: a press that was cut off may not have told them.
    """
    told = access_requests.decided_otherwise(service, identity, allowed=allowed)
    return told or await work(service, bot, identity, admin)


async def _remove(pressed: Press) -> None:
    content = pressed.values[1] if len(pressed.values) > 1 else None
    await _admin(pressed, partial(documents.remove_confirmed, content=content))


def _excerpt(pressed: Press) -> tuple[KeptAnswer, Excerpt]:
    """The answer that a button names, if it was given in this chat, and the excerpt. Raises SeedbotError."""
    kept = pressed.service.state.answer(pressed.values[0])
    rank = pressed.values[1] if len(pressed.values) > 1 else 1
    if kept is None or kept.chat != pressed.chat or not 1 <= rank <= len(kept.answer.excerpts):
        raise SeedbotError("This answer is too old to be looked into. Please ask again.")
    return kept, kept.answer.excerpts[rank - 1]


_ACTIONS: dict[str, Callable[[Press], Awaitable[None]]] = {
    "m": _more,
    "n": _show,
    "v": _verify,
    "f": _file,
    "d": _file_by_number,
    "g": _good,
    "b": _bad,
    "l": _page,
    "a": _approve,
    "x": _decline,
    "r": _remove,
}
