"""What goes wrong between the bot and Telegram, and what must not follow from it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from tests.conftest import REPOSITORY
from tests.telegram.conftest import FRIEND, STRANGER, Talk, World
from tests.telegram.server import TOKEN, FakeTelegram, Fault

Run = Callable[[Talk], None]


@pytest.mark.parametrize(
    ("fault", "copies"),
    [
        (Fault("429", times=3, method="sendMessage"), 1),
        (Fault("500", times=2, method="sendMessage"), 1),
        (Fault("502", times=2, method="sendMessage"), 1),
        (Fault("drop", times=2, method="sendMessage"), 1),
        (Fault("lost", times=1, method="sendMessage"), 2),  # Telegram had taken it: nobody can know
        (Fault("502", times=2, method="getUpdates"), 1),
        (Fault("drop", times=2, method="getUpdates"), 1),
        (Fault("500", times=3, method="setMyCommands"), 1),
        (Fault("502", times=2, method="getMe"), 1),
        (Fault("404", times=1, method="getMe"), 1),
        (Fault("ok-false", times=2, method="sendMessage"), 1),
        (Fault("404", times=1, method="sendMessage"), 1),
        (Fault("timeout", times=1, method="sendMessage"), 1),  # slow, but heard of
    ],
    ids=lambda value: f"{value.kind}-{value.method}" if isinstance(value, Fault) else str(value),
)
def test_a_fault_delays_an_answer_and_loses_none(talk: Run, fault: Fault, copies: int) -> None:
    async def conversation(world: World) -> None:
        world.telegram.faults.append(fault)
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.reply(copies)
            assert fault.times == 0
            await asyncio.sleep(0.2)
            assert len(world.telegram.sent) == copies

    talk(conversation)


def test_a_server_that_lacks_methods_is_lived_with(talk: Run) -> None:
    async def conversation(world: World) -> None:
        world.telegram.missing = {"setMyCommands", "sendChatAction"}
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            assert "the tide is highest" in (await world.telegram.reply())["text"]

    talk(conversation)


def test_somebody_who_blocked_the_bot_disturbs_nobody_else(talk: Run) -> None:
    async def conversation(world: World) -> None:
        world.telegram.blocked = {66}
        async with world.bot(public=True):
            world.telegram.text("When is the tide highest?", chat=66)
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.reply(1, chat=FRIEND)
            assert len(world.telegram.sent) == 1

    talk(conversation)


def test_old_callbacks_and_deleted_messages_are_lived_with(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            telegram._open_queries.clear()
            telegram._messages.clear()
            telegram.press(answer, "Next source")
            telegram._open_queries.clear()
            fresh = await telegram.reply(2)
            assert "Next source (3 of 3)" in str(fresh["reply_markup"])

    talk(conversation)


def test_duplicated_and_reordered_updates_are_answered_once(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            updates = []
            for number in range(6):
                telegram.text(f"When is the tide highest, case {number}?", chat=FRIEND)
                updates.append(telegram._updates.pop())
            telegram.deliver([updates[1], updates[0], updates[1], *updates[2:], updates[5], updates[3]])
            await telegram.reply(6)
            await asyncio.sleep(0.5)
            replied = Counter(m["reply_parameters"]["message_id"] for m in telegram.sent)
            assert len(telegram.sent) == 6
            assert set(replied.values()) == {1}

    talk(conversation)


def test_answers_keep_their_order_within_a_chat_and_go_to_the_right_one(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        asked: dict[int, list[int]] = defaultdict(list)
        async with world.bot(public=True, questions_per_minute=100):
            for number in range(10):
                for chat in range(100, 120):
                    asked[chat].append(telegram.text(f"When is the tide highest? {number}", chat=chat))
            await telegram.until(lambda: len(telegram.sent) == 200, 60)
        for chat, numbers in asked.items():
            replies = [m["reply_parameters"]["message_id"] for m in telegram.sent if m["chat"]["id"] == chat]
            assert replies == numbers

    talk(conversation)


def _garbage(source: random.Random, chat: int) -> dict[str, Any]:
    """An update of any kind with any of its parts missing, of the wrong type or of an absurd size."""
    kinds = [
        "message", "edited_message", "channel_post", "edited_channel_post", "business_message", "message_reaction",
        "inline_query", "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "poll",
        "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "nonsense",
        *["message", "callback_query", "inline_query"] * 6,
    ]  # fmt: skip
    user = {"id": chat, "is_bot": source.random() < 0.2, "first_name": "x" * source.choice([0, 1, 5000])}
    kind = source.choice(["private", "group", "supergroup", "channel", "?"])
    place = {"id": source.choice([chat, -chat]), "type": kind}
    text = source.choice(["", "x", "Where is x?", "/ask x", "/build", "🙂" * 5000, "\x00", "/start"])
    command = {"type": "bot_command", "offset": source.choice([0, 99]), "length": source.choice([4, -1, 10**9])}
    body: dict[str, Any] = {
        "message_id": source.choice([1, 2, 3, 10**12, -1]), "id": str(source.random()),
        "date": source.choice([0, 1, 2**40]), "chat": place, "from": user, "text": text,
        "query": "x" * source.choice([0, 1, 500]), "offset": "", "data": source.choice(["m:1:1", "a:1", "", "z" * 64]),
        "entities": source.choice([[], [command]]),
        "document": {"file_id": "x", "file_unique_id": "x", "file_size": source.choice([1, 10**12])},
        "sticker": {"bad": []}, "reply_to_message": source.choice([None, {}, {"message_id": 1}]), "chat_instance": "x",
    }  # fmt: skip
    seldom = ("document", "sticker", "reply_to_message")  # with which hardly any message can be read
    kept = {name: value for name, value in body.items() if source.random() < (0.2 if name in seldom else 0.9)}
    if kept and source.random() < 0.3:
        kept[source.choice(list(kept))] = source.choice([None, [], {}, "x", -1, 1e300, True])
    return {source.choice(kinds): source.choice([kept, kept, kept, [], "x", None])}


def _deliver_garbage(telegram: FakeTelegram) -> None:
    """A thousand updates of garbage, from fifty people, and some that are no updates."""
    source = random.Random(5)
    made = [{"update_id": next(telegram._numbers), **_garbage(source, 1000 + n % 50)} for n in range(1000)]
    telegram.deliver([*made, {"no": "number"}, {"update_id": "x"}, {"update_id": next(telegram._numbers)}])


def _failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_garbage_of_strangers_crashes_nothing_and_gets_nothing(talk: Run, caplog: pytest.LogCaptureFixture) -> None:
    """A question of somebody who may use the bot is answered after it."""

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(admins=(), users=(FRIEND,)):
            _deliver_garbage(telegram)
            telegram.text("When is the tide highest?", chat=FRIEND)
            await telegram.reply(1, chat=FRIEND)
            strangers = [m["text"] for m in telegram.sent if m["chat"]["id"] != FRIEND]
            assert strangers
            assert all("may not use" in text for text in strangers)
            assert telegram.documents == []

    talk(conversation)
    assert _failures(caplog) == []


def test_garbage_of_people_who_may_use_the_bot_crashes_nothing(talk: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Half of them are admins."""

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(admins=range(1000, 1025), public=True) as service:
            _deliver_garbage(telegram)
            telegram.text("When is the tide highest?", chat=FRIEND)
            await telegram.reply(1, chat=FRIEND)
            await telegram.until(lambda: not service.state.waiting())
            said = [m["text"] for m in telegram.sent if m["chat"]["id"] != FRIEND]
            assert any(text.startswith("Not in your sources.") for text in said), "some of it is a question"
            told = [*said, *(str(parameters) for _, parameters in telegram.calls)]
            assert not any("Something went wrong" in text for text in told)

    talk(conversation)
    assert _failures(caplog) == []


