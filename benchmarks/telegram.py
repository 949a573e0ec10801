"""The Telegram bot under load on loopback: `python -m benchmarks.telegram [--seconds N]`.

A fake Bot API server (that of the tests) and the real bot in a process of its own, over the sample documents. A hundred
chats ask at the very same moment; then each asks on, with a pause after an answer; then a storm of 429, then garbage;
then two hundred questions in the middle of which the bot is stopped, and killed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from retrieval.library import Library
from retrieval.question_sets import read_questions
from retrieval.settings import EngineSettings
from tests.telegram.server import TOKEN, FakeTelegram, Fault
from tests.telegram.test_faults import _garbage

_ROOT = Path(__file__).resolve().parent.parent
_CHATS = 100
_NUMBERS = 1_000_000  # message numbers a chat, so that a number tells whose question it is
_FIRST_ASKED = 3  # the load's first turn; those before it are asked by what comes after it
_QUESTIONS = [one.text for one in read_questions(_ROOT / "tests" / "questions.jsonl")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds between an answer and the chat's next question"
    )
    parser.add_argument("--garbage", type=int, default=10_000)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        asyncio.run(_run(Path(folder) / "library", arguments.seconds, arguments.pause, arguments.garbage))


async def _run(library: Path, seconds: float, pause: float, garbage: int) -> None:
    _build(library)
    engine, in_haste = _engine_median(library, None), _engine_median(library, 1)
    telegram = FakeTelegram()
    telegram._next_message.update((chat, chat * _NUMBERS) for chat in range(1, _CHATS + 1))
    await telegram.start()
    program = _started(telegram, library)
    telegram.text("How old can a tern get?", chat=1)
    await telegram.until(lambda: telegram.sent, 300)
    await _load(telegram, seconds, pause, engine, in_haste)
    await _storm(telegram)
    await _garbage_storm(telegram, garbage)
    status = Path(f"/proc/{program.pid}/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) / 1024
    program.terminate()
    await asyncio.to_thread(program.wait)
    print(f"peak memory: {peak:.0f} MB (≤ 400), stopped with {program.returncode}")
    await _restarts(telegram, library)
    given = [(one["chat"]["id"], one["reply_parameters"]["message_id"] // _NUMBERS) for one in _answers(telegram)]
    wrong = sum(chat != asked_in for chat, asked_in in given)
    print(f"in all phases: {wrong} of {len(given)} answers in a wrong chat")
    await telegram.stop()


def _answers(telegram: FakeTelegram) -> list[dict[str, Any]]:
    """What was sent to the chats that ask, strangers left out."""
    return [one for one in telegram.sent if 1 <= one["chat"]["id"] <= _CHATS]


def _started(telegram: FakeTelegram, library: Path) -> subprocess.Popen[bytes]:
    own = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "SEEDBOT_TELEGRAM__BASE_URL": f"{telegram.base}/bot",
        "SEEDBOT_TELEGRAM__BASE_FILE_URL": f"{telegram.base}/file/bot",
        "SEEDBOT_TELEGRAM__USERS": ",".join(map(str, range(1, _CHATS + 1))),
        "SEEDBOT_TELEGRAM__QUESTIONS_PER_MINUTE": "1000",
        "SEEDBOT_SEEDS": str(_ROOT / "seeds"),
        "SEEDBOT_LIBRARY": str(library),
    }
    command = [Path(sys.executable).with_name("seedbot"), "telegram"]
    return subprocess.Popen(command, env={**os.environ, **own}, stderr=subprocess.DEVNULL)


def _build(library: Path) -> None:
    """The library, in a process of its own; the export runs before all else."""
    build = [Path(sys.executable).with_name("seedbot"), "build", "--seeds", _ROOT / "seeds", "--library", library]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)


def _engine_median(library: Path, most_read: int | None) -> float:
    """The engine's own median for one question, in seconds, on the same library, with so many passages read at most."""
    with Library.open(EngineSettings(seeds=_ROOT / "seeds", library=library)) as opened:
        times = []
        for question in _QUESTIONS:
            started = time.perf_counter()
            opened.ask(question, most_read=most_read)
            times.append(time.perf_counter() - started)
    return statistics.median(times)


