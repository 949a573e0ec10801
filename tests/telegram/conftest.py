"""A running bot against the fake server, with a small library and the fake embedder."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, TelegramSettings
from bot.telegram import running
from bot.telegram.service import Service
from bot.telegram.state import State
from retrieval.library import Library
from retrieval.settings import AnswerSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Answer
from tests.telegram.server import TOKEN, FakeTelegram

ADMIN, FRIEND, STRANGER, GROUP = 1, 2, 66, -100

TIDES = (
    "---\ntitle: On Tides\ndate: 2021-05-06\n---\n\n# Spring tides\n\nAt new moon and full moon the tide is highest. "
    "Sun and moon then pull together.\n\n# Neap tides\n\nAt half moon the tide is lowest. Sun and moon pull apart.\n"
)


class SureLibrary(Library):
    """A library whose answers count as found when the first excerpt has a word of the question."""

    def ask(self, question: str, **more: Any) -> Answer:
        answer = super().ask(question, **more)
        words = {word.strip("?.,!").casefold() for word in question.split() if len(word) > 3}
        found = any(word in one.text.casefold() for one in answer.excerpts[:1] for word in words)
        return replace(answer, found=found, confidence=0.95 if found else 0.05)


class World:
    """The server, the seeds folder, and bots that can be started on them."""

    def __init__(self, tmp_path: Path) -> None:
        self.telegram = FakeTelegram()
        self.seeds = tmp_path / "seeds"
        self.seeds.mkdir()
        (self.seeds / "tides.md").write_text(TIDES)
        (self.seeds / "ferry.txt").write_text("The ferry leaves at nine. It takes an hour to the island.\n")
        self.library = tmp_path / "library"

    def settings(self, **telegram: Any) -> Settings:
        own = {"admins": (ADMIN,), "users": (FRIEND,), "groups": (GROUP,), **telegram}
        urls = {"base_url": f"{self.telegram.base}/bot", "base_file_url": f"{self.telegram.base}/file/bot"}
        told = TelegramSettings(**{**urls, **own})
        return Settings(seeds=self.seeds, library=self.library, telegram=told, answer=AnswerSettings(read=0))

    def after_a_power_cut(self, query: str) -> list[Any]:
        """What a query finds in the file of the state itself, without the log, which may not have reached the disk."""
        path = self.library / "telegram.sqlite"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as file:
            return file.execute(query).fetchall()

    @asynccontextmanager
    async def bot(self, **telegram: Any) -> AsyncIterator[Service]:
        """A bot that runs as long as the block."""
        settings = self.settings(**telegram)
        with SureLibrary.open(settings, embedder=FakeEmbedder()) as library:
            library.sync()
            async with answering(library, settings, settings.library / "telegram.sqlite") as service:
                yield service


@asynccontextmanager
async def answering(library: Library, settings: Settings, kept: Path) -> AsyncIterator[Service]:
    """A bot that answers from a library as long as the block, and keeps its state in this file."""
    state = State(kept)
    service = Service(library, settings, state)
    application = running._application(service, TOKEN)
    try:
        async with running._started(application, service):
            yield service
    finally:
        service.close()
        state.close()


def number_of(answer: dict[str, Any]) -> int:
    """The number that the buttons under an answer name it by."""
    return int(answer["reply_markup"]["inline_keyboard"][0][0]["callback_data"].split(":")[1])


Talk = Callable[[World], Awaitable[None]]


@pytest.fixture
def talk(tmp_path: Path) -> Callable[[Talk], None]:
    """Runs a conversation: a coroutine that gets the world."""

    def run(conversation: Talk) -> None:
        async def whole() -> None:
            world = World(tmp_path)
            await world.telegram.start()
            try:
                await conversation(world)
            finally:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(world.telegram.stop(), 5)

        asyncio.run(asyncio.wait_for(whole(), 120))

    return run
