"""Answers arrive: through outages of hours, through a stop in the middle of one, and past somebody who is throttled."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from telegram import InputFile
from telegram.error import TimedOut

from bot.telegram import buttons, inbox, running, sending
from bot.telegram.access import Limits
from bot.telegram.connection import SeedBot
from bot.telegram.formatting import Formatted
from bot.telegram.service import Service
from retrieval.types import Citation, Filter, Verification
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, STRANGER, Talk, World, number_of
from tests.telegram.server import TOKEN, Fault, units

Run = Callable[[Talk], None]


def _slow(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers take long enough for the typing sign."""
    ask = service.library.ask

    def slow(*words: Any, **more: Any) -> Any:
        time.sleep(0.6)
        return ask(*words, **more)

    monkeypatch.setattr(service.library, "ask", slow)


def _answers(service: Service, monkeypatch: pytest.MonkeyPatch, texts: tuple[str, ...]) -> None:
    """Answers consist of these excerpts."""
    ask = service.library.ask

    def fixed(*words: Any, **more: Any) -> Any:
        answer = ask(*words, **more)
        made = zip(answer.excerpts, texts, strict=True)
        return replace(answer, excerpts=tuple(replace(one, text=text, highlights=()) for one, text in made))

    monkeypatch.setattr(service.library, "ask", fixed)


