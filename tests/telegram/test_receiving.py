"""The bot never goes deaf: whatever a server answers, and after whatever restart, the next question is heard."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.telegram import inbox, receiving
from bot.telegram.inbox import Inbox
from bot.telegram.receiving import Poller
from bot.telegram.service import Service
from bot.telegram.state import State
from retrieval.errors import SeedbotError
from retrieval.types import Answer, SyncReport
from tests.conftest import REPOSITORY
from tests.telegram.conftest import ADMIN, FRIEND, STRANGER, Talk, World
from tests.telegram.server import TOKEN, Fault
from tests.telegram.test_faults import _PROGRAM

Run = Callable[[Talk], None]


async def _hears(world: World, count: int = 1) -> None:
    world.telegram.text(f"When is the tide highest, case {count}?", chat=FRIEND)
    await world.telegram.reply(count, chat=FRIEND)


@pytest.mark.parametrize("kind", ["401", "403", "404", "409", "400", "ok-false", "drop"])
def test_a_refusal_in_the_middle_is_waited_out(talk: Run, kind: str) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            await _hears(world)
            fault = Fault(kind, times=2, method="getUpdates")
            world.telegram.faults.append(fault)
            await _hears(world, 2)
            await world.telegram.until(lambda: fault.times == 0)
            await _hears(world, 3)
            assert service.failure is None

    talk(conversation)


def test_refusals_and_nonsense_are_not_asked_again_without_a_pause(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            await _hears(world)
            telegram.faults.append(Fault("ok-false", times=10**6, method="getUpdates"))
            before = telegram.polls
            await asyncio.sleep(2.5)
            assert telegram.polls - before <= 8
            telegram.faults.clear()
            telegram.deliver([{"update_id": 2**70, "message": {}}, {"no": "number"}])  # which cannot be confirmed
            await _hears(world, 2)
            before = telegram.polls
            await asyncio.sleep(2.0)
            assert telegram.polls - before <= 8

    talk(conversation)


def test_an_update_nested_absurdly_is_passed_over(talk: Run) -> None:
    async def conversation(world: World) -> None:
        deep: Any = "x"
        for _ in range(600):
            deep = {"reply_to_message": deep}
        async with world.bot():
            world.telegram.deliver([{"update_id": next(world.telegram._numbers), "message": deep}])
            await _hears(world)
            assert len(world.telegram.sent) == 1

    talk(conversation)


def test_a_server_that_counts_anew_is_heard_and_one_that_repeats_itself_only_once(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.forget()
            await _hears(world)
        await asyncio.sleep(0.5)  # the last poll of the bot that went may still be on its way
        telegram.forget()
        async with world.bot():
            await _hears(world, 2)  # the same number with another text
            telegram.text("When does the ferry leave?", chat=FRIEND)
            repeated = telegram._updates[-1]
            await telegram.reply(3, chat=FRIEND)
            telegram.deliver([repeated])
            telegram.text("When is the tide lowest?", chat=FRIEND)
            await telegram.reply(4, chat=FRIEND)
            await asyncio.sleep(0.3)
            assert len(telegram.sent) == 4

    talk(conversation)


def test_a_number_that_was_done_is_forgotten_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(tmp_path / "state.sqlite")
    row = state.receive(7, "{}")
    assert row is not None
    state.done(row)
    assert state.receive(7, "{}") is None
    assert state.receive(7, '{"other": 1}') is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_000)
    state.forget_updates()
    assert state.receive(7, "{}") is None
    monkeypatch.setattr(time, "time", lambda: now + 86_500)
    state.forget_updates()
    assert state.receive(7, "{}") is not None
    assert [body for _, _, body in state.waiting()] == ['{"other": 1}', "{}"]
    state.close()


def test_updates_that_wait_in_a_file_of_the_first_version_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    state = State(path)
    state._write("CREATE TABLE inbox (update_id INTEGER PRIMARY KEY, body TEXT, received REAL NOT NULL)")
    state._write("INSERT INTO inbox VALUES (3, '{}', 1), (4, NULL, 1)")
    state.close()
    state = State(path)
    assert [body for _, _, body in state.waiting()] == ["{}"]
    state.close()


_ANSWER = Answer("How?", False, 0.1, (), 1, 1.0)


def test_no_button_means_a_row_of_a_later_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of one that was begun anew nor of a copy that was put back."""
    now = time.time()
    for number in range(3):
        monkeypatch.setattr(time, "time", lambda number=number: now + number)
        with closing(State(tmp_path / f"state-{number % 2}.sqlite")) as own:
            for _ in range(2):
                made = own.keep_answer(1, 1, _ANSWER).id, own.number_of(f"{number}.txt")
                assert all(int(now * 1000) + 1000 * number < one < 10**13 for one in made)
            assert own.text_of(made[1]) == f"{number}.txt"


def test_the_newest_answers_are_kept_over_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.state._KEPT_ANSWERS", 3)
    numbers = []
    for _ in range(2):
        with closing(State(tmp_path / "state.sqlite")) as own:
            numbers += [own.keep_answer(1, 1, _ANSWER).id for _ in range(2)]
            kept = [own.answer(number) is not None for number in numbers]
    assert kept == [False, True, True, True]