def _question(chat: int, turn: int) -> str:
    """One that nobody asked before, so that the bot has to search for it: told apart by its marks."""
    return _QUESTIONS[turn % len(_QUESTIONS)] + "?" * (turn // len(_QUESTIONS)) + "!" * chat


async def _load(telegram: FakeTelegram, seconds: float, pause: float, engine: float, in_haste: float) -> None:
    """Every chat asks, waits for the answer and asks again after a pause; the first questions come all at once."""
    burst: list[float] = []
    after: list[float] = []
    first, chance = len(telegram.sent), random.Random(1)
    end = time.monotonic() + seconds

    async def chat(number: int) -> None:
        turn, waited = _FIRST_ASKED + number, burst
        while time.monotonic() < end:
            asked = telegram.text(_question(number, turn), chat=number)
            started = time.monotonic()
            await _reply_to(telegram, asked, first)
            waited.append(time.monotonic() - started)
            turn, waited = turn + 1, after
            await asyncio.sleep(pause * chance.uniform(0.5, 1.5))

    await asyncio.gather(*(chat(number) for number in range(1, _CHATS + 1)))
    p50, p95 = (statistics.quantiles(after, n=20)[i] for i in (9, 18))
    refused, median = len(telegram.refused), statistics.median(burst)
    print(f"{_CHATS} chats for {seconds:.0f} s: {len(burst) + len(after)} answers, {refused} refused")
    print(f"  {_CHATS} at the same moment: median {median * 1000:.0f} ms, the last after {max(burst):.1f} s")
    times = f"from then on p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
    print(f"  {times}; the engine's own p50 {engine * 1000:.1f} ms: {p95 / engine:.0f} × (≤ 20)")
    print(f"  its p50 with one passage read {in_haste * 1000:.1f} ms: {p95 / in_haste:.0f} ×")


async def _reply_to(telegram: FakeTelegram, asked: int, first: int) -> None:
    """Waits for the answer to a message, whichever chat it goes to."""
    position = first
    while True:
        while position < len(telegram.sent):
            message = telegram.sent[position]
            position += 1
            if message["reply_parameters"]["message_id"] == asked:
                return
        await asyncio.sleep(0.005)


async def _storm(telegram: FakeTelegram) -> None:
    before = len(telegram.sent)
    telegram.faults.append(Fault("429", times=60, method="sendMessage"))
    started = time.monotonic()
    for number in range(1, 51):
        telegram.text(_question(number, 0), chat=number)
    await telegram.until(lambda: len(telegram.sent) == before + 50, 300)
    print(f"429 storm: 50 of 50 answers after 60 refusals, in {time.monotonic() - started:.0f} s")


async def _restarts(telegram: FakeTelegram, library: Path) -> None:
    """Two hundred questions, during which the bot is stopped once, asked on meanwhile, and killed once."""
    before = len(telegram.sent)
    asked = []
    for turn, share, how in ((1, 50, signal.SIGTERM), (2, 120, signal.SIGKILL), (None, 200, signal.SIGTERM)):
        if turn is not None:
            chats = range(1, _CHATS + 1)
            asked += [(chat, telegram.text(_question(chat, turn), chat=chat)) for chat in chats]
        program = _started(telegram, library)
        await telegram.until(lambda share=share: len(telegram.sent) >= before + share, 300)
        program.send_signal(how)
        await asyncio.to_thread(program.wait)
    given = [(one["chat"]["id"], one["reply_parameters"]["message_id"]) for one in telegram.sent[before:]]
    spread = Counter(Counter(given)[one] for one in asked)
    shown = ", ".join(f"{count} {times} ×" for times, count in sorted(spread.items()))
    first = dict.fromkeys(given)
    in_order = sum(
        [one for one in first if one[0] == chat] == sorted(one for one in asked if one[0] == chat)
        for chat in range(1, _CHATS + 1)
    )
    print(f"stopped and killed amid {len(asked)} questions: answered {shown}; in order in {in_order} of {_CHATS} chats")


async def _garbage_storm(telegram: FakeTelegram, count: int) -> None:
    before, source = len(telegram.sent), random.Random(1)
    telegram.deliver({"update_id": next(telegram._numbers), **_garbage(source, 5000 + n % 500)} for n in range(count))
    telegram.text(_question(_CHATS, 0), chat=_CHATS)
    await telegram.until(lambda: any(m["chat"]["id"] == _CHATS for m in telegram.sent[before:]), 300)
    strangers = [m for m in telegram.sent[before:] if m["chat"]["id"] != _CHATS]
    told = sum("may not use" in m["text"] for m in strangers)
    print(f"garbage: {count} updates, still answering; {len(strangers) - told} answers to strangers, {told} refusals")


if __name__ == "__main__":
    main()
