"""Servers that stand in for Telegram and leave things out, and the small words of the bot that people meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.telegram import answers
from bot.telegram.reading import readable
from bot.telegram.state import State
from retrieval.types import Answer, Citation, Excerpt, Span
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, Talk, World
from tests.telegram.server import BOT, Refused

Run = Callable[[Talk], None]

_CHAT = {"id": FRIEND, "type": "private"}
_FROM = {"id": FRIEND, "is_bot": False, "first_name": "x"}


def test_messages_of_least_content_are_answered(talk: Run) -> None:
    """No entities, no date, no sender apart from the chat, no `is_bot`."""

    async def conversation(world: World) -> None:
        telegram = world.telegram
        asked = {"message_id": 1, "text": "When is the tide highest?"}
        group = {"id": GROUP, "type": "supergroup"}
        sent: list[tuple[dict[str, Any], str]] = [
            (asked | {"chat": _CHAT, "date": 1}, "tide is highest"),
            (asked | {"chat": _CHAT, "from": _FROM}, "tide is highest"),
            (asked | {"chat": {"id": FRIEND}, "from": {"id": FRIEND}}, "tide is highest"),
            (asked | {"chat": _CHAT, "text": "/status"}, "2 documents"),
            (asked | {"chat": _CHAT, "text": "/filter\ntides.md"}, "1 document will be asked"),
            (asked | {"chat": _CHAT, "text": "/ask\nWhen is the tide lowest?"}, "tide is lowest"),
            (asked | {"chat": group, "from": _FROM, "text": f"@{BOT['username']} tide highest?"}, "tide is highest"),
            (
                asked | {"chat": group, "from": _FROM, "text": f"/ask@{BOT['username']} tide highest?"},
                "tide is highest",
            ),
        ]
        async with world.bot():
            for number, (message, wanted) in enumerate(sent, 1):
                telegram.update(message=message)
                assert wanted in (await telegram.reply(number))["text"], message

    talk(conversation)


def test_queries_of_least_content_are_answered(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram._open_queries |= {"5": 0.0, "6": 0.0}
        async with world.bot():
            telegram.update(inline_query={"id": "5", "from": {"id": FRIEND}, "query": "tide highest"})
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            data = next(b["callback_data"] for row in answer["reply_markup"]["inline_keyboard"] for b in row)
            under = {"message_id": answer["message_id"], "chat": {"id": FRIEND}}
            telegram.update(callback_query={"id": "6", "from": {"id": FRIEND}, "data": data, "message": under})
            await telegram.until(lambda: "5" in telegram.inline and "6" in telegram.pressed)
            assert telegram.inline["5"]["results"]

    talk(conversation)


def test_a_bot_without_a_name_and_replies_with_a_number_alone_are_lived_with(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.reshaped["getMe"] = lambda _: {"id": BOT["id"]}
        telegram.reshaped["sendMessage"] = lambda sent: {"message_id": sent["message_id"]}
        telegram.reshaped["editMessageText"] = lambda sent: {"message_id": sent["message_id"]}
        async with world.bot():
            telegram.text("/help", chat=FRIEND)
            telegram.text("When is the tide highest?", chat=FRIEND)
            telegram.text("/build", chat=ADMIN)
            await telegram.until(lambda: telegram.edits and "unchanged" in telegram.edits[-1]["text"])
            await telegram.reply(2, chat=FRIEND)
            assert len(telegram.sent) == 3
            telegram.text("@ tide", chat=GROUP, user=7, group=True)
            telegram.text("/ask tide highest", chat=GROUP, user=7, group=True)
            await telegram.reply(1, chat=GROUP)
            await asyncio.sleep(0.2)
            assert len(telegram.sent) == 4

    talk(conversation)


@pytest.mark.parametrize("row", [None, [], "x", {}, {"update_id": "7"}, {"update_id": True}, {"update_id": 2**63}])
def test_a_row_without_a_number_is_no_update(row: object) -> None:
    assert readable(row) is None


def test_what_cannot_be_read_keeps_its_number_alone() -> None:
    assert readable({"update_id": 7, "message": {"message_id": 1}}) == {"update_id": 7}
    assert readable({"update_id": 7, "message": {"message_id": 1, "chat": {"id": [], "type": "private"}}}) == {
        "update_id": 7
    }


@pytest.mark.parametrize("value", [5, True, None, [], {}, 1e300])
def test_what_should_be_a_text_and_is_none_is_taken_out(value: object) -> None:
    message = {"message_id": 1, "chat": _CHAT, "from": _FROM}
    for kind, name, rest in (
        ("message", "text", message),
        ("message", "caption", message),
        ("callback_query", "data", {"id": "1", "from": _FROM, "message": message}),
        ("inline_query", "query", {"id": "1", "from": _FROM}),
    ):
        read = readable({"update_id": 1, kind: rest | {name: value}})
        assert read is not None
        assert read[kind].get(name, "") == ""


def test_entities_that_a_server_sends_are_left_alone() -> None:
    own = [{"type": "code", "offset": 0, "length": 6}]
    message = {"message_id": 1, "date": 1, "chat": _CHAT, "from": _FROM, "text": "/start", "entities": own}
    read = readable({"update_id": 7, "message": message})
    assert read is not None
    assert read["message"]["entities"] == own
    read = readable({"update_id": 7, "message": message | {"text": "🙂 @name", "entities": []}})
    assert read is not None
    assert read["message"]["entities"] == [{"type": "mention", "offset": 3, "length": 5}]


@pytest.mark.parametrize(
    ("replied", "quote"),
    [
        (
            {
                "text": "🙂🙂🙂 @x When is the tide highest?",
                "entities": [{"type": "mention", "offset": 3, "length": 2}],
            },
            {},
        ),
        ({"text": "When is the tide highest?", "entities": [{"type": "mention", "offset": None, "length": 2}]}, {}),
        ({"photo": [], "caption_entities": [{"type": "mention", "offset": 0, "length": 2}]}, {"text": "tide highest?"}),
        ({"text": "When is the tide highest?"}, {"text": 5}),
    ],
    ids=["counted in characters", "no offset", "no caption", "quote that is no text"],
)
def test_what_a_bare_ask_replies_to_may_have_odd_entities(
    talk: Run, replied: dict[str, Any], quote: dict[str, Any]
) -> None:
    async def conversation(world: World) -> None:
        told: dict[str, Any] = {"reply_to_message": {"message_id": 1, "date": 1, **replied}}
        if quote:
            told["quote"] = {"position": 0, "is_manual": True, **quote}
        async with world.bot():
            world.telegram.text("/ask", chat=FRIEND, **told)
            assert "tide is highest" in (await world.telegram.reply())["text"]

    talk(conversation)


def test_service_messages_get_silence(talk: Run) -> None:
    async def conversation(world: World) -> None:
        pinned = {"pinned_message": {"message_id": 1, "date": 1, "chat": _CHAT}}
        timer = {"message_auto_delete_timer_changed": {"message_auto_delete_time": 5}}
        async with world.bot():
            for content in (pinned, timer, {"write_access_allowed": {}}):
                world.telegram.update(message={"message_id": 5, "date": 1, "chat": _CHAT, "from": _FROM, **content})
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            await world.telegram.reply()
            await asyncio.sleep(0.2)
            assert len(world.telegram.sent) == 1

    talk(conversation)


def test_a_refusal_names_the_filter_and_errors_name_commands_of_the_chat(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/filter ferry.txt", chat=FRIEND)
            telegram.text("When is the tide highest?", chat=FRIEND)
            refusal = (await telegram.reply(2))["text"]
            assert refusal.startswith("Not in your sources.")
            assert refusal.endswith("Only these documents were asked: ferry.txt. /filter off asks all.")
            telegram.text("/source nowhere", chat=FRIEND)
            said = (await telegram.reply(3))["text"]
            assert "seedbot" not in said
            assert "/sources" in said

    talk(conversation)


def test_an_answer_names_the_filter_in_its_first_message(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, told = world.telegram, "Only these documents were asked: tides.md. /filter off asks all."
        async with world.bot():
            telegram.text("/filter tides.md", chat=FRIEND)
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply(2)
            assert answer["text"].endswith(f"\n\nAnswered: almost certainly (95%)\n{told}")

    talk(conversation)


def test_a_filter_that_matches_nothing_any_more_is_named_with_the_way_out(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("/filter ferry.txt", chat=FRIEND)
            await telegram.reply()
            (world.seeds / "ferry.txt").unlink()
            await service.in_turn(service.sync)
            telegram.text("When is the tide highest?", chat=FRIEND)
            said = (await telegram.reply(2))["text"]
            assert said.startswith("No document matches 'ferry.txt'")
            assert said.endswith(" This chat asks only ferry.txt: /filter off asks all.")
            telegram.text("/filter off", chat=FRIEND)
            telegram.text("When is the tide highest?", chat=FRIEND)
            assert "tide is highest" in (await telegram.reply(4))["text"]

    talk(conversation)


def test_help_has_an_example_of_a_library_without_headings_and_tells_admins_their_commands(talk: Run) -> None:
    async def conversation(world: World) -> None:
        (world.seeds / "tides.md").unlink()
        async with world.bot():
            world.telegram.text("/help", chat=FRIEND)
            told = (await world.telegram.reply(1, chat=FRIEND))["text"]
            assert "For example: What does “ferry” say about “leaves”?" in told
            assert "/build" not in told
            world.telegram.text("/help", chat=ADMIN)
            assert "/build, /remove, /allow, /deny" in (await world.telegram.reply(1, chat=ADMIN))["text"]

    talk(conversation)


def test_an_admin_gets_the_menu_at_the_first_message(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        set_commands, known = telegram._setMyCommands, []

        async def set_of_known(values: dict[str, Any]) -> Any:
            if (values.get("scope") or {}).get("type") == "chat" and not known:
                raise Refused(400, "Bad Request: chat not found")
            return await set_commands(values)

        telegram._setMyCommands = set_of_known  # type: ignore[method-assign]
        async with world.bot() as service:
            await telegram.until(lambda: len([name for name, _ in telegram.calls if name == "setMyCommands"]) == 3)
            known.append(ADMIN)
            telegram.text("/start", chat=ADMIN)
            await telegram.until(lambda: len([name for name, _ in telegram.calls if name == "setMyCommands"]) == 4)
            await telegram.until(lambda: not service.lacking_menus)
            scopes = [values.get("scope") or {} for name, values in telegram.calls if name == "setMyCommands"]
            assert str(scopes[-1]["chat_id"]) == str(ADMIN)

    talk(conversation)


def test_questions_that_got_no_answer_are_named_under_those_that_did(tmp_path: Any) -> None:
    place = Citation("pole.txt", "Pole", None, 0, 8, 1, None, (), "ab")
    excerpt = Excerpt(1, "By dogs.", (Span(0, 8),), 0.5, place, answer=Span(3, 7), part="How?", confidence=0.9)
    state = State(tmp_path / "state.sqlite")
    answer = Answer("How? Who?", True, 0.9, (excerpt,), 1, 1.0, (), ("Who?",))
    kept = state.answer(state.keep_answer(1, 1, answer).id)
    assert kept is not None
    assert kept.answer.unanswered == ("Who?",)
    assert kept.answer.excerpts == (excerpt,)
    text = answers.shown(kept.answer, 1)
    assert text.text.startswith("How?\nBy dogs.\n")
    assert "\n\nNot in your sources: “Who?”\n\n" in text.text
    assert [text.text[e.offset : e.offset + e.length] for e in text.entities if e.type == "underline"] == ["dogs"]
    state._write("ALTER TABLE answers DROP COLUMN unanswered")
    state.close()
    state = State(tmp_path / "state.sqlite")
    old = state.answer(kept.id)
    assert old is not None
    assert old.answer.unanswered == ()
    state.close()
