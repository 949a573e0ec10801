"""Documents that admins add and remove in a chat: checked apart from the bot, moved whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import shutil
import time
from pathlib import Path, PurePosixPath

from telegram import Bot, Document, InlineKeyboardButton, InlineKeyboardMarkup, Message, MessageEntity
from telegram.error import TelegramError

from bot import messages
from bot.display import in_line, visible
from bot.logs import readable
from bot.telegram import asking
from bot.telegram.browsing import example_of, named
from bot.telegram.formatting import Builder, Formatted, sendable, shortened
from bot.telegram.inbox import held_briefly, step_aside
from bot.telegram.requests import Request, in_chat
from bot.telegram.sending import conclude, persist, send
from bot.telegram.service import Service
from retrieval.errors import DocumentError, LibraryLocked, SeedbotError
from retrieval.loaders import SUFFIXES, confined
from retrieval.models import file_sha256
from retrieval.types import Outline, Source, SyncReport

_LARGEST_DOWNLOAD = 20_000_000  # bytes that Telegram lets a bot fetch
_TOO_LARGE = "Telegram lets bots fetch files of up to 20 MB: put this one into the folder itself."
_UNREADABLE = (
    "Your own Bot API server keeps its files where this bot cannot read them: let the bot's user read that folder, "
    "or start the server without --local."
)
_FETCH_SECONDS = 120.0
_LONGEST_NAME = 180  # bytes, of those that file systems take: a number and a suffix may be added
_MOST_NAME_BYTES = 255  # that file systems take
_CONTENT_DIGITS = 14  # of a SHA-256 in hexadecimal, as one of the numbers in a button
_CODE = MessageEntity.CODE  # or Telegram would make a name a link to a domain

log = logging.getLogger(__name__)


class Told(SeedbotError):
    """What went wrong has been said in a message of its own."""


async def add(request: Request) -> None:
    """/add: says what to send."""
    formats = " ".join(sorted(SUFFIXES))
    await request.reply(f"Send me the document as a file in our private chat. I read {formats}, up to 20 MB.")


async def receive_file(request: Request) -> None:
    """A file from an admin in a private chat becomes a document; then a question in its caption is answered."""
    document = request.message.document
    if document is None:
        return
    question = asking.question_for_bot(request.message, request.bot)
    asks = question is not None and not question.startswith("/")
    if request.service.access.is_admin(request.user):
        await _receive(request, document)
    elif not asks and request.service.limits.may_remark(request.user, request.message.media_group_id):
        await request.reply("Only an admin may add documents. Ask me a question about those that are here.")
    if asks:
        await asking.message(request)


async def _receive(request: Request, document: Document) -> None:
    service = request.service
    if (document.file_size or 0) > _LARGEST_DOWNLOAD:
        await request.reply(_TOO_LARGE)
        return
    name = safe_name(document.file_name or "")
    begun: Message | None = None
    try:
        if Path(name).suffix.lower() not in SUFFIXES:
            suffix = Path(name).suffix or "a file without a suffix"
            raise DocumentError(f"{suffix} is not a format that is read: send one of {' '.join(sorted(SUFFIXES))}")
        begun = await request.reply(Builder().add("Reading ").add(in_line(name), _CODE).add(" …").formatted())
        added, report = await _taken_in(request, name, document.file_id)
    except DocumentError as error:
        await request.conclude(begun, f"{visible(name)} cannot be used: {readable(str(error))}.")
    except SeedbotError as error:
        await request.conclude(begun, in_chat(error))
    except TelegramError as error:
        log.warning("no file", extra={"error": str(error)})
        too_large = "too big" in str(error).lower()
        lacking = "Telegram did not hand over the file. Please send it again."
        await request.conclude(begun, _TOO_LARGE if too_large else lacking)
    else:
        await request.conclude(begun, *await service.in_pool(lambda: _welcomed(service, name, added, report)))


async def remove(request: Request) -> None:
    """/remove PATH: asks before it does."""
    document = await named(request, "/remove")
    if document is None:
        return
    button = InlineKeyboardButton("Remove it", callback_data=_removal(request.service, document))
    builder = Builder().add("Remove ").add(in_line(document.title), MessageEntity.BOLD).add(" (")
    builder.add(in_line(document.path), _CODE)
    builder.add(")? The file moves to the folder “removed” of the library.")
    await request.reply(builder.formatted(), InlineKeyboardMarkup([[button]]))


async def remove_confirmed(service: Service, bot: Bot, number: int, admin: int, content: int | None = None) -> str:
    """Moves a document out of the seeds folder and builds. Raises SeedbotError, once it has begun as Told.

    Without a `content`, as in buttons of earlier versions, whatever the document holds now.
    """
    path = service.state.text_of(number)
    if path is None:
        raise SeedbotError("This button is too old to be understood.")
    begun = await send(bot, admin, Builder().add("Removing ").add(in_line(path), _CODE).add(" …").formatted())
    try:
        await service.in_turn(lambda: _remove(service, path, content))
    except SeedbotError as error:  # by now, the press itself may be too old to be answered
        await conclude(bot, admin, begun, Builder().add(in_chat(error)).formatted())
        raise Told(str(error)) from error
    await conclude(bot, admin, begun, Builder().add(in_line(path), _CODE).add(" is removed.").formatted())
    return "Removed."


def safe_name(name: str) -> str:
    """A file name without folders, control characters or a leading dot, of at most 180 bytes."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(character for character in last if character.isprintable() and character not in '/:*?"<>|')
    return _fitting(kept.strip().lstrip("."), _LONGEST_NAME)