_PROGRAM = """
import sys
from pathlib import Path
from bot import logs
from tests.telegram.conftest import SureLibrary
from bot.settings import load_settings
from bot.telegram import running
from retrieval.testing import FakeEmbedder
logs.set_up()
settings = load_settings(seeds=Path(sys.argv[1]), library=Path(sys.argv[2]))
with SureLibrary.open(settings, embedder=FakeEmbedder()) as library:
    library.sync()
    running.run(library, settings)
"""


def _start(world: World, **environment: str) -> subprocess.Popen[str]:
    own = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "SEEDBOT_TELEGRAM__BASE_URL": f"{world.telegram.base}/bot",
        "SEEDBOT_TELEGRAM__BASE_FILE_URL": f"{world.telegram.base}/file/bot",
        "SEEDBOT_TELEGRAM__PUBLIC": "true",
        "SEEDBOT_TELEGRAM__QUESTIONS_PER_MINUTE": "1000",
        "SEEDBOT_ANSWER__READ": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(world.seeds), str(world.library)],
        env={**os.environ, **own, **environment},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_hundred_questions_survive_restarts_and_kills(talk: Run) -> None:
    """Each question is answered; once where the bot was stopped, at most twice where it was killed."""

    async def conversation(world: World) -> None:
        telegram = world.telegram

        asked: set[tuple[int, int]] = set()

        def ask(rounds: int) -> None:
            for number in range(rounds):
                asked.update(
                    (chat, telegram.text(f"When is the tide highest? {number}", chat=chat)) for chat in range(10, 30)
                )

        async def run_until(count: int, number: signal.Signals) -> None:
            program = _start(world)
            try:
                await telegram.until(lambda: len(telegram.sent) >= count, 60)
            finally:
                program.send_signal(number)
                await asyncio.to_thread(program.communicate)

        ask(5)
        await run_until(30, signal.SIGTERM)
        assert set(Counter(map(_key, telegram.sent)).values()) == {1}
        ask(5)
        await run_until(len(telegram.sent) + 20, signal.SIGKILL)
        await run_until(200, signal.SIGTERM)
        answered = Counter(map(_key, telegram.sent))
        assert set(answered) == asked
        assert len(asked) == 200
        assert max(answered.values()) <= 2

    talk(conversation)


