"""Files that admins send and take away: what goes wrong on the way, and files made to do harm."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.telegram.documents import safe_name
from tests.retrieval.files import pdf_bomb
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, Talk, World
from tests.telegram.server import BOT, Fault

Run = Callable[[Talk], None]


def docx_bomb() -> bytes:
    """A small Word document of three million empty paragraphs."""
    import docx

    plain, out = io.BytesIO(), io.BytesIO()
    docx.Document().save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            if name != "word/document.xml":
                made.writestr(name, source.read(name))
        namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        body = "<w:p/>" * 3_000_000
        made.writestr("word/document.xml", f'<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>')
        made.writestr("padding.bin", os.urandom(150_000), zipfile.ZIP_STORED)  # so that the ratio looks harmless
    return out.getvalue()


def _resident() -> int:
    """The most memory that this process ever held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.parametrize(("name", "make"), [("bomb.pdf", lambda: pdf_bomb(900)), ("bomb.docx", docx_bomb)])
def test_a_file_made_to_do_harm_is_refused_and_the_bot_does_not_grow(
    talk: Run, name: str, make: Callable[[], bytes]
) -> None:
    async def conversation(world: World) -> None:
        data = make()
        async with world.bot():
            before = _resident()
            world.telegram.document(name, data, chat=ADMIN)
            await world.telegram.until(lambda: world.telegram.sent, 90)
            refused = world.telegram.sent[0]["text"]
            assert "memory" in refused or "60 seconds" in refused  # whichever bound a machine reaches first
            assert _resident() - before < 150
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
                assert (await telegram.reply(2))["text"] == "ferry.txt is removed."
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
            assert (await telegram.reply())["text"].startswith("I can now answer from buoys")
            telegram.document("big.txt", b"x" * 20_000_001, chat=ADMIN, size=5)
            assert "up to 20 MB" in (await telegram.reply(2))["text"]

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
            await telegram.until(lambda: len(telegram.sent) == 4, 60)
            assert all(message["text"].startswith("I can now answer from note") for message in telegram.sent)
            telegram.text("/status", chat=FRIEND)
            assert (await telegram.reply(1, chat=FRIEND))["text"].startswith("6 documents")
            await asyncio.sleep(0)

    talk(conversation)
