"""Files that admins send and take away: what goes wrong on the way, and files made to do harm."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.telegram import documents, inbox, running, sending
from bot.telegram.documents import safe_name
from bot.telegram.service import Service
from retrieval.errors import LibraryError, LibraryLocked, SeedbotError
from retrieval.types import Answer, Progress
from tests.retrieval.files import epub, pdf, pdf_bomb
from tests.systems import on_linux
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, Talk, World
from tests.telegram.server import BOT, Fault

Run = Callable[[Talk], None]


def docx_bomb() -> bytes:
    """A small Word document of two million empty paragraphs."""
    import docx

    plain, out = io.BytesIO(), io.BytesIO()
    docx.Document().save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            if name != "word/document.xml":
                made.writestr(name, source.read(name))
        namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        body = "<w:p/>" * 2_000_000
        made.writestr("word/document.xml", f'<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>')
        made.writestr("padding.bin", os.urandom(150_000), zipfile.ZIP_STORED)  # so that the ratio looks harmless
    return out.getvalue()


def _forget_peak() -> None:
    """Lets the most memory that this process held be counted from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory that this process held since, in megabytes."""
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) // 1024


@on_linux
@pytest.mark.parametrize(
    ("name", "make", "reasons"),
    [
        ("bomb.pdf", lambda: pdf_bomb(900), ("memory", "60 seconds")),
        ("bomb.docx", docx_bomb, ("memory", "60 seconds", "holds no text")),
    ],
)
def test_a_file_made_to_do_harm_is_refused_and_the_bot_does_not_grow(
    talk: Run, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[], bytes], reasons: tuple[str, ...]
) -> None:
    started: list[list[str]] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **more: started.append(command) or run(command, **more))

    async def conversation(world: World) -> None:
        data = make()
        async with world.bot():
            _forget_peak()
            before = _peak()
            world.telegram.document(name, data, chat=ADMIN)
            await world.telegram.until(lambda: world.telegram.edits, 90)
            refused = world.telegram.sent[0]["text"]
            assert any(reason in refused for reason in reasons)  # whichever bound a machine reaches first
            assert _peak() - before < 150
            assert [command[-2:] for command in started] == [[name, "--check"]]  # a process that may be lost
            assert {path.name for path in world.seeds.iterdir()} == {"ferry.txt", "tides.md"}

    talk(conversation)


def test_a_document_is_removed_across_file_systems(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def across(source: object, target: object, **_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", str(source), None, str(target))

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/remove ferry.txt", chat=ADMIN)
            asked = await telegram.reply()
            with monkeypatch.context() as patched:
                patched.setattr(shutil.os, "rename", across)
                patched.setattr(Path, "rename", across)
                telegram.press(asked, "Remove it")
                assert (await telegram.outcome(2))["text"] == "ferry.txt is removed."
            assert not (world.seeds / "ferry.txt").exists()
            assert [path.name[-9:] for path in (world.library / "removed").iterdir()] == ["ferry.txt"]

    talk(conversation)


def test_fetching_a_file_survives_a_failure_and_says_when_it_is_too_big(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.faults.append(Fault("502", 2, "getFile"))
        telegram.reshaped["getFile"] = lambda given: {k: v for k, v in given.items() if k != "file_unique_id"}
        async with world.bot():
            telegram.document("buoys.txt", b"Buoys are painted red.\n", chat=ADMIN)
            assert (await telegram.outcome())["text"].startswith("I can now answer from buoys")
            telegram.document("big.txt", b"x" * 20_000_001, chat=ADMIN, size=5)
            assert "up to 20 MB" in (await telegram.outcome(2))["text"]

    talk(conversation)


def test_a_file_that_the_settings_call_too_large_is_refused_and_leaves_nothing(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            limits = service.settings.documents.model_copy(update={"largest_megabytes": 1})
            service.settings = service.settings.model_copy(update={"documents": limits})
            world.telegram.document("big.txt", b"Buoys are red. " * 70_000, chat=ADMIN)
            assert "larger than documents.largest_megabytes = 1" in (await world.telegram.outcome())["text"]
            assert {path.name for path in world.seeds.iterdir()} == {"ferry.txt", "tides.md"}

    talk(conversation)


def test_a_file_that_no_passage_comes_of_is_refused_and_leaves_nothing(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            with monkeypatch.context() as patched:
                patched.setattr("retrieval.passages.cut", lambda *_: iter(()))
                world.telegram.document("buoys.txt", b"Buoys are painted red.\n", chat=ADMIN)
                assert "holds no text that could be quoted" in (await world.telegram.outcome())["text"]
            assert {path.name for path in world.seeds.iterdir()} == {"ferry.txt", "tides.md"}

    talk(conversation)


def test_a_build_lets_go_when_the_bot_ends(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        reading, ended = threading.Event(), threading.Event()

        def slow(*_: object, progress: Callable[[Progress], None], **__: object) -> None:
            reading.set()
            try:
                while True:
                    progress(Progress("reading", 1, 2))
                    time.sleep(0.01)
            finally:
                ended.set()

        async with world.bot() as service:
            monkeypatch.setattr(service.library, "sync", slow)
            building = asyncio.ensure_future(service.in_turn(service.sync))
            await asyncio.to_thread(reading.wait, 10)
        assert ended.is_set()
        with pytest.raises(SeedbotError, match="stopped during this build"):
            await building

    talk(conversation)


def test_a_file_in_a_group_with_a_question_to_the_bot_is_a_question(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        mention = f"@{BOT['username']}"
        asked = telegram._new_message(
            GROUP,
            "supergroup",
            caption=f"{mention} when is the tide highest?",
            caption_entities=[{"type": "mention", "offset": 0, "length": len(mention)}],
            document={"file_id": "p", "file_unique_id": "p", "file_name": "a.pdf"},
        )
        async with world.bot():
            telegram.update(message=asked | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})
            assert "tide is highest" in (await telegram.reply())["text"]

    talk(conversation)


_SENTENCE = "Buoys in the harbour are painted red."


def _word() -> bytes:
    import docx

    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(_SENTENCE)
    document.save(out)
    return out.getvalue()


_FORMATS: dict[str, Callable[[], bytes]] = {
    ".txt": _SENTENCE.encode,
    ".md": f"# Buoys\n\n{_SENTENCE}\n".encode,
    ".html": f"<html><body><article><p>{_SENTENCE}</p></article></body></html>".encode,
    ".pdf": lambda: pdf([[_SENTENCE]]),
    ".docx": _word,
    ".epub": lambda: epub([f"<p>{_SENTENCE}</p>"]),
    ".csv": f"what,text\nbuoys,{_SENTENCE}\n".encode,
    ".tsv": f"what\ttext\nbuoys\t{_SENTENCE}\n".encode,
    ".json": json.dumps([{"text": _SENTENCE}]).encode,
    ".jsonl": json.dumps({"text": _SENTENCE}).encode,
}


@pytest.mark.parametrize("suffix", _FORMATS)
def test_a_file_of_each_format_is_added_answers_and_comes_back_as_it_was(talk: Run, suffix: str) -> None:
    async def conversation(world: World) -> None:
        telegram, name, data = world.telegram, f"buoys{suffix.upper()}", _FORMATS[suffix]()
        async with world.bot():
            telegram.document(name, data, chat=ADMIN)
            await telegram.until(lambda: telegram.edits, 90)  # a busy machine is slow to import
            telegram.text(f"/filter {name}", chat=ADMIN)
            telegram.text("How are buoys painted?", chat=ADMIN)
            answer, added = await telegram.reply(3), telegram.sent[0]
            assert added["text"].startswith("I can now answer from "), added["text"]
            assert _SENTENCE in answer["text"]
            assert name in answer["text"]
            telegram.press(answer, "Get file")
            await telegram.until(lambda: telegram.documents)
            assert (telegram.documents[0]["file_name"], telegram.documents[0]["file_data"]) == (name, data)

    talk(conversation)


def test_a_file_whose_name_is_taken_is_kept_beside_the_others_which_buttons_remove(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        for name in ("ferry-2021.txt", "ferry-2.md", "the ferry.txt"):  # of other names
            (world.seeds / name).write_text(f"What stands in {name} is something else.\n")
        others = {path.name for path in world.seeds.iterdir()} - {"ferry.txt"}
        async with world.bot():
            telegram.document("ferry.txt", b"The ferry leaves at ten since spring.\n", chat=ADMIN)
            second = await telegram.outcome()
            assert "ferry-2.txt" in second["text"]
            assert second["text"].endswith("A file of a like name is still asked too: ferry.txt.")
            telegram.document("ferry.txt", b"The ferry leaves at six in winter.\n", chat=ADMIN)
            third = await telegram.outcome(2)
            assert "ferry-3.txt" in third["text"]
            assert third["text"].endswith("Files of a like name are still asked too: ferry-2.txt, ferry.txt.")
            press = telegram.press(third, "Remove ferry.txt")
            assert (await telegram.outcome(3))["text"] == "ferry.txt is removed."
            await telegram.until(lambda: press in telegram.pressed)
            await telegram.until(lambda: len(third["reply_markup"]["inline_keyboard"]) == 1)
            telegram.press(third, "Remove ferry-2.txt")
            assert (await telegram.outcome(4))["text"] == "ferry-2.txt is removed."
            await telegram.until(lambda: third["reply_markup"] is None)
            telegram.document("ferry.txt", b"The ferry leaves at noon now.\n", chat=ADMIN)  # the name is free again
            assert (await telegram.outcome(5))["text"].endswith("still asked too: ferry-3.txt.")
            assert {path.name for path in world.seeds.iterdir()} == others | {"ferry-3.txt", "ferry.txt"}

    talk(conversation)


def _builder_held(service: Service) -> threading.Event:
    """Keeps the only thread that changes the library from doing so until the event is set."""
    free = threading.Event()
    asyncio.get_running_loop().run_in_executor(service._builder, free.wait, 30)
    return free


def test_a_file_that_waits_is_acknowledged_and_holds_no_question_of_its_chat(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            free = _builder_held(service)
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            assert (await telegram.reply())["text"] == "Reading buoys.txt …"
            telegram.text("When is the tide highest?", chat=ADMIN)
            assert "tide is highest" in (await telegram.reply(2))["text"]
            await telegram.until(lambda: len(service.state.waiting()) == 1)  # the file: it is not done
            free.set()
            assert (await telegram.outcome())["text"].startswith("I can now answer from buoys")
            await telegram.until(lambda: service.state.waiting() == [])
            assert len(telegram.sent) == 2

    talk(conversation)


def test_a_file_that_is_fetched_for_long_holds_no_question_of_its_chat(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram, free = world.telegram, asyncio.Event()

        async def slow(*_: object) -> bytes:
            await free.wait()
            return _SENTENCE.encode()

        monkeypatch.setattr(documents, "_fetched", slow)
        async with world.bot():
            telegram.document("buoys.txt", b"", chat=ADMIN)
            telegram.text("When is the tide highest?", chat=ADMIN)
            assert "tide is highest" in (await telegram.reply(2))["text"]
            free.set()
            assert (await telegram.outcome())["text"].startswith("I can now answer from buoys")

    talk(conversation)


def test_files_that_wait_are_not_fetched_and_hold_no_question_of_their_chat(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            free = _builder_held(service)
            for number in range(3):
                telegram.document(f"buoys-{number}.txt", f"{_SENTENCE} {number}".encode(), chat=ADMIN)
                assert (await telegram.reply(number + 1))["text"] == f"Reading buoys-{number}.txt …"
            telegram.text("When is the tide highest?", chat=ADMIN)
            assert "tide is highest" in (await telegram.reply(4))["text"]
            assert [name for name, _ in telegram.calls].count("getFile") == 1
            free.set()
            for number in range(3):
                assert (await telegram.outcome(number + 1))["text"].startswith("I can now answer from buoys")

    talk(conversation)


def test_a_file_that_another_build_keeps_waiting_is_in_the_folder(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(**_: object) -> None:
        raise LibraryLocked("Another process (pid 7) is building this library: wait for it, or stop it.")

    async def conversation(world: World) -> None:
        async with world.bot() as service:
            monkeypatch.setattr(service.library, "sync", locked)
            world.telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            assert (await world.telegram.outcome())["text"] == (
                "Another process (pid 7) is building this library: wait for it, or stop it. "
                "The file is in the folder, and the next /build reads it."
            )
            assert (world.seeds / "buoys.txt").read_bytes() == _SENTENCE.encode()

    talk(conversation)


def test_a_file_whose_build_fails_is_taken_out_again_unless_it_was_there(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise LibraryError("The disk is full: free some space.")

    async def conversation(world: World) -> None:
        async with world.bot() as service:
            monkeypatch.setattr(service.library, "sync", fails)
            files = {"buoys.txt": _SENTENCE.encode(), "ferry.txt": (world.seeds / "ferry.txt").read_bytes()}
            for number, (name, data) in enumerate(files.items(), 1):
                world.telegram.document(name, data, chat=ADMIN)
                assert (await world.telegram.outcome(number))["text"] == "The disk is full: free some space."
            assert {path.name for path in world.seeds.iterdir()} == {"ferry.txt", "tides.md"}

    talk(conversation)


def test_a_file_that_waited_when_the_bot_was_stopped_is_added_once_after_the_restart(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)
    monkeypatch.setattr(running, "_STOP_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            free = _builder_held(service)
            monkeypatch.setattr(service, "close", lambda: (free.set(), Service.close(service)))
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            await telegram.reply()
            telegram.text("When is the tide highest?", chat=ADMIN)
            await telegram.reply(2)
        assert not (world.seeds / "buoys.txt").exists()
        async with world.bot() as service:
            assert (await telegram.outcome(3))["text"].startswith("I can now answer from buoys")
            await telegram.until(lambda: service.state.waiting() == [])
            assert len(telegram.sent) == 3

    talk(conversation)


def test_a_removal_that_waits_says_so_and_holds_no_question_of_its_chat(
    talk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_HELD_SECONDS", 0.0)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("/remove ferry.txt", chat=ADMIN)
            asked = await telegram.reply()
            free = _builder_held(service)
            telegram.press(asked, "Remove it")
            assert (await telegram.reply(2))["text"] == "Removing ferry.txt …"
            telegram.text("When is the tide highest?", chat=ADMIN)
            assert "tide is highest" in (await telegram.reply(3))["text"]
            free.set()
            assert (await telegram.outcome(2))["text"] == "ferry.txt is removed."

    talk(conversation)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "(No space left on device)."),
        (
            errno.EROFS,
            "(Read-only file system): check the permissions of the folder and who owns it, "
            "and ReadWritePaths= and ProtectHome= where systemd runs the bot.",
        ),
    ],
)
def test_a_removal_that_fails_says_why_in_the_chat(
    talk: Run, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/remove ferry.txt", chat=ADMIN)
            monkeypatch.setattr(documents.shutil, "move", fails)
            telegram.press(await telegram.reply(), "Remove it")
            telegram._open_queries.clear()  # the press is too old to be answered
            assert (await telegram.outcome(2))["text"] == f"The file cannot be moved {why}"
            telegram.text("/status", chat=ADMIN)
            assert (await telegram.reply(3))["text"].startswith("2 documents")

    talk(conversation)


def test_a_folder_that_may_not_be_looked_into_is_named_in_the_chat(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = Path.exists

    def forbidden(path: Path, **more: Any) -> bool:
        if path.name in ("buoys.txt", "ferry.txt"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return exists(path, **more)

    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            monkeypatch.setattr(Path, "exists", forbidden)
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            told = "The folder of documents cannot be written (Permission denied): check the permissions of the folder"
            assert (await telegram.outcome())["text"].startswith(told)
            telegram.text("/remove ferry.txt", chat=ADMIN)
            telegram.press(await telegram.reply(2), "Remove it")
            told = "The file cannot be moved (Permission denied): check the permissions of the folder"
            assert (await telegram.outcome(3))["text"].startswith(told)

    talk(conversation)


@pytest.mark.parametrize(
    ("user", "told"), [(FRIEND, "Only an admin may do this."), (ADMIN, "This button is too old to be understood.")]
)
def test_a_removal_that_cannot_begin_says_why_even_late(talk: Run, user: int, told: str) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/remove ferry.txt", chat=ADMIN)
            telegram.press_data(await telegram.reply(), "r:99", user=user)
            telegram._open_queries.clear()  # the press is too old to be answered
            assert (await telegram.reply(2))["text"] == told

    talk(conversation)


@pytest.mark.parametrize("is_built", [True, False])
def test_a_button_removes_no_other_file_that_has_the_name_by_now(talk: Run, is_built: bool) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("/remove ferry.txt", chat=ADMIN)
            asked = await telegram.reply()
            (world.seeds / "ferry.txt").write_text("The ferry leaves at ten.\n")
            if is_built:
                await service.in_turn(service.sync)
            telegram.press(asked, "Remove it")
            told = "There is another file of this name now: /build, then /remove ferry.txt"
            assert (await telegram.outcome(2))["text"] == told
            assert (world.seeds / "ferry.txt").exists()
            data = asked["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
            telegram.press_data(asked, data.rpartition(":")[0])  # as buttons of earlier versions are
            assert (await telegram.outcome(3))["text"] == "ferry.txt is removed."

    talk(conversation)


def test_a_file_of_the_longest_name_is_removed(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, name = world.telegram, f"{'x' * 251}.txt"
        (world.seeds / name).write_text(_SENTENCE)
        async with world.bot():
            telegram.text(f"/remove {name}", chat=ADMIN)
            telegram.press(await telegram.reply(), "Remove it")
            assert (await telegram.outcome(2))["text"] == f"{name} is removed."
            (removed,) = (world.library / "removed").iterdir()
            assert removed.name.endswith("x.txt")
            assert removed.read_text() == _SENTENCE

    talk(conversation)


def test_a_removal_that_was_cut_off_after_the_move_is_finished(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("/remove ferry.txt", chat=ADMIN)
            asked = await telegram.reply()
            (world.seeds / "ferry.txt").unlink()  # as one that was killed before its build left it
            telegram.press(asked, "Remove it")
            assert (await telegram.outcome(2))["text"] == "ferry.txt is removed."
            assert [one.path for one in service.library.documents()] == ["tides.md"]

    talk(conversation)


def test_a_new_document_is_welcomed_with_a_question_that_it_answers(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            ask = service.library.ask

            def of_tides(question: str, **more: Any) -> Answer:
                return replace(ask(question, **more), found="harbour" in question)

            monkeypatch.setattr(service.library, "ask", of_tides)
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            assert (await telegram.outcome())["text"].endswith(
                "\nAsk, for example: What does “buoys” say about “harbour”?"
            )
            telegram.document("seals.txt", b"Seals sleep on sandbanks.", chat=ADMIN)
            assert "for example" not in (await telegram.outcome(2))["text"]

    talk(conversation)


def test_a_server_that_hands_out_files_of_any_size_is_not_followed(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        telegram.reshaped["getFile"] = lambda given: {**given, "file_size": 20_000_001}
        async with world.bot():
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            assert "up to 20 MB" in (await telegram.outcome())["text"]

    talk(conversation)


@pytest.mark.parametrize("is_there", [True, False], ids=["file", "folder"])
def test_a_local_server_whose_files_the_bot_may_not_read_is_told(
    talk: Run, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    def denied(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    async def conversation(world: World) -> None:
        monkeypatch.setattr(sending, "_FIRST_WAIT_SECONDS", 0.0)
        path = world.seeds.parent / "file_0.txt"
        world.telegram.reshaped["getFile"] = lambda given: {**given, "file_path": str(path)}
        async with world.bot():
            if is_there:
                path.write_text(_SENTENCE)
                monkeypatch.setattr(Path, "read_bytes", denied)
            world.telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN)
            assert "let the bot's user read that folder" in (await world.telegram.outcome())["text"]

    talk(conversation)


def test_of_files_that_are_not_taken_the_question_counts_and_one_remark_is_made(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        moving = {"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1, "duration": 1}
        async with world.bot():
            for person, more in ((FRIEND, {}), (ADMIN, {"animation": moving})):
                for _ in range(3):
                    telegram.document("a.mp4", b"", chat=person, **more)
                telegram.document("a.mp4", b"", chat=person, caption="/ask When is the tide highest?", **more)
                assert "tide is highest" in (await telegram.reply(2, chat=person))["text"]
            assert (await telegram.reply(1, chat=FRIEND))["text"].startswith("Only an admin may add documents.")
            assert (await telegram.reply(1, chat=ADMIN))["text"].startswith("I can only read text")

    talk(conversation)


def test_the_question_beside_a_file_is_answered_once_the_file_is_a_document(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.document("buoys.txt", _SENTENCE.encode(), chat=ADMIN, caption="How are buoys painted?")
            answer = await telegram.reply(2)
            assert telegram.sent[0]["text"].startswith("I can now answer from buoys")
            assert _SENTENCE in answer["text"]
            telegram.document("seals.txt", b"Seals sleep on sandbanks.", chat=ADMIN, caption="/add")
            assert (await telegram.outcome(3))["text"].startswith("I can now answer from seals")
            telegram.text("/status", chat=ADMIN)
            assert (await telegram.reply(4))["text"].startswith("4 documents")

    talk(conversation)


def test_an_album_whose_caption_asks_gets_the_answer_alone(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        moving = {"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1, "duration": 1}
        files: list[dict[str, Any]] = [{}, {"animation": moving}]
        async with world.bot():
            for number, more in enumerate(files):
                album = {"media_group_id": str(number), **more}
                telegram.document("a.mp4", b"", chat=FRIEND, caption="When is the tide highest?", **album)
                assert "tide is highest" in (await telegram.reply(number + 1))["text"]
                telegram.document("b.mp4", b"", chat=FRIEND, **album)
            telegram.document("c.mp4", b"", chat=FRIEND, media_group_id="2")
            assert (await telegram.reply(3))["text"].startswith("Only an admin may add documents.")

    talk(conversation)


def test_a_button_shows_the_name_that_telegram_would_change(talk: Run) -> None:
    async def conversation(world: World) -> None:
        (world.seeds / "ba\u030at.txt").write_text("A boat stands here.\n")
        async with world.bot():
            world.telegram.document("ba\u030at.txt", _SENTENCE.encode(), chat=ADMIN)
            added = await world.telegram.outcome()
            assert added["reply_markup"]["inline_keyboard"][0][0]["text"] == "Remove b\u00e5t.txt"

    talk(conversation)


def test_documents_of_one_name_are_all_kept_when_they_are_removed(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        for folder in ("a", "b"):
            (world.seeds / folder).mkdir()
            (world.seeds / folder / "note.txt").write_text(f"A note in {folder} stands here.\n")
        async with world.bot():
            with monkeypatch.context() as patched:
                patched.setattr(documents.time, "time", lambda: 1_700_000_000.0)
                for number, folder in enumerate("ab"):
                    telegram.text(f"/remove {folder}/note.txt", chat=ADMIN)
                    telegram.press(await telegram.reply(2 * number + 1), "Remove it")
                    await telegram.outcome(2 * number + 2)
            kept = sorted(path.read_text() for path in (world.library / "removed").iterdir())
            assert kept == ["A note in a stands here.\n", "A note in b stands here.\n"]

    talk(conversation)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("🙂" * 80 + ".txt", "🙂" * 44 + ".txt"),
        ("漢" * 80 + ".markdown", "漢" * 57 + ".markdown"),
        ("../../etc/passwd", "passwd"),
        (" .txt", "txt"),
        ("a\u202eb.txt", "ab.txt"),
        ("", "document"),
    ],
)
def test_a_name_becomes_one_that_every_file_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe_name(name).encode()) <= 180


def test_builds_of_admins_wait_for_each_other(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot(admins=(ADMIN, 3)):
            for number, admin in enumerate((ADMIN, 3, ADMIN, 3)):
                telegram.document(f"note-{number}.txt", f"Note number {number} stands here.\n".encode(), chat=admin)
            await telegram.until(lambda: len(telegram.edits) == 4, 60)
            assert all(message["text"].startswith("I can now answer from note") for message in telegram.sent)
            telegram.text("/status", chat=FRIEND)
            assert (await telegram.reply(1, chat=FRIEND))["text"].startswith("6 documents")
            await asyncio.sleep(0)

    talk(conversation)