def _key(message: dict[str, Any]) -> tuple[int, int]:
    return message["chat"]["id"], message["reply_parameters"]["message_id"]


def test_logs_tell_what_happened_but_neither_the_token_nor_the_question(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.faults += [Fault("502", 2, "sendMessage"), Fault("500", 1, "getUpdates")]
        program = _start(world, SEEDBOT_DEBUG="1")
        telegram.text("When is the tide highest?", chat=FRIEND)
        await telegram.reply()
        await asyncio.sleep(0.3)
        program.terminate()
        out, err = await asyncio.to_thread(program.communicate)
        assert program.returncode == 0
        assert TOKEN not in out + err
        assert TOKEN.split(":")[1] not in out + err
        events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        answered = [event for event in events if event["event"] == "answered"]
        assert [event["chat"] for event in answered] == [FRIEND]
        own = [line for line in err.splitlines() if '"from": "bot.' in line]
        assert own
        assert not any("tide highest" in line for line in own)

    talk(conversation)


def test_the_secret_of_a_webhook_is_not_logged_either(talk: Run) -> None:
    async def conversation(world: World) -> None:
        own = {"SEEDBOT_DEBUG": "1", "SEEDBOT_TELEGRAM__WEBHOOK": "https://bot.example.org"}
        own["SEEDBOT_TELEGRAM__WEBHOOK_SECRET"] = "hook-secret-77"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            own["SEEDBOT_TELEGRAM__WEBHOOK_PORT"] = str(probe.getsockname()[1])
        program = _start(world, **own)
        await world.telegram.until(lambda: world.telegram.webhook, 60)
        program.terminate()
        out, err = await asyncio.to_thread(program.communicate)
        assert world.telegram.webhook["secret_token"] == "hook-secret-77"
        assert "setWebhook" in err
        assert "hook-secret-77" not in out + err
        assert TOKEN.split(":")[1] not in out + err

    talk(conversation)


def test_no_log_at_any_level_shows_a_hidden_secret() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    for formatter in (logs._Plain("%(message)s"), logs._Structured()):
        handler.setFormatter(formatter)
        logs.hide("42:very-secret")
        try:
            raise RuntimeError("with 42:very-secret inside")
        except RuntimeError:
            record = logging.LogRecord("x", 40, "f", 1, "url %s", ("/bot42:very-secret/getMe",), sys.exc_info())
            handler.emit(record)
    assert "very-secret" not in out.getvalue()
    assert out.getvalue().count("[secret]") >= 4


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"TELEGRAM_BOT_TOKEN": "1:wrong"}, "Telegram does not know this token: copy it again from @BotFather."),
        (
            {"SEEDBOT_TELEGRAM__BASE_URL": "http://127.0.0.1:9/bot"},
            "Telegram cannot be reached at http://127.0.0.1:9 (NetworkError): check the network and try again.",
        ),
        ({}, "Another program is already receiving this bot's messages: stop it, or make a bot of its own."),
    ],
    ids=["wrong token", "no network", "second poller"],
)
def test_a_start_that_cannot_succeed_ends_in_one_sentence(
    talk: Run, environment: dict[str, str], sentence: str, built: Path
) -> None:
    async def conversation(world: World) -> None:
        world.telegram.conflict = True
        own = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "SEEDBOT_TELEGRAM__BASE_URL": f"{world.telegram.base}/bot",
            "SEEDBOT_LIBRARY": str(built),
            "SEEDBOT_SEEDS": str(REPOSITORY / "seeds"),
            "SEEDBOT_TELEGRAM__PUBLIC": "true",
        }
        command = [Path(sys.executable).with_name("seedbot"), "telegram"]
        started = asyncio.to_thread(
            subprocess.run,
            command,
            env={**os.environ, **own, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        done = await started
        assert done.returncode == 1
        plain = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        assert plain == [f"seedbot: {sentence}"]
        assert done.stdout == ""

    talk(conversation)


def test_without_a_token_a_few_lines_say_how_to_get_one_and_how_to_learn_ones_id() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TELEGRAM_BOT_TOKEN"}
    command = [Path(sys.executable).with_name("seedbot"), "telegram"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 1
    told, *steps = done.stderr.splitlines()
    assert told == "seedbot: There is no token for the bot."
    assert [step[:2] for step in steps] == ["1.", "2.", "3.", "  "]
    assert "@BotFather" in steps[0]
    assert steps[1].endswith(": TELEGRAM_BOT_TOKEN=<token> seedbot telegram")  # starts without the id, which it tells
    assert "tells you your id" in steps[2]
    assert steps[3].strip() == "TELEGRAM_BOT_TOKEN=<token> SEEDBOT_TELEGRAM__ADMINS=<your id> seedbot telegram"


def test_a_bot_that_nobody_may_use_tells_ones_id_and_its_log_what_to_do_with_it(
    talk: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(admins=(), users=(), groups=()):
            world.telegram.text("Hello?", chat=STRANGER)
            assert (await world.telegram.reply())["text"] == f"You may not use this bot. Your id is {STRANGER}."
        assert "write to it, and set SEEDBOT_TELEGRAM__ADMINS to the id it tells you" in caplog.text

    talk(conversation)


def test_a_webhook_is_served_with_its_secret_and_a_health_check(talk: Run) -> None:
    import socket
    import urllib.error
    import urllib.request

    def free_port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    async def conversation(world: World) -> None:
        telegram: FakeTelegram = world.telegram
        port, health = free_port(), free_port()
        secret = "only-telegram-knows"
        hook = {"webhook": "https://bot.example.org", "webhook_port": port, "webhook_secret": secret}

        def post(body: dict[str, Any], token: str) -> int:
            headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": token}
            address = f"http://127.0.0.1:{port}/telegram"
            request = urllib.request.Request(address, json.dumps(body).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        async with world.bot(**hook, health_port=health):
            assert telegram.webhook["url"] == "https://bot.example.org/telegram"
            assert telegram.webhook["secret_token"] == secret
            telegram.text("When is the tide highest?", chat=FRIEND)
            update = telegram._updates.pop()
            assert await asyncio.to_thread(post, update, "guessed") == 403
            assert await asyncio.to_thread(post, update, secret) == 200
            assert len(world.after_a_power_cut("SELECT 1 FROM updates")) == 1
            assert "tide is highest" in (await telegram.reply())["text"]
            assert await asyncio.to_thread(post, update, secret) == 200  # the same once more
            assert await asyncio.to_thread(post, {"update_id": 5, "message": []}, secret) in (200, 400)
            page = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{health}/health")
            assert json.loads(page.read()) == {"ok": True, "generation": 1}
            await asyncio.sleep(0.2)
            assert len(telegram.sent) == 1

    talk(conversation)


def test_a_new_generation_is_picked_up_without_dropping_a_question(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(public=True, questions_per_minute=1000) as service:
            for round_number in range(3):
                (world.seeds / "ferry.txt").write_text(f"The ferry leaves at {round_number} o'clock.\n")
                build = asyncio.create_task(service.in_pool(service.library.sync))
                for number in range(20):
                    telegram.text("When does the ferry leave?", chat=200 + number)
                await telegram.until(lambda: len(telegram.sent) == 20 * (round_number + 1), 30)  # noqa: B023 - awaited here
                await build
            telegram.text("When does the ferry leave?", chat=FRIEND)
            assert "leaves at 2 o'clock" in (await telegram.reply(1, chat=FRIEND))["text"]

    started = time.monotonic()
    talk(conversation)
    assert time.monotonic() - started < 60
