"""What everybody may see besides answers: help, the documents, the filter, the state of the library."""

from __future__ import annotations

import re
from itertools import chain, islice, zip_longest
from operator import itemgetter

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot import messages
from bot.display import in_line, visible
from bot.filters import describe, parse_filter, split_words
from bot.telegram.formatting import Builder, Formatted, shortened
from bot.telegram.requests import Request, after_command, in_chat
from bot.telegram.sending import typing
from bot.telegram.service import Service
from retrieval.errors import SeedbotError, SourceNotFound
from retrieval.terms import in_small_letters
from retrieval.types import Outline, Source, Span

_PAGE = 10  # documents on a page
_LOOKED_AT, _TRIED, _OF_EACH = 50, 12, 2  # documents and questions, in search of an example
_LONGEST_HEADING, _LONGEST_SEARCH = 60, 200
_BEGINNING = 500  # characters of a document that a question may be made of


async def welcome(request: Request) -> None:
    """/start and /help, with an example from the library's own documents."""
    builder = Builder().add("Ask me about the documents here.", MessageEntity.BOLD)
    builder.add(" I answer with their own words and say where they stand, or that they do not hold the answer.\n")
    async with typing(request.bot, request.chat, request.thread):  # the first time, it takes some questions to find
        example = await request.service.example(_example)
    if example:
        builder.add("\nFor example: ").add(in_line(example), MessageEntity.ITALIC).add("\n")
    builder.add("\n/sources lists the documents, /filter asks only some of them, /status says how many there are.")
    if not request.is_private:
        name = f"mention me (@{request.bot.username}), " if request.bot.username else ""
        builder.add(f"\nIn a group, {name}reply to me or use /ask.")
    elif request.service.access.is_admin(request.user):
        builder.add("\nFor admins: a file sent to me becomes a document; ")
        builder.add("/build, /remove, /allow, /deny, and /stats with what was not answered.")
    await request.reply(builder.formatted())


async def sources(request: Request) -> None:
    """/sources [WORD]."""
    search = after_command(request.message)[:_LONGEST_SEARCH]
    formatted, keyboard = await request.service.in_pool(lambda: listing(request.service, search, 0))
    await request.reply(formatted, keyboard)


async def source(request: Request) -> None:
    """/source PATH."""
    document = await named(request, "/source")
    if document is not None:
        button = InlineKeyboardButton("Get file", callback_data=f"d:{request.service.state.number_of(document.path)}")
        await request.reply(_described(document), InlineKeyboardMarkup([[button]]))


async def named(request: Request, command: str) -> Outline | None:
    """The document whose path follows a command; None where there is none, which the reply says."""
    wanted = after_command(request.message)
    if not wanted:
        await request.reply(f"Write the document behind it, as /sources shows it: {command} reports/2021.pdf")
        return None
    try:
        return await request.service.in_pool(lambda: find(request.service, wanted))
    except SeedbotError as error:
        await request.reply(in_chat(error))
        return None


async def set_filter(request: Request) -> None:
    """/filter GLOB from DATE to DATE, or off."""
    service = request.service
    text = after_command(request.message)
    if not text:
        where = service.state.filter(request.chat)
        now = f"Only these documents are asked: {describe(where)}" if where else "Every document is asked."
        await request.reply(f"{now}\n/filter reports/* from 2021 asks some of them, /filter off all.")
        return
    try:
        where = parse_filter(split_words(text))
        count = await service.in_pool(lambda: service.library.count(where))
    except SeedbotError as error:
        await request.reply(in_chat(error))
        return
    service.state.set_filter(request.chat, where)
    if where:
        await request.reply(f"{messages.count(count, 'document')} will be asked in this chat. /filter off asks all.")
    else:
        await request.reply("Every document is asked in this chat.")


async def status(request: Request) -> None:
    """/status."""
    service = request.service
    try:
        found = await service.in_pool(service.library.status)
    except SeedbotError as error:
        await request.reply(in_chat(error))
        return
    documents, passages = messages.count(found.documents, "document"), messages.count(found.passages, "passage")
    built = f", built {found.built_at[:16].replace('T', ' ')} UTC" if found.built_at else ""
    await request.reply(f"{documents}, {passages}. Generation {found.generation}{built}.")


async def unknown_command(request: Request) -> None:
    """A command there is not: said in private, passed over in a group, where it may be for another bot."""
    if request.is_private and request.is_admitted("command"):
        await request.reply("There is no such command. /help lists what I can do; any other text is a question.")


