"""What admins may do: build, and see what was not answered. Documents and access are modules of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from telegram import MessageEntity

from bot import messages
from bot.display import visible
from bot.logs import readable
from bot.telegram.formatting import Builder, Formatted, shortened
from bot.telegram.requests import Request, in_chat
from bot.telegram.sending import edit
from retrieval.errors import SeedbotError
from retrieval.types import Progress, SyncReport

_EDIT_SECONDS = 2.0


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
    work = request.service.in_turn(lambda: request.service.sync(full="full" in request.words, progress=latest.append))
    running = asyncio.ensure_future(work)
    shown = ""
    while not (await asyncio.wait([running], timeout=_EDIT_SECONDS))[0]:
        text = progress(latest[-1]) if latest else shown
        if sent is not None and text != shown:
            await edit(request.bot, request.chat, sent.message_id, Formatted(text), None)
            shown = text
    try:
        text = _report(running.result())
    except SeedbotError as error:
        text = in_chat(error)
    await request.conclude(sent, text)


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


def progress(step: Progress) -> str:
    """How far a build is, in a line."""
    stage = messages.STAGES[step.stage]
    if step.stage in messages.ENDLESS or not step.total:
        return f"{stage} …"
    filled = round(10 * step.done / step.total)
    return f"{stage} {'▓' * filled}{'░' * (10 - filled)} {messages.amount(step.stage, step.done, step.total)}"


def _report(report: SyncReport) -> str:
    counts = {"added": len(report.added), "changed": len(report.changed), "renamed": len(report.renamed)}
    counts |= {"removed": len(report.removed), "unchanged": report.unchanged, "skipped": len(report.skipped)}
    lines = [f"Done in {report.seconds:.1f} s: " + ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)]
    lines += [visible(f"Skipped {one.path}: {readable(one.reason)}") for one in report.skipped[:10]]
    return "\n".join(lines)
