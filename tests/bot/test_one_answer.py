"""Terminal, JSON and Telegram show the same answer."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from textwrap import dedent

import pytest

from bot import messages
from bot.settings import Settings, TelegramSettings
from retrieval.library import Library
from retrieval.types import Answer
from tests.bot.conftest import Run
from tests.conftest import SEEDS
from tests.telegram.conftest import FRIEND, answering, number_of
from tests.telegram.server import FakeTelegram

_QUESTIONS = [
    "How old can a tern get?",
    "Who composed the opera Tosca?",
    "How old can a tern get? When was the handle taken off the pump?",
]  # one that is answered, one that is not, and two in one
_PLACE = ("document", "start", "end")


async def _told(built: Path, kept: Path, questions: list[str]) -> list[tuple[str, Answer]]:
    """What a bot with the settings of everybody writes to each question, and the answer that its buttons go by."""
    telegram = FakeTelegram()
    await telegram.start()
    urls = {"base_url": f"{telegram.base}/bot", "base_file_url": f"{telegram.base}/file/bot"}
    settings = Settings(seeds=SEEDS, library=built, telegram=TelegramSettings(users=(FRIEND,), **urls))
    told = []
    with Library.open(settings) as library:
        async with answering(library, settings, kept) as service:
            for number, question in enumerate(questions, 1):
                telegram.text(question, chat=FRIEND)
                reply = await telegram.reply(number)
                given = service.state.answer(number_of(reply))
                assert given is not None
                told.append((reply["text"], given.answer))
    await telegram.stop()
    return told


def test_terminal_json_and_telegram_show_the_same_answer(over_seeds: Run, built: Path, tmp_path: Path) -> None:
    """Each asked for itself, with the model, the reader and the settings of everybody."""
    rows = over_seeds("ask", "--json", "-", stdin="\n".join(_QUESTIONS)).rows
    shown = re.split(r"^❯ .*\n", over_seeds("ask", "-", stdin="\n".join(_QUESTIONS)).out, flags=re.MULTILINE)[1:]
    told = asyncio.run(asyncio.wait_for(_told(built, tmp_path / "telegram.sqlite", _QUESTIONS), 60))
    assert [row["found"] for row in rows] == [True, False, True]
    for row, text, (message, answer) in zip(rows, shown, told, strict=True):
        quotes = [(*(one["citation"][name] for name in _PLACE), one["text"]) for one in row["excerpts"]]
        assert [(*(getattr(one.citation, name) for name in _PLACE), one.text) for one in answer.excerpts] == quotes
        assert (answer.found, answer.confidence) == (row["found"], pytest.approx(row["confidence"], abs=0.005))
        verdict = messages.verdict(answer)
        assert text.startswith(f"{verdict}\n")
        assert verdict in message
        quoted = re.findall(r"^\d+\. (.*):\d+  .* · (\d+)–(\d+)\n(?:   \S.*\n)?((?:    .*\n)+)", text, re.MULTILINE)
        assert [(name, int(start), int(end), dedent(lines).strip()) for name, start, end, lines in quoted] == quotes
        assert (quotes[0][-1] in message) == row["found"]