async def not_text(request: Request) -> None:
    """A sticker, a picture, a voice message."""
    if request.service.limits.may_remark(request.user, request.message.media_group_id):
        await request.reply("I can only read text: write your question, please.")


def listing(service: Service, search: str, page: int) -> tuple[Formatted, InlineKeyboardMarkup | None]:
    """A page of the documents whose path or title holds `search`, with buttons to turn it."""
    found = _called(service, search)
    pages = max(1, -(-len(found) // _PAGE))
    page = min(max(page, 0), pages - 1)
    builder = Builder().add(messages.count(len(found), "document"), MessageEntity.BOLD)
    if search:
        builder.add(f" with “{visible(search)}”")
    builder.add(f", page {page + 1} of {pages}\n" if pages > 1 else "\n")
    for one in found[page * _PAGE : (page + 1) * _PAGE]:
        _list_one(builder, one)
    if pages == 1:
        return builder.formatted(), None
    number = service.state.number_of(search)
    row = []
    if page > 0:
        row.append(InlineKeyboardButton("‹ Back", callback_data=f"l:{number}:{page - 1}"))
    if page + 1 < pages:
        row.append(InlineKeyboardButton("More ›", callback_data=f"l:{number}:{page + 1}"))
    return builder.formatted(), InlineKeyboardMarkup([row])


def find(service: Service, wanted: str) -> Outline:
    """A document by its path, or by a word that only one path or title holds. Raises SourceNotFound."""
    try:
        return service.library.outline(wanted)
    except SourceNotFound:
        found = _called(service, wanted)
        if len(found) == 1:
            return service.library.outline(found[0].path)
        raise


def _called(service: Service, word: str) -> list[Source]:
    """The documents with a word in their path or title, in whatever case and however its accents are written."""
    meant = in_small_letters(word)
    names = ((one, in_small_letters(f"{one.path}\n{one.title}")) for one in service.library.documents())
    return [one for one, name in names if meant in name]


def _list_one(builder: Builder, one: Source) -> None:
    builder.add("\n• ").add(in_line(shortened(one.title, 120)), MessageEntity.BOLD)
    date = f" · {one.date}" if one.date else ""
    builder.add("\n  ").add(in_line(shortened(one.path, 200)), MessageEntity.CODE).add(date)


def _described(document: Outline) -> Formatted:
    builder = Builder().add(in_line(document.title), MessageEntity.BOLD).add("\n")
    builder.add(in_line(document.path), MessageEntity.CODE)
    facts = [document.date, f"{len(document.pages)} pages" if document.pages else None, messages.length(document)]
    builder.add("\n" + " · ".join(fact for fact in facts if fact))
    headings = [one.text for one in document.headings if one.text != document.title][:12]
    if headings:
        builder.add("\n\n" + visible(shortened("\n".join(f"– {one}" for one in headings), 1500)))
    return builder.formatted()


def example_of(service: Service, document: Outline) -> str:
    """A question that this document answers in this library; empty where none comes to mind."""
    answered = ((question, service.library.ask(question)) for question in _questions_on(service, document))
    return next((q for q, a in answered if a.found and a.excerpts[0].citation.document == document.path), "")


def _example(service: Service) -> str:
    """A question that the library answers; the first that comes to mind where it answers none of the first few."""
    paths = [one.path for one in service.library.documents()[:_LOOKED_AT]]
    documents = (service.library.outline(path) for path in paths)
    by_document = sorted(((not _sections(one), _questions_on(service, one)) for one in documents), key=itemgetter(0))
    in_turns = chain.from_iterable(zip_longest(*(questions for _, questions in by_document)))
    questions = list(islice(filter(None, in_turns), _TRIED))
    return next((one for one in questions if service.library.ask(one).found), questions[0] if questions else "")


def _questions_on(service: Service, document: Outline) -> list[str]:
    """Questions about the first sections of a document, and about the longest words of its beginning."""
    begin = document.body_start
    beginning = Span(begin, min(begin + _BEGINNING, document.characters))
    words = re.findall(r"[^\W\d_]{4,25}", service.library.excerpt(document.path, beginning).text)
    longest = sorted(dict.fromkeys(words), key=len, reverse=True)
    about = [*_sections(document)[:_OF_EACH], *longest[:_OF_EACH]]
    return [f"What does “{document.title}” say about “{one}”?" for one in about]


def _sections(document: Outline) -> list[str]:
    return [h.text for h in document.headings if h.text != document.title and len(h.text) < _LONGEST_HEADING]
