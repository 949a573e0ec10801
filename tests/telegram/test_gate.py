"""Nobody gets in by an error, by a forged delivery, or by a code that is taken for an id."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from bot import logs
from bot.settings import DEFAULT_CONFIG
from bot.telegram import access, receiving, running
from bot.telegram.service import Service
from bot.telegram.state import State
from retrieval.errors import SeedbotError
from retrieval.testing import FakeEmbedder
from retrieval.types import Filter
from tests.conftest import REPOSITORY
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, STRANGER, SureLibrary, Talk, World
from tests.telegram.server import TOKEN, Fault

Run = Callable[[Talk], None]

_SECRETS = ("tide is highest", "tides.md", "documents", "Something went wrong")


def _said_to(world: World, chat: int) -> list[str]:
    return [message["text"] for message in world.telegram.sent if message["chat"]["id"] == chat]


async def _friend_is_served(world: World) -> None:
    world.telegram.text("When is the tide highest?", chat=FRIEND)
    assert "tide is highest" in (await world.telegram.reply(1, chat=FRIEND))["text"]


@pytest.mark.parametrize("identity", [10**30, 2**60, [], {"a": 1}, "66", True, 1.5, None])
def test_an_id_that_is_none_gets_silence(talk: Run, identity: object) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            for text in ("/sources", "/source tides.md", "When is the tide highest?"):
                sender = {"id": identity, "is_bot": False, "first_name": "x"}
                message = world.telegram._new_message(STRANGER, "private", text=text)
                world.telegram.update(message=message | {"from": sender})
                world.telegram.update(message=message | {"from": sender, "chat": {"id": identity, "type": "private"}})
            await _friend_is_served(world)
            assert len(world.telegram.sent) == 1

    talk(conversation)


@pytest.mark.parametrize(
    "reply",
    [lambda _: True, lambda _: {}, lambda _: [], lambda sent: {"message_id": sent["message_id"]}, lambda _: None],
    ids=["true", "nothing in it", "list", "number only", "null"],
)
def test_a_server_that_answers_oddly_opens_no_door(talk: Run, reply: Callable[[Any], Any]) -> None:
    async def conversation(world: World) -> None:
        world.telegram.reshaped["sendMessage"] = reply
        async with world.bot():
            for text in ("When is the tide highest?", "/sources"):
                world.telegram.text(text, chat=STRANGER)
            await _friend_is_served(world)
            await world.telegram.reply(1, chat=STRANGER)
            assert len(_said_to(world, STRANGER)) == 1
            assert not any(word in _said_to(world, STRANGER)[0] for word in _SECRETS)

    talk(conversation)


def test_a_name_that_cannot_be_encoded_is_refused_like_any(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            message = world.telegram._new_message(STRANGER, "private", text="/sources")
            sender = {"id": STRANGER, "is_bot": False, "first_name": "x\ud83d"}
            world.telegram.update(message=message | {"from": sender})
            refusal = await world.telegram.reply(1, chat=STRANGER)
            assert refusal["text"].startswith("You may not use this bot.")
            assert "x\ufffd" in _said_to(world, ADMIN)[0]
            world.telegram.text("When is the tide \ud83d highest?", chat=FRIEND)
            await world.telegram.reply(1, chat=FRIEND)
            await asyncio.sleep(0.2)
            assert len(_said_to(world, STRANGER)) == 1

    talk(conversation)


def test_a_state_that_cannot_be_read_lets_nobody_in(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    async def conversation(world: World) -> None:
        async with world.bot() as service:
            with monkeypatch.context() as patched:
                patched.setattr(service.state, "allowed", full)
                world.telegram.text("When is the tide highest?", chat=STRANGER)
                world.telegram.text("When is the tide highest?", chat=FRIEND)
                world.telegram.text("/status", chat=ADMIN)  # whom no list has to allow
                await world.telegram.reply(1, chat=ADMIN)
                await asyncio.sleep(0.3)
            assert _said_to(world, STRANGER) == _said_to(world, FRIEND) == []

    talk(conversation)


def test_a_failure_is_not_told_to_who_may_not_use_the_bot(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:

            def fails(*_: object, **__: object) -> None:
                service.state.set_allowed(FRIEND, allowed=False)
                raise RuntimeError

            monkeypatch.setattr(service.library, "ask", fails)
            world.telegram.text("When is the tide highest?", chat=FRIEND)
            world.telegram.text("/status", chat=ADMIN)
            await world.telegram.until(lambda: service.state.allowed(FRIEND) is False)
            world.telegram.text("When is the tide highest?", chat=ADMIN)
            await world.telegram.until(lambda: "Something went wrong here" in "".join(_said_to(world, ADMIN)))
            assert _said_to(world, FRIEND) == []

    talk(conversation)


def test_whoever_is_refused_learns_the_id_to_allow_in_each_kind_of_update(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            query = telegram.ask_inline("tide highest", user=STRANGER)
            await telegram.until(lambda: query in telegram.inline)
            assert telegram.inline[query]["button"]["text"] == f"You may not use this bot: your id is {STRANGER}"
            for text in ("/help", "/ask tide", "/weather"):
                telegram.text(text, chat=-77, user=STRANGER, group=True)
            assert (await telegram.reply(1, chat=-77))["text"].endswith("/allow -77")
            telegram.text("/deny 7", chat=ADMIN)
            await telegram.reply(1, chat=ADMIN)
            telegram.text("/ask tide", chat=GROUP, user=7, group=True)
            assert (await telegram.reply(1, chat=GROUP))["text"] == "You may not use this bot. Your id is 7."
            await asyncio.sleep(0.2)
            assert len(_said_to(world, -77)) == 1

    talk(conversation)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_an_inline_query_in_a_group_says_how_to_ask_there_unless_one_is_denied(talk: Run, kind: str) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            service.state.set_allowed(8, allowed=False)
            told = {
                7: "Your id: 7. Not allowed; in an allowed group, just send it",
                8: "You may not use this bot: your id is 8",
            }
            for user, why in told.items():
                query = telegram.ask_inline("tide highest", user=user, chat_type=kind)
                await telegram.until(lambda query=query: query in telegram.inline)
                assert telegram.inline[query]["button"]["text"] == why

    talk(conversation)


@pytest.mark.parametrize(
    ("command", "button", "told", "allowed"),
    [
        ("/deny", "Allow", "That was decided already: they may not use the bot. /allow 66 changes it.", False),
        ("/allow", "Decline", "That was decided already: they may use the bot. /deny 66 changes it.", True),
    ],
)
def test_an_old_button_overturns_no_decision(talk: Run, command: str, button: str, told: str, allowed: bool) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("hello", chat=STRANGER)
            announced = await telegram.reply(1, chat=ADMIN)
            telegram.text(f"{command} {STRANGER}", chat=ADMIN)
            await telegram.reply(2, chat=ADMIN)
            press = telegram.press(announced, button)
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == told
            assert service.state.allowed(STRANGER) is allowed
            await telegram.until(lambda: announced["reply_markup"] is None)

    talk(conversation)


def test_declining_shuts_nobody_out_of_a_group_that_is_allowed(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("hello", chat=STRANGER)
            press = telegram.press(await telegram.reply(1, chat=ADMIN), "Decline")
            await telegram.until(lambda: press in telegram.pressed)
            told = f"Declined. /deny {STRANGER} keeps them out of allowed groups too."
            assert telegram.pressed[press]["text"] == told
            assert service.state.allowed(STRANGER) is None
            telegram.text("/ask when is the tide highest?", chat=GROUP, user=STRANGER, group=True)
            assert "tide is highest" in (await telegram.reply(1, chat=GROUP))["text"]

    talk(conversation)


def test_a_request_that_was_declined_is_settled_until_an_admin_says_otherwise(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(admins=(ADMIN, 3)) as service:
            telegram.text("hello", chat=STRANGER)
            first, second = await telegram.reply(1, chat=ADMIN), await telegram.reply(1, chat=3)
            telegram.press(first, "Decline")
            await telegram.until(lambda: service.state.is_declined(STRANGER))
            press = telegram.press(second, "Allow", user=3)
            await telegram.until(lambda: press in telegram.pressed)
            told = "That was decided already: they may not use the bot. /allow 66 changes it."
            assert telegram.pressed[press]["text"] == told
            service.limits._told.clear()
            telegram.text("hello again", chat=STRANGER)
            await telegram.reply(2, chat=STRANGER)
            assert _said_to(world, STRANGER)[-1] == f"You may not use this bot. Your id is {STRANGER}."
            assert len(_said_to(world, ADMIN)) == 1
            telegram.text(f"/allow {STRANGER}", chat=ADMIN)
            await telegram.reply(3, chat=STRANGER)
            assert service.access.permits(STRANGER)

    talk(conversation)


def test_a_request_that_was_declined_is_not_forgotten_for_newer_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.state._KEPT_PAIRINGS", 2)
    with closing(State(tmp_path / "state.sqlite")) as state:
        codes = [state.pairing_code(identity, "x")[0] for identity in (1, 2)]
        state.decline(1)
        codes += [state.pairing_code(identity, "x")[0] for identity in (3, 4)]
        assert [state.paired(code) for code in codes] == [1, None, 3, 4]


def test_a_newcomer_hears_of_a_decision_that_was_cut_off_by_a_stop(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_STOP_SECONDS", 0.5)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("hello", chat=STRANGER)
            announced = await telegram.reply(1, chat=ADMIN)
            await telegram.reply(1, chat=STRANGER)
            telegram.faults.append(Fault("502", 10**6, "sendMessage"))
            telegram.press(announced, "Allow")
            await telegram.until(lambda: service.state.allowed(STRANGER))
        telegram.faults.clear()
        async with world.bot():
            assert (await telegram.reply(2, chat=STRANGER))["text"].startswith("You may use this bot now")

    talk(conversation)


def test_a_code_of_digits_is_a_code_and_new_ones_begin_with_a_letter(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            service.state._write("INSERT INTO pairings (code, id, name) VALUES ('12345678', ?, 'x')", STRANGER)
            world.telegram.text("/allow 12345678", chat=ADMIN)
            await world.telegram.reply(1, chat=ADMIN)
            assert service.state.allowed(STRANGER) is True
            assert service.state.allowed(12345678) is None
            codes = [service.state.pairing_code(identity, "x")[0] for identity in range(100, 200)]
            assert all(code[0].isalpha() for code in codes)

    talk(conversation)


def test_several_ids_and_codes_are_decided_on_at_once_and_each_is_named(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("/deny 77 78,-79, please", chat=ADMIN)
            assert (await telegram.reply(1, chat=ADMIN))["text"].splitlines() == [
                "77: They may not use the bot.",
                "78: They may not use the bot.",
                "-79: This group may not use the bot.",
                "“please” is neither an id nor a code.",
            ]
            assert [service.state.allowed(one) for one in (77, 78, -79)] == [False, False, False]
            code, _ = service.state.pairing_code(STRANGER, "x")
            telegram.text(f"/allow {code},77", chat=ADMIN)
            told = f"{STRANGER}: They may use the bot now.\n77: They may use the bot now."
            assert (await telegram.reply(2, chat=ADMIN))["text"] == told
            assert [service.state.allowed(one) for one in (STRANGER, 77, 78)] == [True, True, False]

    talk(conversation)


@pytest.mark.parametrize("words", ["", " ,", " please", " 0"])
def test_without_an_id_or_a_code_the_reply_says_how_one_is_written(talk: Run, words: str) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.text(f"/deny{words}", chat=ADMIN)
            assert (await world.telegram.reply())["text"].startswith("Write an id or a code behind it")

    talk(conversation)


def test_denying_an_admin_says_how_that_is_done(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            world.telegram.text(f"/deny {ADMIN}", chat=ADMIN)
            assert "SEEDBOT_TELEGRAM__ADMINS" in (await world.telegram.reply())["text"]
            assert service.state.allowed(ADMIN) is None

    talk(conversation)


def test_admins_hear_of_ten_newcomers_an_hour(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            for stranger in range(100, 115):
                world.telegram.text("hello", chat=stranger)
            await world.telegram.until(lambda: len(world.telegram.sent) == 25)
            await asyncio.sleep(0.2)
            assert len(_said_to(world, ADMIN)) == 10

    talk(conversation)


def test_admins_hear_later_and_once_of_a_newcomer_they_were_not_told_of(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            for most, heard in ((0, 0), (10, 1), (10, 1)):
                monkeypatch.setattr(access, "_ANNOUNCEMENTS", most)
                before = len(_said_to(world, STRANGER))
                service.limits._told.clear()
                world.telegram.text("hello", chat=STRANGER)
                await world.telegram.reply(before + 1, chat=STRANGER)
                await asyncio.sleep(0.2)
                assert len(_said_to(world, ADMIN)) == heard

    talk(conversation)


def test_admins_hear_later_of_a_newcomer_whom_the_message_about_did_not_reach(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(admins=(ADMIN, 3)) as service:
            for turn, (blocked, heard) in enumerate([({ADMIN, 3}, 0), ({3}, 1), (set(), 1)], 1):
                world.telegram.blocked = blocked
                service.limits._told.clear()
                world.telegram.text("hello", chat=STRANGER)
                await world.telegram.reply(turn, chat=STRANGER)
                await asyncio.sleep(0.2)
                assert (len(_said_to(world, ADMIN)), _said_to(world, 3)) == (heard, [])

    talk(conversation)


def test_a_group_that_becomes_a_supergroup_keeps_what_it_may(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.migrated[GROUP] = -1009
            telegram.text("/ask when is the tide highest?", chat=GROUP, user=7, group=True)
            assert "tide is highest" in (await telegram.reply(1, chat=-1009))["text"]
            telegram.text("/ask when is the tide highest?", chat=-1009, user=7, group=True)
            await telegram.reply(2, chat=-1009)
            service.state.set_allowed(-55, allowed=True)
            moved = telegram._new_message(-55, "group", migrate_to_chat_id=-1055)
            telegram.update(message=moved | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})
            await telegram.until(lambda: service.state.allowed(-1055))
            unknown = telegram._new_message(-56, "group", migrate_to_chat_id=-1056)
            telegram.update(message=unknown | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})
            await _friend_is_served(world)
            assert service.state.allowed(-1056) is None

    talk(conversation)


def test_a_group_that_was_denied_stays_so_as_a_supergroup(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(public=True) as service:
            service.state.set_allowed(-57, allowed=False)
            moved = telegram._new_message(-57, "group", migrate_to_chat_id=-1057)
            telegram.update(message=moved | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})
            await telegram.until(lambda: service.state.allowed(-1057) is False)
            telegram.text("/ask when is the tide highest?", chat=-1057, user=7, group=True)
            assert (await telegram.reply())["text"].startswith("This group may not use the bot.")

    talk(conversation)


def test_a_group_keeps_what_it_may_whoever_makes_a_supergroup_of_it(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(groups=(-58,)) as service:
            service.state.set_allowed(7, allowed=False)
            moved = telegram._new_message(-58, "group", migrate_to_chat_id=-1058)
            telegram.update(message=moved | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})
            await telegram.until(lambda: service.access.permits(8, -1058))
            assert not service.access.permits(8, -1059)

    talk(conversation)


@pytest.mark.parametrize(
    ("open_to_it", "closed_to_it"),
    [({"public": True}, {"public": False}), ({"groups": (-59,)}, {"groups": ()})],
    ids=["public", "listed"],
)
def test_a_supergroup_may_no_more_than_the_settings_let_the_group_that_it_was(
    talk: Run, open_to_it: dict[str, Any], closed_to_it: dict[str, Any]
) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.migrated[-59] = -1059
        turns = ((open_to_it, "At new moon"), (closed_to_it, "This group"), (open_to_it, "At new moon"))
        for settings, begins in turns:
            async with world.bot(**settings):
                chat = -1059 if telegram.sent else -59
                telegram.text("/ask when is the tide highest?", chat=chat, user=7, group=True)
                assert (await telegram.reply(len(telegram.sent) + 1, chat=-1059))["text"].startswith(begins)

    talk(conversation)


def test_what_a_supergroup_was_told_is_not_undone_by_the_group_it_was(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.sqlite")) as state:
        state.set_filter(-57, Filter("tides.md"))
        state.set_allowed(-57, allowed=True)
        state.move(-57, -1057)
        assert (state.allowed(-1057), state.filter(-1057)) == (True, Filter("tides.md"))
        state.set_allowed(-1057, allowed=False)
        state.set_filter(-1057, Filter())
        state.move(-57, -1057)
        assert (state.allowed(-1057), state.filter(-1057)) == (False, Filter())


def test_a_second_bot_ends_before_it_touches_what_the_first_keeps(tmp_path: Path) -> None:
    settings: Any = SimpleNamespace(library=tmp_path)
    library: Any = None
    with FileLock(tmp_path / "telegram-424242.lock"), pytest.raises(SeedbotError) as told:
        asyncio.run(running._run(library, settings, TOKEN))
    assert str(told.value) == receiving.RIVAL
    assert not (tmp_path / "telegram-424242.sqlite").exists()


def test_without_a_secret_of_its_own_a_webhook_gets_one_that_nobody_knows(talk: Run) -> None:
    def free_port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def post(port: int, body: dict[str, Any], secret: str | None) -> int:
        headers = {"Content-Type": "application/json"}
        headers |= {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        address = f"http://127.0.0.1:{port}/telegram"
        try:
            with urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    async def conversation(world: World) -> None:
        port, secrets = free_port(), []
        for _ in range(2):
            async with world.bot(webhook="https://bot.example.org", webhook_port=port):
                secrets.append(world.telegram.webhook["secret_token"])
                world.telegram.text("/stats", chat=ADMIN)
                forged = world.telegram._updates.pop()
                for guess in (None, "", "guess"):
                    assert await asyncio.to_thread(post, port, forged, guess) == 403
                assert world.telegram.sent == []
                assert logs.without_secrets(secrets[-1]) == "[secret]"
        assert len(secrets[0]) >= 32
        assert secrets[0] != secrets[1]

    talk(conversation)


def test_nothing_that_can_be_printed_shows_the_token(talk: Run) -> None:
    async def conversation(world: World) -> None:
        settings = world.settings()
        with SureLibrary.open(settings, embedder=FakeEmbedder()) as library:
            library.sync()
            state = State(settings.library / "telegram.sqlite")
            service = Service(library, settings, state)
            application = running._application(service, TOKEN)
            for thing in (application, application.bot, application.updater, application.update_queue, service):
                assert TOKEN.split(":")[1] not in f"{thing!r} {thing} {thing!a}"
            service.close()
            state.close()

    talk(conversation)


def test_a_power_cut_undoes_no_denial_and_no_update_that_telegram_was_told_of(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.text("When is the tide highest?", chat=STRANGER)
            await world.telegram.until(lambda: not world.telegram._updates)  # it was told
            assert len(world.after_a_power_cut("SELECT 1 FROM updates")) == 1
            world.telegram.text(f"/deny {STRANGER}", chat=ADMIN)
            await world.telegram.until(lambda: "They may not use the bot." in _said_to(world, ADMIN))
            assert world.after_a_power_cut("SELECT id, allowed FROM access") == [(STRANGER, 0)]

    talk(conversation)


def _failing(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("why")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (sqlite3.SQLITE_FULL, "is full or failing: free some space and start the bot again."),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "is full or failing: free some space and start the bot again."),
        (sqlite3.SQLITE_BUSY, "perhaps this bot started twice: stop it and start again."),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "(why): check its permissions."),
        (sqlite3.SQLITE_CANTOPEN, "(why): check its permissions."),
    ],
)
def test_a_state_that_cannot_be_opened_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    def fails(_: State) -> None:
        raise _failing(code)

    monkeypatch.setattr(State, "_bring_up_to_date", fails)
    with pytest.raises(SeedbotError) as told:
        State(tmp_path / "state.sqlite")
    assert str(tmp_path / "state.sqlite") in str(told.value)
    assert str(told.value).endswith(remedy)


def test_a_damaged_state_says_what_is_lost_with_it(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"no database at all " * 400)
    with pytest.raises(SeedbotError) as told:
        State(path)
    assert str(told.value).startswith(f"The bot's own file {path} is damaged (file is not a database): move it away")
    assert str(told.value).endswith("questions that wait in it are then lost.")


def test_no_file_that_holds_questions_is_open_to_others(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with closing(State(tmp_path / "state.sqlite")):
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"), 0o600)


def test_whatever_stands_in_the_env_file_of_the_container_reaches_the_bot() -> None:
    service = (REPOSITORY / "compose.yaml").read_text()
    assert "\n    env_file: .env\n" in service


def test_the_settings_file_beside_compose_is_the_one_that_the_container_reads() -> None:
    image, service = ((REPOSITORY / name).read_text() for name in ("Dockerfile", "compose.yaml"))
    (mounted,) = re.findall(r"^ +- \./config:(\S+):ro$", service, re.MULTILINE)
    works_in = re.findall(r"^WORKDIR (\S+)$", image, re.MULTILINE)[-1]
    assert Path(mounted) / DEFAULT_CONFIG.name == Path(works_in) / DEFAULT_CONFIG