def _fitting(name: str, most: int) -> str:
    """A name of at most so many bytes, cut before its suffix."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, no path
    suffix = suffix[:10]
    room = most - len(suffix.encode())
    short = stem.strip().encode()[:room].decode(errors="ignore").strip()
    return f"{short or 'document'}{suffix}"


async def _taken_in(request: Request, name: str, identity: str) -> tuple[Outline, SyncReport]:
    """Fetches a file and makes a document of it, once those before it are done: no more than one lies in memory.

    One that waits or takes long holds no question of its chat. Raises TelegramError, and as `_fetched` and `_add`.
    """
    service = request.service
    if service.taking_in.locked():
        step_aside()
    with held_briefly():
        async with service.taking_in:
            data = await _fetched(request.bot, identity)
            return await service.in_turn(lambda: _add(service, name, data))


async def _fetched(bot: Bot, identity: str) -> bytes:
    """The bytes of a file. Raises TelegramError, and SeedbotError where it lies at a place that cannot be read."""
    file = await persist(lambda: bot.get_file(identity), _FETCH_SECONDS)
    if not file.file_path:
        raise TelegramError("no path")
    if (file.file_size or 0) > _LARGEST_DOWNLOAD:
        raise TelegramError("too big")
    try:
        return bytes(await persist(file.download_as_bytearray, _FETCH_SECONDS))
    except (OSError, TelegramError) as error:
        is_hidden = file.file_path.startswith(f"{bot.base_file_url}//")  # a path, of which the bot sees no file
        if isinstance(error, OSError) or is_hidden:
            raise SeedbotError(_UNREADABLE) from error
        raise


def _add(service: Service, name: str, data: bytes) -> tuple[Outline, SyncReport]:
    """Looks whether the file can be read, puts it into the folder whole or not at all, and builds.

    Raises DocumentError where it cannot be used, and leaves no trace of it; LibraryLocked where another program is
    building, and leaves it to the next build; and SeedbotError.
    """
    seeds, most = service.settings.seeds, service.settings.documents.largest_megabytes
    if len(data) > most * 1_000_000:
        raise DocumentError(f"it is larger than documents.largest_megabytes = {most} allows")
    confined.check(name, data)
    path, is_new = _put(seeds, name, data)
    try:
        report = service.sync()
    except LibraryLocked as error:
        raise LibraryLocked(f"{error} The file is in the folder, and the next /build reads it.") from error
    except SeedbotError:
        if is_new:
            path.unlink(missing_ok=True)
        raise
    refused = next((one.reason for one in report.skipped if one.path == path.name), None)
    if refused is not None:
        if is_new:
            path.unlink(missing_ok=True)
            service.sync()
        raise DocumentError(refused)
    return service.library.outline(path.name), report


def _put(seeds: Path, name: str, data: bytes) -> tuple[Path, bool]:
    """Where a file lies in the folder now, under another name where that is taken, and whether it is new there.

    Raises SeedbotError.
    """
    path, partial, number = seeds / name, seeds / f".{name}.partial", 2
    try:
        while path.exists() and path.read_bytes() != data:
            path = seeds / f"{Path(name).stem}-{number}{Path(name).suffix}"
            number += 1
        is_new = not path.exists()
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise SeedbotError(f"The folder of documents cannot be written {_why(error)}") from error
    return path, is_new


def _why(error: OSError) -> str:
    """What the system says, and what to look at where it forbids something."""
    said = f"({error.strerror or error})"
    if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{said}."
    unit = "ReadWritePaths= and ProtectHome= where systemd runs the bot"
    return f"{said}: check the permissions of the folder and who owns it, and {unit}."


def is_gone(service: Service, number: int, content: int | None = None) -> bool:
    """Whether the library no longer holds the document that a button of these numbers removes."""
    path = service.state.text_of(number)
    try:
        return path is None or content not in (None, _content(service.library.outline(path).sha256))
    except SeedbotError:
        return True


def _removal(service: Service, document: Outline | Source) -> str:
    """What a button holds that removes a document: the numbers of its path and of its content."""
    return f"r:{service.state.number_of(document.path)}:{_content(document.sha256)}"


def _content(sha256: str) -> int:
    return int(sha256[:_CONTENT_DIGITS], 16)


def _remove(service: Service, path: str, content: int | None) -> None:
    """Moves a file away and builds; only builds where the file is gone, as after a removal that was cut off.

    Raises SeedbotError where the library holds no such document, or the file is another by now.
    """
    service.library.outline(path)
    source, prefix = service.settings.seeds / path, f"{time.time_ns()}-"
    name = _fitting(PurePosixPath(path).name, _MOST_NAME_BYTES - len(prefix))
    target = service.settings.library / "removed" / f"{prefix}{name}"
    try:
        is_there = source.exists()
        if is_there and content is not None and content != _content(file_sha256(source)):
            raise SeedbotError(f"There is another file of this name now: /build, then /remove {in_line(path)}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_there:
            shutil.move(source, target)  # which also reaches another file system
    except OSError as error:
        raise SeedbotError(f"The file cannot be moved {_why(error)}") from error
    try:
        service.sync()
    except SeedbotError:
        if is_there:
            shutil.move(target, source)  # a library is never left without a document
        raise


def _welcomed(
    service: Service, name: str, document: Outline, report: SyncReport
) -> tuple[Formatted, InlineKeyboardMarkup | None]:
    """What can be answered now, with a button to remove each other file of a like name."""
    sources = {one.path: one for one in service.library.documents()}
    passages = sources[document.path].passages if document.path in sources else 0
    builder = Builder().add("I can now answer from ").add(in_line(document.title), MessageEntity.BOLD).add(" (")
    builder.add(in_line(document.path), _CODE)
    builder.add(f", {messages.count(passages, 'passage')}, {report.embedded} new).")
    headings = [one.text for one in document.headings if one.text != document.title][:6]
    if headings:
        builder.add("\nIt speaks of " + in_line(shortened("; ".join(headings), 600)) + ".")
    example = example_of(service, document)
    if example:
        builder.add("\nAsk, for example: ").add(in_line(example), MessageEntity.ITALIC)
    others = [path for path in sources if path != document.path and _is_called(name, path)]
    if not others:
        return builder.formatted(), None
    are = "Files of a like name are" if len(others) > 1 else "A file of a like name is"
    rows: list[list[InlineKeyboardButton]] = []
    for path in others:
        builder.add(", " if rows else f"\n{are} still asked too: ").add(in_line(path), _CODE)
        label, data = shortened(sendable(f"Remove {in_line(path)}"), 64), _removal(service, sources[path])
        rows.append([InlineKeyboardButton(label, callback_data=data)])
    return builder.add(".").formatted(), InlineKeyboardMarkup(rows)


def _is_called(name: str, path: str) -> bool:
    """Whether a document may have come as a file of this name: as `_add` calls it where the name is taken."""
    stem, suffix = re.escape(Path(name).stem), re.escape(Path(name).suffix)
    return re.fullmatch(rf"{stem}(-([2-9]|[1-9]\d))?{suffix}", path) is not None  # and no year