def test_an_outage_of_forty_failures_loses_no_answer(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the pauses of an operation that is some twenty minutes; here they are shorter."""
    monkeypatch.setattr(sending, "_LONGEST_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(sending, "_FIRST_WAIT_SECONDS", 0.01)

    async def conversation(world: World) -> None:
        faults = [Fault("502", 30, "sendMessage"), Fault("drop", 10, "sendMessage")]
        world.telegram.faults += faults
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            assert "tide is highest" in (await world.telegram.reply())["text"]
            assert [fault.times for fault in faults] == [0, 0]

    talk(conversation)


def test_a_stop_in_an_outage_is_quick_and_the_answer_comes_after_the_restart(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_STOP_SECONDS", 0.5)

    async def conversation(world: World) -> None:
        outage = Fault("502", 10**6, "sendMessage")
        world.telegram.faults.append(outage)
        async with world.bot() as service:
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.until(lambda: outage.times < 10**6)
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 10
        world.telegram.faults.clear()
        async with world.bot() as service:
            assert "tide is highest" in (await world.telegram.reply())["text"]
            await world.telegram.until(lambda: service.state.waiting() == [])
            assert len(world.telegram.sent) == 1

    talk(conversation)


def test_a_throttled_chat_holds_nobody_else(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_STOP_SECONDS", 0.5)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.faults.append(Fault("429", 1, "sendMessage", retry_after=600, chat=STRANGER))
        async with world.bot(public=True):
            telegram.text("When is the tide highest?", chat=STRANGER)
            await telegram.until(lambda: telegram.faults[0].times == 0)
            telegram.text("When is the tide highest?", chat=FRIEND)
            assert (await telegram.reply())["chat"]["id"] == FRIEND

    talk(conversation)


@pytest.mark.parametrize("method", ["sendChatAction", "setMyCommands"])
@pytest.mark.parametrize("kind", ["429", "timeout"])
def test_what_nobody_waits_for_delays_no_answer(
    talk: Run, method: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.faults.append(Fault(kind, 5, method, retry_after=600))
        async with world.bot() as service:
            _slow(service, monkeypatch)
            await telegram.until(lambda: method != "setMyCommands" or telegram.faults[0].times < 5)
            asked = time.monotonic()
            telegram.text("When is the tide highest?", chat=FRIEND)
            await telegram.reply()
            assert time.monotonic() - asked < 6  # the hanging call takes eight

    talk(conversation)


def test_the_typing_sign_is_shown_at_once_and_not_after_the_answer(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.reply()
            await asyncio.sleep(0.2)
            shown = [int(values["chat_id"]) for name, values in world.telegram.calls if name == "sendChatAction"]
            assert shown == [FRIEND]

    talk(conversation)


def test_a_message_that_is_refused_for_its_form_is_sent_without(talk: Run) -> None:
    async def conversation(world: World) -> None:
        world.telegram.unknown_entities = {"blockquote", "expandable_blockquote"}
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            reply = await world.telegram.reply()
            assert "tide is highest" in reply["text"]
            assert "entities" not in reply
            assert "reply_markup" in reply

    talk(conversation)


def test_a_character_longer_than_a_message_is_cut_between_its_parts(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            _answers(service, monkeypatch, ("tide e" + "\u0301" * 6000, "tide", "tide"))
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.until(lambda: len(world.telegram.sent) == 2)
            assert all(units(message["text"]) <= 4096 for message in world.telegram.sent)
            assert world.telegram.refused == []

    talk(conversation)


def test_replies_stay_in_their_topic(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            topic = {"message_thread_id": 9, "is_topic_message": True}
            telegram.text("/ask When is the tide highest?", chat=GROUP, user=7, group=True, **topic)
            answer = {**await telegram.reply(), **topic}
            telegram.press(answer, "More context", user=7)
            await telegram.reply(2)
            telegram.press(answer, "Get file", user=7)
            await telegram.until(lambda: telegram.documents)
            assert [int(m["message_thread_id"]) for m in (*telegram.sent, *telegram.documents)] == [9, 9, 9]

    talk(conversation)


def test_a_failure_is_told_in_the_topic_of_the_message(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            monkeypatch.setattr(service.library, "ask", fails)
            topic = {"message_thread_id": 9, "is_topic_message": True}
            asked = telegram.text("/ask When is the tide highest?", chat=GROUP, user=7, group=True, **topic)
            told = await telegram.reply()
            assert told["text"].startswith("Something went wrong here")
            assert int(told["message_thread_id"]) == 9
            assert told["reply_parameters"]["message_id"] == asked

    talk(conversation)


def test_a_file_that_telegram_is_slow_to_take_is_sent_once(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "_UPLOAD_SECONDS", 0.2)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/source tides.md", chat=FRIEND)
            telegram.faults.append(Fault("timeout", 3, "sendDocument"))
            pressed = time.monotonic()
            telegram.press(await telegram.reply(), "Get file")
            told = await telegram.reply(2)
            assert time.monotonic() - pressed < 4  # not the five seconds of every other call
            assert told["text"] == "Telegram does not say whether it took the file: it may still arrive."
            assert telegram.faults[0].times == 2

    talk(conversation)


def test_a_file_that_is_sent_again_arrives_whole(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/source tides.md", chat=FRIEND)
            telegram.faults.append(Fault("502", 1, "sendDocument"))
            telegram.press(await telegram.reply(), "Get file")
            await telegram.until(lambda: telegram.documents)
            assert telegram.documents[0]["file_data"] == (world.seeds / "tides.md").read_bytes()

    talk(conversation)


def test_files_are_sent_piece_by_piece(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram, free = world.telegram, asyncio.Event()
        sent: list[InputFile] = []

        async def slow(_: SeedBot, chat: int, document: InputFile, **more: Any) -> None:
            sent.append(document)
            await free.wait()

        monkeypatch.setattr(SeedBot, "send_document", slow)
        async with world.bot():
            telegram.text("/source tides.md", chat=FRIEND)
            found = await telegram.reply()
            telegram.press(found, "Get file")
            await telegram.until(lambda: sent)
            assert sent[0].filename == "tides.md"
            assert not isinstance(sent[0].input_file_content, bytes)
            free.set()

    talk(conversation)


def test_a_file_that_goes_before_telegram_takes_it_is_told(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram

        async def late(_: SeedBot, *__: Any, **___: Any) -> None:
            (world.seeds / "tides.md").unlink()
            raise TimedOut from httpx.ConnectTimeout("slow")

        monkeypatch.setattr(SeedBot, "send_document", late)
        async with world.bot():
            telegram.text("/source tides.md", chat=FRIEND)
            telegram.press(await telegram.reply(), "Get file")
            assert (await telegram.reply(2))["text"] == "The file is gone from the folder."

    talk(conversation)


@pytest.mark.parametrize(
    ("cause", "tries"), [(httpx.ReadTimeout, 2), (httpx.ConnectTimeout, 5), (httpx.PoolTimeout, 5)]
)
def test_a_message_that_may_have_arrived_is_sent_once_more_and_no_oftener(
    monkeypatch: pytest.MonkeyPatch, cause: type[Exception], tries: int
) -> None:
    monkeypatch.setattr(sending, "_FIRST_WAIT_SECONDS", 0.0)
    tried: list[str] = []

    async def silent(chat: int, text: str, **form: Any) -> str:
        tried.append(text)
        if tried.count(text) < 5:
            raise TimedOut from cause("slow")
        return text

    async def there() -> None:
        tried.append("there?")

    bot: Any = SimpleNamespace(send_message=silent, get_me=there)
    sent = asyncio.run(sending.send(bot, FRIEND, Formatted("At noon.")))
    assert [one for one in tried if one == "At noon."] == ["At noon."] * tries
    assert ("there?" in tried) == (tries == 2)
    assert sent == (None if tries == 2 else "At noon.")


def test_a_message_waits_until_telegram_answers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy that reaches nobody every call ends as one that may have been done."""
    monkeypatch.setattr(sending, "_FIRST_WAIT_SECONDS", 0.0)
    silences = 6

    async def through(*_: object, **__: object) -> str:
        nonlocal silences
        silences -= 1
        if silences >= 0:
            raise TimedOut from httpx.ReadTimeout("slow")
        return "At noon."

    bot: Any = SimpleNamespace(send_message=through, get_me=through)
    assert asyncio.run(sending.send(bot, FRIEND, Formatted("At noon."))) == "At noon."


def test_telegram_has_half_a_minute_to_answer() -> None:
    assert SeedBot(TOKEN, "http://127.0.0.1:9/bot", "http://127.0.0.1:9/file/bot").request.read_timeout == 30


def test_the_next_source_of_an_answer_in_parts_is_a_message_of_its_own(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            _answers(service, monkeypatch, ("🙂 tide " * 900, "short tide", "🙂 tide " * 900))
            telegram.text("When is the tide highest?", chat=FRIEND)
            last = await telegram.reply(2)
            telegram.press(last, "Next source")
            short = await telegram.reply(3)
            assert short["text"].startswith("short tide")
            assert short["reply_parameters"]["message_id"] == last["message_id"]
            telegram.press(short, "Next source")
            await telegram.reply(5)
            assert telegram.edits == []

    talk(conversation)


def test_the_next_source_of_an_answer_in_parts_for_its_filter_is_a_message_of_its_own_too(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            _answers(service, monkeypatch, ("tide " * 720, "short tide"))
            service.state.set_filter(FRIEND, Filter(f"[{'t' * 500}]ides.md"))
            telegram.text("When is the tide highest?", chat=FRIEND)
            last = await telegram.reply(2)
            assert last["text"].endswith("/filter off asks all.")
            service.state.set_filter(FRIEND, Filter())  # what was sent stays in parts
            telegram.press(last, "Next source")
            assert (await telegram.reply(3))["text"].startswith("short tide")
            assert telegram.edits == []

    talk(conversation)


def test_a_button_whose_work_fails_says_so(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            monkeypatch.setattr(service.library, "verify", fails)
            press = telegram.press(answer, "Verify")
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == "Something went wrong here. Please try again."

    talk(conversation)


def test_what_a_press_comes_to_is_a_message_where_telegram_has_forgotten_the_press(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            for data in (f"v:{number_of(answer)}:1", f"v:{number_of(answer)}:77"):
                telegram.press_data(answer, data)
                telegram._open_queries.clear()
            verdict, error = await telegram.reply(2), await telegram.reply(3)
            assert verdict["text"] == "Exact: stands there word for word."
            assert verdict["reply_parameters"]["message_id"] == answer["message_id"]
            assert error["text"] == "This answer is too old to be looked into. Please ask again."

    talk(conversation)


def test_what_a_press_comes_to_is_a_message_where_it_is_too_long_for_the_press(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            name = f"{'tides ' * 30}.md"
            (world.seeds / "tides.md").rename(world.seeds / name)
            await service.in_turn(service.sync)
            press = telegram.press(answer, "Verify")
            told = await telegram.reply(2)
            assert told["text"] == f"Moved: the file is gone or cannot be read; this stands in {name}."
            assert "text" not in telegram.pressed[press]

    talk(conversation)


def test_a_file_that_is_read_again_for_long_holds_no_question(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram, free, files = world.telegram, threading.Event(), []
        async with world.bot(workers=1) as service:
            verify = service.library.verify

            def slow(place: Citation, text: str) -> Verification:
                files.append(place.document)
                free.wait(20)
                return verify(place, text)

            monkeypatch.setattr(service.library, "verify", slow)
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            presses = [telegram.press(answer, "Verify") for _ in range(2)]
            telegram.text("When is the tide lowest?", chat=FRIEND)
            assert "tide is lowest" in (await telegram.reply(2))["text"]
            assert files == ["tides.md"]  # one after the other
            free.set()
            await telegram.until(lambda: set(presses) <= set(telegram.pressed))

    talk(conversation)


def test_a_file_that_hangs_when_it_is_asked_for_holds_no_question(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram, free, opens = world.telegram, threading.Event(), Path.open

        def slow(path: Path, *more: Any, **named: Any) -> Any:
            if path.name == "tides.md":
                free.wait(20)
            return opens(path, *more, **named)

        async with world.bot(workers=1):
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            monkeypatch.setattr(Path, "open", slow)
            telegram.press(answer, "Get file")
            telegram.text("When is the tide lowest?", chat=FRIEND)
            assert "tide is lowest" in (await telegram.reply(2))["text"]
            assert not telegram.documents
            free.set()
            await telegram.until(lambda: telegram.documents)

    talk(conversation)


def test_questions_count_in_the_minute_in_which_they_were_written(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, now = world.telegram, int(time.time())
        async with world.bot(questions_per_minute=1):
            for count, date in enumerate((now - 500, now - 400, now - 300, now + 500), 1):  # a clock that is ahead
                telegram.text("When is the tide highest?", chat=FRIEND, date=date)
                assert "tide is highest" in (await telegram.reply(count))["text"]
            telegram.text("When is the tide highest?", chat=FRIEND, date=1)  # which is not known
            assert (await telegram.reply(5))["text"].startswith("That is a lot of questions at once.")

    talk(conversation)


def test_no_more_questions_count_in_one_minute_than_may() -> None:
    limits = Limits(2)
    expected = [(500, True), (480, True), (460, False), (400, True), (350, True), (0, True), (500, False)]
    expected += [(430, True), (420, False), (200, True), (190, True), (195, False)]  # in another chat, served later
    assert [(ago, limits.admits(1, seconds_ago=ago)) for ago, _ in expected] == expected
    limits = Limits(3)
    assert all(limits.admits(1, seconds_ago=ago) for ago in (7200, 60, 6600, 6000, 5400, 4800))


def test_inline_queries_have_a_limit_of_their_own_and_say_what_is_the_matter(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    async def conversation(world: World) -> None:
        telegram = world.telegram

        async def label(query: str) -> str:
            await telegram.until(lambda: query in telegram.inline)
            return str(telegram.inline[query]["button"]["text"])

        async with world.bot(questions_per_minute=2) as service:
            queries = [telegram.ask_inline("tide highest", user=FRIEND) for _ in range(31)]
            assert await label(queries[-1]) == "Too many questions: wait a minute"
            assert telegram.inline[queries[29]]["results"]
            telegram.text("When is the tide highest?", chat=FRIEND)
            assert "tide is highest" in (await telegram.reply())["text"]
            monkeypatch.setattr(service.library, "ask", fails)
            assert await label(telegram.ask_inline("tide", user=ADMIN)) == "Something went wrong here: try again"

    talk(conversation)


def test_commands_have_a_limit_and_builds_hold_no_question(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(questions_per_minute=2, admins=(ADMIN, 3), workers=2) as service:
            for _ in range(15):
                telegram.text("/sources", chat=FRIEND)
            last = await telegram.reply(11, chat=FRIEND)
            assert last["text"] == "That is a lot at once. Please wait a minute, then go on."
            sync = service.library.sync

            def slow(*words: Any, **more: Any) -> Any:
                time.sleep(4)
                return sync(*words, **more)

            monkeypatch.setattr(service.library, "sync", slow)
            telegram.text("/build", chat=ADMIN)
            telegram.text("When is the tide lowest?", chat=ADMIN)
            telegram.text("/build", chat=3)
            assert "tide is lowest" in (await telegram.reply(2, chat=ADMIN))["text"]
            assert not telegram.edits
            await telegram.reply(1, chat=3)
            telegram.text("When is the tide highest?", chat=FRIEND)
            assert "tide is highest" in (await telegram.reply(12, chat=FRIEND))["text"]
            assert not telegram.edits

    talk(conversation)