@pytest.mark.parametrize("end", ["", "/", "/telegram", "/telegram/"])
def test_the_path_of_a_webhook_is_told_once_however_its_address_is_written(end: str) -> None:
    told: list[str] = []

    async def set_webhook(url: str, **_: object) -> None:
        told.append(url)

    bot: Any = SimpleNamespace(set_webhook=set_webhook)
    telegram = SimpleNamespace(webhook=f"https://bot.example.org/a{end}")
    service: Any = SimpleNamespace(settings=SimpleNamespace(telegram=telegram))
    asyncio.run(receiving._set_webhook(bot, service, "secret"))
    assert told == ["https://bot.example.org/a/telegram"]


def test_a_loop_that_ends_ends_the_bot_with_a_sentence(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(self: Poller) -> None:
        return

    async def conversation(world: World) -> None:
        monkeypatch.setattr(Poller, "run", ends)
        async with world.bot() as service:
            await asyncio.wait_for(service.stop.wait(), 5)
            assert service.failure == receiving.DEAF

    talk(conversation)


def test_a_disk_that_is_full_for_a_while_loses_no_question(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put, left = Inbox.put, [2]

    async def sometimes(self: Inbox, item: object) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(28, "No space left on device")
        await put(self, item)

    async def conversation(world: World) -> None:
        monkeypatch.setattr(Inbox, "put", sometimes)
        async with world.bot():
            await _hears(world)
            assert left == [0]

    talk(conversation)


def test_the_health_check_tells_that_telegram_is_silent(talk: Run) -> None:
    async def conversation(world: World) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def look() -> tuple[int, dict[str, Any]]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())

        async with world.bot(health_port=port) as service:
            await _hears(world)
            assert await asyncio.to_thread(look) == (200, {"ok": True, "generation": 1})
            world.telegram.faults.append(Fault("502", times=10**6, method="getUpdates"))
            await asyncio.sleep(0.2)
            service._heard_at = time.monotonic() - 500
            code, body = await asyncio.to_thread(look)
            assert (code, body["ok"], body["reason"][:26]) == (503, False, "Telegram was last heard 50")
            world.telegram.faults.clear()
            await _hears(world, 2)
            assert (await asyncio.to_thread(look))[0] == 200

    talk(conversation)


def test_systemd_learns_that_the_bot_is_ready_and_turns(
    talk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(str(tmp_path / "notify"))
            heard.settimeout(20)
            monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
            monkeypatch.setenv("WATCHDOG_USEC", "200000")
            async with world.bot():
                said = [await asyncio.to_thread(heard.recv, 100) for _ in range(3)]
            assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]

    talk(conversation)


def test_a_server_without_webhooks_can_be_asked_for_updates(talk: Run) -> None:
    async def conversation(world: World) -> None:
        world.telegram.missing = {"deleteWebhook", "getWebhookInfo"}
        async with world.bot():
            await _hears(world)
        world.telegram.missing = set()
        world.telegram.reshaped = {"getWebhookInfo": lambda _: True}
        world.telegram.faults.append(Fault("502", times=2, method="deleteWebhook"))
        async with world.bot():
            await _hears(world, 2)
            assert world.telegram.faults[0].times == 0

    talk(conversation)


def test_a_rival_that_stays_ends_the_bot_and_one_that_goes_does_not(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        monkeypatch.setattr(receiving, "_CONFLICT_SECONDS", 3.0)
        monkeypatch.setattr(receiving, "_CONFLICT_PAUSE_SECONDS", 0.5)
        async with world.bot() as service:
            await _hears(world)
            world.telegram.faults.append(Fault("409", times=3, method="getUpdates"))
            await _hears(world, 2)
            assert service.failure is None
            world.telegram.conflict = True
            world.telegram._news.set()
            await asyncio.wait_for(service.stop.wait(), 40)
            assert service.failure == receiving.RIVAL

    talk(conversation)


def test_a_webhook_that_is_set_elsewhere_is_a_rival_and_is_left_alone(
    talk: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation(world: World) -> None:
        monkeypatch.setattr(receiving, "_CONFLICT_SECONDS", 0.0)
        monkeypatch.setattr(receiving, "_CONFLICT_PAUSE_SECONDS", 0.1)
        async with world.bot() as service:
            await _hears(world)
            world.telegram.webhook = {"url": "https://new.example.org/telegram"}
            await _hears(world, 2)
            await asyncio.wait_for(service.stop.wait(), 40)
            assert service.failure == receiving.HOOKED
            assert world.telegram.webhook
        assert "takes the messages from a webhook" not in caplog.text
        world.telegram.faults.append(Fault("400", method="deleteWebhook"))
        async with world.bot():  # at the start it goes, if need be a little later
            await _hears(world, 3)
        warned = [vars(one)["webhook"] for one in caplog.records if "from a webhook" in one.getMessage()]
        assert set(warned) == {"https://new.example.org/telegram"}

    talk(conversation)


@pytest.mark.parametrize(
    ("fault", "more", "sentence"),
    [
        (Fault("403", times=99, method="getMe"), {}, "Telegram refuses this bot (403 for once): look at it with"),
        (Fault("400", times=99, method="setWebhook"), {"webhook": "http://x"}, "Telegram does not take the webhook"),
        (Fault("429", times=99, method="setWebhook", retry_after=60), {"webhook": "https://x"}, "asked in 60 s: start"),
        (Fault("403", times=99, method="setWebhook"), {"webhook": "https://x"}, "Telegram does not take the webhook"),
        (None, {"health_port": -1}, "The health check cannot listen at port"),
        (None, {"webhook": "https://x", "webhook_port": -1}, "The webhook cannot listen at 127.0.0.1:"),
    ],
    ids=["getMe", "setWebhook", "setWebhook later", "setWebhook forbidden", "health port", "webhook port"],
)
def test_each_start_that_fails_says_why(talk: Run, fault: Fault | None, more: dict[str, Any], sentence: str) -> None:
    async def conversation(world: World) -> None:
        world.telegram.faults += [fault] if fault else []
        with socket.socket() as taken, socket.socket() as other:
            for one in (taken, other):
                one.bind(("0.0.0.0", 0))
            taken.listen()
            port, free = (one.getsockname()[1] for one in (taken, other))
            other.close()
            settings = {name: port if value == -1 else value for name, value in more.items()}
            settings = {"webhook_port": free, **settings} if "webhook" in settings else settings
            with pytest.raises(SeedbotError, match=sentence.replace("(", r"\(").replace(")", r"\)")):
                async with world.bot(**settings):
                    pass

    talk(conversation)


_HARMFUL = _PROGRAM.replace(
    "logs.set_up()",
    """
import os
class Harmed(SureLibrary):
    def ask(self, question, **more):
        if "poison" in question:
            os._exit(9)
        return super().ask(question, **more)
SureLibrary = Harmed
logs.set_up()""",
)


def test_a_question_that_ends_the_process_is_left_alone_by_the_third(talk: Run) -> None:
    """Others that were at work at the same time are answered all the same."""

    async def conversation(world: World) -> None:
        telegram = world.telegram
        own = {"TELEGRAM_BOT_TOKEN": TOKEN, "SEEDBOT_TELEGRAM__BASE_URL": f"{telegram.base}/bot"}
        own |= {"SEEDBOT_TELEGRAM__PUBLIC": "true", "SEEDBOT_ANSWER__READ": "0"}
        command = [sys.executable, "-c", _HARMFUL, str(world.seeds), str(world.library)]
        for chat in range(10, 16):
            telegram.text("poison tide?" if chat == 12 else "When is the tide highest?", chat=chat)
        codes = []
        for start in range(3):
            program = subprocess.Popen(command, env={**os.environ, **own}, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
            if start == 2:
                await telegram.until(lambda: {m["chat"]["id"] for m in telegram.sent} >= set(range(10, 16)), 60)
                program.terminate()
            codes.append(await asyncio.to_thread(program.wait, 60))
        assert codes == [9, 9, 0]
        texts = {m["chat"]["id"]: m["text"] for m in telegram.sent}
        assert texts.pop(12).startswith("I was cut off twice while I worked on this message")
        assert all("tide is highest" in text for text in texts.values())

    talk(conversation)


def _was_at_work(state: State, number: int, chat: int, text: str) -> None:
    sender = {"id": chat, "is_bot": False, "first_name": "x"}
    message = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}, "from": sender, "text": text}
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    row = state.receive(number, json.dumps({"update_id": number, "message": message}))
    assert row is not None
    state.begin(row)


def test_a_build_that_begins_anew_after_a_kill_holds_no_question_that_was_at_work_beside_it(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def slow(*_: object, **__: object) -> SyncReport:
        free.wait(60)  # longer than the reply is waited for
        return SyncReport(1)

    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)
    monkeypatch.setattr(Service, "sync", slow)

    async def conversation(world: World) -> None:
        world.library.mkdir()
        state = State(world.library / "telegram.sqlite")
        for number, (chat, text) in enumerate([(ADMIN, "/build"), (FRIEND, "When is the tide highest?")], 1):
            _was_at_work(state, number, chat, text)
        state.close()
        async with world.bot():
            try:
                assert "tide is highest" in (await world.telegram.reply(chat=FRIEND))["text"]
            finally:
                free.set()

    talk(conversation)


def test_what_may_not_use_the_bot_gets_no_excuse_either(talk: Run) -> None:
    async def conversation(world: World) -> None:
        world.library.mkdir()
        state = State(world.library / "telegram.sqlite")
        for chat in (STRANGER, ADMIN):
            sender = {"id": chat, "is_bot": False, "first_name": "x"}
            message = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}, "from": sender, "text": "x"}
            row = state.receive(chat, json.dumps({"update_id": chat, "message": message}))
            assert row is not None
            state.begin(row)
            state.begin(row)
        state.close()
        async with world.bot() as service:
            assert (await world.telegram.reply())["chat"]["id"] == ADMIN
            await _hears(world)
            await world.telegram.until(lambda: service.state.waiting() == [])
            assert len(world.telegram.sent) == 2

    talk(conversation)
