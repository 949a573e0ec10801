"""Questions that wait for their turn: whoever is asked before them is read in haste."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bot.telegram.service import Service
from retrieval.library import Library
from retrieval.types import Answer, Filter
from tests.telegram.conftest import GROUP, Talk, World

QUESTIONS = [f"When does the ferry leave{'?' * count}" for count in range(1, 12)]


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> dict[str, int | None]:
    """How many passages the library was told to read at most, by question."""
    told: dict[str, int | None] = {}
    ask = Library.ask

    def noted(self: Library, question: str, *, most_read: int | None = None, **more: Any) -> Answer:
        told[question] = most_read
        return ask(self, question, most_read=most_read, **more)

    monkeypatch.setattr(Library, "ask", noted)
    return told


def _queued(service: Service) -> tuple[threading.Event, list[asyncio.Task[Answer]]]:
    """The questions, behind work that takes the only worker until the event is set."""
    free = threading.Event()
    asyncio.get_running_loop().run_in_executor(service._pool, free.wait, 30)
    return free, [asyncio.create_task(service.answer(question, Filter())) for question in QUESTIONS]


def test_fewer_passages_are_read_while_others_wait(talk: Callable[[Talk], None], bounds: dict[str, int | None]) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(workers=1) as service:
            free, asked = _queued(service)
            asyncio.get_running_loop().call_soon(free.set)  # when all of them stand in the queue
            answers = await asyncio.gather(*asked)
            assert [one.question for one in answers] == QUESTIONS
            assert bounds == dict(zip(QUESTIONS, [1] * 3 + [2] * 7 + [None], strict=True))

    talk(conversation)


def test_a_question_by_itself_is_read_in_full(talk: Callable[[Talk], None], bounds: dict[str, int | None]) -> None:
    """Also one that was asked in haste before."""

    async def conversation(world: World) -> None:
        async with world.bot(workers=1) as service:
            free, asked = _queued(service)
            asyncio.get_running_loop().call_soon(free.set)
            await asyncio.gather(*asked)
            await service.answer(QUESTIONS[0], Filter())
            assert bounds[QUESTIONS[0]] is None

    talk(conversation)


def test_questions_in_line_in_a_chat_wait_too(talk: Callable[[Talk], None], bounds: dict[str, int | None]) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(workers=1) as service:
            free = threading.Event()
            asyncio.get_running_loop().run_in_executor(service._pool, free.wait, 30)
            for user, question in enumerate(QUESTIONS, 10):
                world.telegram.text(f"/ask {question}", chat=GROUP, user=user, group=True)
            await world.telegram.until(lambda: len(service.waiting) == len(QUESTIONS), 5)
            free.set()
            await world.telegram.reply(len(QUESTIONS), chat=GROUP)
            assert bounds == dict(zip(QUESTIONS, [1] * 3 + [2] * 7 + [None], strict=True))
            assert not service.waiting

    talk(conversation)


def test_nobody_waits_who_gave_up(talk: Callable[[Talk], None], bounds: dict[str, int | None]) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(workers=1) as service:
            free, (first, *others) = _queued(service)
            for one in others:
                asyncio.get_running_loop().call_soon(one.cancel)
            await asyncio.wait(others)
            free.set()
            await first
            assert bounds == {QUESTIONS[0]: None}

    talk(conversation)
