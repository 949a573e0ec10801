"""What admins may do: build, add and remove documents, let people in, and see what was not answered."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, User
from telegram.error import TelegramError

from bot import messages
from bot.messages import visible
from bot.telegram import asking
from bot.telegram.browsing import named
from bot.telegram.formatting import Builder, Formatted, shortened
from bot.telegram.requests import Request
from bot.telegram.sending import edit, send
from retrieval.errors import DocumentError, SeedbotError
from retrieval.loaders import SUFFIXES, load
from retrieval.types import Document, Progress, SyncReport

if TYPE_CHECKING:
    from bot.telegram.service import Service

_LARGEST_DOWNLOAD = 20_000_000  # bytes that Telegram lets a bot fetch
_EDIT_SECONDS = 2.0
_LOCK_SECONDS = 30.0
_STAGES = {"model": "Preparing the model", "reading": "Reading", "embedding": "Embedding", "indexing": "Indexing"}

log = logging.getLogger(__name__)


def for_admins(handler: Callable[[Request], Awaitable[None]]) -> Callable[[Request], Awaitable[None]]:
    """A handler that others than admins are told about, and no more."""

    async def guarded(request: Request) -> None:
        if request.service.access.is_admin(request.user):
            await handler(request)
        else:
            await request.reply("Only an admin of this bot may do this.")

    return guarded


async def build(request: Request) -> None:
    """/build [full]: one message that shows how far it is, and in the end what was done."""
    sent = await request.reply("Looking for changes …")
    latest: list[Progress] = []
    work = request.service.in_pool(
        lambda: request.service.library.sync(
            full="full" in request.words, progress=latest.append, wait_seconds=_LOCK_SECONDS
        )
    )
    running = asyncio.ensure_future(work)
    shown = ""
    while not (await asyncio.wait([running], timeout=_EDIT_SECONDS))[0]:
        text = _progress(latest[-1]) if latest else shown
        if sent is not None and text != shown:
            await edit(request.bot, request.chat, sent.message_id, Formatted(text), None)
            shown = text
    try:
        text = _report(running.result())
    except SeedbotError as error:
        text = str(error)
    if sent is None or not await edit(request.bot, request.chat, sent.message_id, Formatted(text), None):
        await request.reply(text)


async def add(request: Request) -> None:
    """/add: says what to send; with a file, adds it."""
    if request.message.document is not None:
        await receive_file(request)
        return
    formats = " ".join(sorted(SUFFIXES))
    await request.reply(f"Send me the document as a file in our private chat. I read {formats}, up to 20 MB.")


async def receive_file(request: Request) -> None:
    """A file from an admin in a private chat becomes a document of the library."""
    service, document = request.service, request.message.document
    if document is None or not request.is_private:
        return
    if not service.access.is_admin(request.user):
        if request.message.caption:
            await asking.message(request)
        else:
            await request.reply("Only an admin may add documents. Ask me a question about those that are here.")
        return
    if (document.file_size or 0) > _LARGEST_DOWNLOAD:
        await request.reply("Telegram lets bots fetch files of up to 20 MB: put this one into the folder itself.")
        return
    name = safe_name(document.file_name or "")
    try:
        if Path(name).suffix.lower() not in SUFFIXES:
            suffix = Path(name).suffix or "a file without a suffix"
            raise DocumentError(f"{suffix} is not a format that is read: send one of {' '.join(sorted(SUFFIXES))}")
        file = await request.bot.get_file(document.file_id)
        data = bytes(await file.download_as_bytearray())
        added, report = await service.in_pool(lambda: _add(service, name, data))
    except DocumentError as error:
        await request.reply(f"{visible(name)} cannot be used: {error}.")
    except SeedbotError as error:
        await request.reply(str(error))
    except TelegramError as error:
        log.warning("no file", extra={"error": str(error)})
        await request.reply("Telegram did not hand over the file. Please send it again.")
    else:
        await request.reply(_welcomed(added, report, service))


async def remove(request: Request) -> None:
    """/remove PATH: asks before it does."""
    document = await named(request, "/remove")
    if document is None:
        return
    number = request.service.state.number_of(document.path)
    button = InlineKeyboardButton("Remove it", callback_data=f"r:{number}")
    builder = Builder().add("Remove ").add(visible(document.title), MessageEntity.BOLD)
    builder.add(f" ({visible(document.path)})? The file moves to the folder “removed” of the library.")
    await request.reply(builder.formatted(), InlineKeyboardMarkup([[button]]))


async def remove_confirmed(service: Service, bot: Bot, number: int, admin: int) -> str:
    """Moves a document out of the seeds folder and builds. Raises SeedbotError."""
    path = service.state.text_of(number)
    if path is None:
        raise SeedbotError("This button is too old to be understood.")
    await service.in_pool(lambda: _remove(service, path))
    await send(bot, admin, Builder().add(f"{visible(path)} is removed.").formatted())
    return "Removed."


async def allow(request: Request) -> None:
    """/allow ID or CODE."""
    await _decide(request, allowed=True)


async def deny(request: Request) -> None:
    """/deny ID."""
    await _decide(request, allowed=False)


async def stats(request: Request) -> None:
    """/stats: the list that an operator acts on."""
    found = request.service.state.stats()
    builder = Builder().add("The last 30 days\n", MessageEntity.BOLD)
    builder.add(f"{messages.count(found.asked, 'question')}, {found.found:,} answered, 👍 {found.good}, 👎 {found.bad}")
    for title, questions in (("Not answered", found.unanswered), ("Thumbs down", found.disliked)):
        if questions:
            builder.add(f"\n\n{title}\n", MessageEntity.BOLD)
            builder.add("\n".join(f"• {visible(shortened(one, 150))}" for one in questions))
    await request.reply(builder.formatted())


async def announce(service: Service, bot: Bot, user: User, code: str) -> None:
    """Tells the admins that somebody would like to use the bot."""
    builder = Builder().add(visible(shortened(user.full_name, 100)), MessageEntity.BOLD)
    name = f" (@{user.username})" if user.username else ""
    builder.add(f"{name}, id {user.id}, would like to use this bot. Code: {code}")
    row = [
        InlineKeyboardButton("Allow", callback_data=f"a:{user.id}"),
        InlineKeyboardButton("Decline", callback_data=f"x:{user.id}"),
    ]
    for admin in service.settings.telegram.admins:
        await send(bot, admin, builder.formatted(), keyboard=InlineKeyboardMarkup([row]))


async def approve(service: Service, bot: Bot, user: int, admin: int) -> str:
    """Lets somebody in, and tells them."""
    del admin
    service.state.set_allowed(user, allowed=True)
    await send(bot, user, Builder().add("You may use this bot now: just ask. /help shows how.").formatted())
    return "They may use the bot now."


async def decline(service: Service, bot: Bot, user: int, admin: int) -> str:
    """Keeps somebody out."""
    del bot, admin
    service.state.set_allowed(user, allowed=False)
    return "They may not use the bot."


async def _decide(request: Request, *, allowed: bool) -> None:
    word = request.words[0] if request.words else ""
    identity = int(word) if re.fullmatch(r"-?\d{1,18}", word) else None
    identity = request.service.state.paired(word) if identity is None and word else identity
    if identity is None and not request.is_private and not word:
        identity = request.chat
    if identity is None:
        await request.reply("Write an id or a code behind it, such as /allow 12345678; in a group, /allow is enough.")
        return
    if allowed:
        await request.reply(await approve(request.service, request.bot, identity, request.user))
    else:
        await request.reply(await decline(request.service, request.bot, identity, request.user))


def safe_name(name: str) -> str:
    """A file name without folders, control characters or a leading dot."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(character for character in last if character.isprintable() and character not in '/:*?"<>|')
    stem, suffix = os.path.splitext(kept.strip().lstrip("."))  # noqa: PTH122 - a name, no path
    return f"{stem.strip()[:80] or 'document'}{suffix[:10]}"


def _add(service: Service, name: str, data: bytes) -> tuple[Document, SyncReport]:
    """Looks whether the file can be read, puts it into the folder whole or not at all, and builds."""
    seeds = service.settings.seeds
    load(Path(name), name, data)
    path = seeds / name
    number = 2
    while path.exists() and path.read_bytes() != data:
        path = seeds / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    partial = seeds / f".{path.name}.partial"
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise SeedbotError(f"The folder of documents cannot be written ({error.strerror}).") from error
    report = service.library.sync(wait_seconds=_LOCK_SECONDS)
    return service.library.document(path.name), report


def _remove(service: Service, path: str) -> None:
    service.library.document(path)
    source = service.settings.seeds / path
    target = service.settings.library / "removed" / f"{int(time.time())}-{PurePosixPath(path).name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise SeedbotError(f"The file cannot be moved ({error.strerror}).") from error
    try:
        service.library.sync(wait_seconds=_LOCK_SECONDS)
    except SeedbotError:
        target.rename(source)  # the last document stays: a library is never left without any
        raise


def _progress(step: Progress) -> str:
    if step.stage == "model" or not step.total:
        return f"{_STAGES[step.stage]} …"
    filled = round(10 * step.done / step.total)
    return f"{_STAGES[step.stage]} {'▓' * filled}{'░' * (10 - filled)} {step.done:,} of {step.total:,}"


def _report(report: SyncReport) -> str:
    counts = {"added": len(report.added), "changed": len(report.changed), "renamed": len(report.renamed)}
    counts |= {"removed": len(report.removed), "unchanged": report.unchanged, "skipped": len(report.skipped)}
    lines = [f"Done in {report.seconds:.1f} s: " + ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)]
    lines += [visible(f"Skipped {one.path}: {one.reason}") for one in report.skipped[:10]]
    return "\n".join(lines)


def _welcomed(document: Document, report: SyncReport, service: Service) -> Formatted:
    passages = next((one.passages for one in service.library.documents() if one.path == document.path), 0)
    builder = Builder().add("I can now answer from ").add(visible(document.title), MessageEntity.BOLD)
    builder.add(f" ({messages.count(passages, 'passage')}, {report.embedded} new).")
    headings = [one.text for one in document.headings if one.text != document.title][:6]
    if headings:
        builder.add("\nIt speaks of " + visible(shortened("; ".join(headings), 600)) + ".")
    return builder.formatted()
