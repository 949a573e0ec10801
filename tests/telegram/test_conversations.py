"""Whole conversations over real HTTP: what is asked, what comes back, and who gets nothing."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.filters import parse_filter, split_words
from retrieval.errors import QuestionError
from retrieval.types import Filter
from tests.retrieval.files import pdf
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, STRANGER, TIDES, Talk, World, number_of
from tests.telegram.server import BOT, units

Run = Callable[[Talk], None]


def _styled(message: dict, kind: str) -> list[str]:
    encoded = message["text"].encode("utf-16-le")
    return [
        encoded[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message.get("entities", ())
        if e["type"] == kind
    ]


def _labels(message: dict) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


def test_a_question_gets_the_cited_answer_in_the_first_message(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            number = world.telegram.text("When is the tide highest?", chat=FRIEND)
            reply = await world.telegram.reply()
            assert reply["chat"]["id"] == FRIEND
            assert reply["reply_parameters"]["message_id"] == number
            assert _styled(reply, "bold")[0] == "At new moon and full moon the tide is highest."
            assert _styled(reply, "code") == ["tides.md"]  # or Telegram would make it a link to a domain
            assert _styled(reply, "blockquote")[0].startswith("At new moon and full moon the tide is highest. Sun and")
            assert "On Tides\n2021-05-06 · Spring tides · tides.md · line 8" in reply["text"]
            assert reply["text"].endswith("Answered: almost certainly (95%)")
            assert _labels(reply) == ["More context", "Verify quote", "Get file", "Next source (2 of 3)", "👍", "👎"]

    talk(conversation)


def test_an_honest_no_hides_the_nearest_behind_a_button(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.text("Where do submarines anchor?", chat=FRIEND)
            reply = await world.telegram.reply()
            assert reply["text"].startswith("Not in your sources.\nNo document mentions “submarines” or “anchor”.")
            assert _labels(reply) == ["Show the nearest passages", "👎"]
            world.telegram.press(reply, "Show the nearest")
            await world.telegram.until(lambda: world.telegram.edits)
            assert "The nearest passage; it may not answer the question." in world.telegram.edits[0]["text"]

    talk(conversation)


def test_every_button_does_what_it_says(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            telegram.press(answer, "More context")
            wider = await telegram.reply(2)
            assert "At half moon the tide is lowest." in wider["text"]
            assert _styled(wider, "bold")[0].startswith("At new moon")
            press = telegram.press(answer, "Verify")
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == "Exact: stands there word for word."
            telegram.press(answer, "Get file")
            await telegram.until(lambda: telegram.documents)
            assert telegram.documents[0]["file_data"] == TIDES.encode()
            (world.seeds / "tides.md").write_text("Everything is different now.\n")
            press = telegram.press(answer, "Verify")
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == "Changed: the file has changed and no longer says this."
            telegram.press(answer, "Next source")
            await telegram.until(lambda: telegram.edits)
            assert "Next source (3 of 3)" in _labels(telegram.edits[0])
            assert telegram.edits[0]["text"].endswith("\n\nSource 2 of 3; source 1 is likelier to answer.")
            press = telegram.press(answer, "👎")
            await telegram.until(lambda: press in telegram.pressed)
            found = service.state.stats()
            assert (found.asked, found.bad, found.disliked) == (1, 1, ("When is the tide highest?",))

    talk(conversation)


def test_more_context_and_get_file_say_that_the_file_has_changed_also_before_a_build(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            (world.seeds / "tides.md").write_text("Everything is different now.\n")
            telegram.press(answer, "More context")
            wider = await telegram.reply(2)
            assert "At half moon the tide is lowest." in wider["text"]
            assert wider["text"].endswith("\n\nThe document has changed since this answer: this is how it read then.")
            press = telegram.press(answer, "Get file")
            await telegram.until(lambda: press in telegram.pressed)
            told = "The document has changed since this answer: /source tides.md offers it as it is now."
            assert telegram.pressed[press]["text"] == told
            assert telegram.documents == []

    talk(conversation)


def test_more_context_is_shown_where_the_file_cannot_be_read(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            (world.seeds / "tides.md").unlink()
            telegram.press(answer, "More context")
            wider = await telegram.reply(2)
            assert "At half moon the tide is lowest." in wider["text"]
            assert "has changed" not in wider["text"]

    talk(conversation)


def test_every_excerpt_of_an_answer_says_which_documents_alone_were_asked(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, note = world.telegram, "\nOnly these documents were asked: tides.md from 2021. /filter off asks all."
        async with world.bot() as service:
            service.state.set_filter(FRIEND, Filter("tides.md", "2021"))
            presses = (("When is the tide highest?", "Next source"), ("Where do submarines anchor?", "Show the"))
            for number, (question, button) in enumerate(presses, 1):
                telegram.text(question, chat=FRIEND)
                reply = await telegram.reply(number)
                assert reply["text"].endswith(note)
                telegram.press(reply, button)
                await telegram.until(lambda number=number: len(telegram.edits) == number)
                assert telegram.edits[-1]["text"].endswith(note)

    talk(conversation)


def test_buttons_work_after_a_restart_and_never_show_another_generation(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
        (world.seeds / "tides.md").write_text("# Other\n\nThe tide is another matter altogether now.\n")
        async with world.bot():
            telegram.press(answer, "Next source")
            await telegram.until(lambda: telegram.edits)
            press = telegram.press(answer, "More context")
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"].startswith("The document has changed since this answer")
            assert len(telegram.sent) == 1

    talk(conversation)


def test_buttons_follow_a_document_that_is_renamed(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            renamed = (world.seeds / "tides.md").rename(world.seeds / "moon.md")
            await service.in_turn(service.sync)
            telegram.press(answer, "More context")
            wider = await telegram.reply(2)
            assert "At half moon the tide is lowest." in wider["text"]
            assert "moon.md" in wider["text"]
            telegram.press(answer, "Get file")
            await telegram.until(lambda: telegram.documents)
            assert (telegram.documents[0]["file_name"], telegram.documents[0]["file_data"]) == (
                "moon.md",
                TIDES.encode(),
            )
            renamed.write_text("# Other\n\nThe tide is another matter.\n")
            await service.in_turn(service.sync)
            for label in ("More context", "Get file"):
                press = telegram.press(answer, label)
                await telegram.until(lambda press=press: press in telegram.pressed)
                assert telegram.pressed[press]["text"].startswith("The library holds no document 'tides.md'")

    talk(conversation)


def test_buttons_follow_a_document_whose_name_another_has_now(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, other = world.telegram, "# Other\n\nThe tide is another matter.\n"
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            renamed = (world.seeds / "tides.md").rename(world.seeds / "moon.md")
            (world.seeds / "tides.md").write_text(other)
            await service.in_turn(service.sync)
            telegram.press(answer, "More context")
            assert "moon.md" in (await telegram.reply(2))["text"]
            telegram.press(answer, "Get file")
            await telegram.until(lambda: telegram.documents)
            assert telegram.documents[0]["file_data"] == TIDES.encode()
            renamed.unlink()
            await service.in_turn(service.sync)
            press = telegram.press(answer, "Get file")
            await telegram.until(lambda: press in telegram.pressed)
            told = "The document has changed since this answer: /source tides.md offers it as it is now."
            assert telegram.pressed[press]["text"] == told
            assert len(telegram.documents) == 1

    talk(conversation)


@pytest.mark.parametrize("change", [{"text": "At another place"}, {"end": 10_000}], ids=["other text", "shorter text"])
def test_no_context_is_shown_of_a_text_that_is_read_otherwise_since(talk: Run, change: dict[str, Any]) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            shown = await telegram.reply()
            kept = service.state.answer(number_of(shown))
            assert kept is not None
            first = kept.answer.excerpts[0]
            citation = replace(first.citation, end=change.get("end", first.citation.end))
            read = replace(first, text=change.get("text", first.text), citation=citation)
            old = service.state.keep_answer(FRIEND, FRIEND, replace(kept.answer, excerpts=(read,)))
            press = telegram.press_data(shown, f"m:{old.id}:1")
            await telegram.until(lambda: press in telegram.pressed)
            told = "The document has changed since this answer, or is read otherwise since, so what surrounds the quote"
            assert telegram.pressed[press]["text"].startswith(told)
            assert len(telegram.sent) == 1

    talk(conversation)


def test_a_forged_button_shows_nothing(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=ADMIN)
            theirs = number_of(await telegram.reply())
            telegram.text("When does the ferry leave?", chat=FRIEND)
            own = await telegram.reply(1, chat=FRIEND)
            forged = (f"m:{theirs}:1", f"n:{number_of(own)}:77")
            for data in (*forged, "v:999:1", "m:x", "zzz", "m:" + "9" * 50, "d:12", "a:66", "r:1"):
                press = telegram.press_data(own, data)
                await telegram.until(lambda press=press: press in telegram.pressed)
            assert len(telegram.sent) == 2
            assert telegram.edits == telegram.documents == []

    talk(conversation)


def test_in_a_group_only_what_is_addressed_to_the_bot_is_answered(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=GROUP, user=7, group=True)
            telegram.text("/ask@other_bot tide", chat=GROUP, user=7, group=True)
            telegram.text(f"@{BOT['username']} when is the tide highest?", chat=GROUP, user=7, group=True)
            mentioned = await telegram.reply()
            telegram.text("/ask When does the ferry leave?", chat=GROUP, user=7, group=True)
            commanded = await telegram.reply(2)
            replied_to = {**mentioned, "from": BOT}
            telegram.text("And when is the tide lowest?", chat=GROUP, user=7, group=True, reply_to_message=replied_to)
            answered = await telegram.reply(3)
            assert [_styled(m, "bold")[0][:14] for m in (mentioned, commanded, answered)] == [
                "At new moon an", "The ferry leav", "At half moon t",
            ]  # fmt: skip
            await asyncio.sleep(0.2)
            assert len(telegram.sent) == 3

    talk(conversation)


def test_inline_queries_offer_the_best_excerpts(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            good, bad = telegram.ask_inline("tide highest", user=FRIEND), telegram.ask_inline("submarine", user=FRIEND)
            stranger = telegram.ask_inline("tide highest", user=STRANGER)
            await telegram.until(lambda: {good, bad, stranger} <= set(telegram.inline))
            first = telegram.inline[good]["results"][0]
            assert first["title"] == "On Tides"
            assert "the tide is highest" in first["input_message_content"]["message_text"]
            assert not telegram.inline[bad].get("results")
            assert telegram.inline[bad]["button"]["text"] == "Not in your sources"
            assert not telegram.inline[stranger].get("results")

    talk(conversation)


def test_strangers_are_refused_everywhere_and_can_pair(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("When is the tide highest?", chat=STRANGER)
            told, refusal = await telegram.reply(1, chat=ADMIN), await telegram.reply(1, chat=STRANGER)
            assert f"You may not use this bot. Your id is {STRANGER}." in refusal["text"]
            code = refusal["text"].split()[-1]
            assert code in told["text"]
            telegram.document("a.txt", b"x", chat=STRANGER)
            press = telegram.press_data(refusal, "m:1:1")
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == f"You may not use this bot. Your id is {STRANGER}."
            telegram.text(f"/allow {code}", chat=ADMIN)
            await telegram.until(lambda: len([m for m in telegram.sent if m["chat"]["id"] == STRANGER]) == 2)
            telegram.text("When is the tide highest?", chat=STRANGER)
            answer = await telegram.reply(3, chat=STRANGER)
            assert "the tide is highest" in answer["text"]
            telegram.text(f"/deny {STRANGER}", chat=ADMIN)
            await telegram.reply(3, chat=ADMIN)
            press = telegram.press(answer, "More context", user=STRANGER)
            await telegram.until(lambda: press in telegram.pressed)
            assert telegram.pressed[press]["text"] == f"You may not use this bot. Your id is {STRANGER}."

    talk(conversation)


def test_an_admin_lets_somebody_in_with_one_button(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("/start", chat=STRANGER)
            told = await telegram.reply(1, chat=ADMIN)
            await telegram.reply(1, chat=STRANGER)
            telegram.press(told, "Allow", user=ADMIN)
            allowed = await telegram.reply(2, chat=STRANGER)
            assert allowed["text"].startswith("You may use this bot now")

    talk(conversation)


def test_an_unknown_group_is_told_its_id_once_and_only_when_it_asks(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            telegram.text("just talking", chat=-55, user=STRANGER, group=True)
            for _ in range(3):
                telegram.text(f"@{BOT['username']} tide?", chat=-55, user=STRANGER, group=True)
            refusal = await telegram.reply()
            assert refusal["text"].endswith("/allow -55")
            telegram.text("When is the tide highest?", chat=FRIEND)
            await telegram.reply(1, chat=FRIEND)
            assert len(telegram.sent) == 2

    talk(conversation)


def test_a_public_bot_answers_everybody_and_admins_keep_their_commands(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(public=True):
            world.telegram.text("When is the tide highest?", chat=STRANGER)
            await world.telegram.reply()
            for number, command in enumerate(("/build", "/remove tides.md", "/allow 5", "/stats", "/add"), 2):
                world.telegram.text(command, chat=STRANGER)
                assert (await world.telegram.reply(number))["text"] == "Only an admin of this bot may do this."

    talk(conversation)


def test_asking_too_often_gets_one_kind_message(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot(questions_per_minute=3):
            for _ in range(6):
                world.telegram.text("When is the tide highest?", chat=FRIEND)
            last = await world.telegram.reply(4)
            assert last["text"].startswith("That is a lot of questions at once.")
            await asyncio.sleep(0.2)
            assert len(world.telegram.sent) == 4

    talk(conversation)


def test_commands_of_everybody(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            expected = {
                "/start": "For example: What does “On Tides” say about “Spring tides”?",
                "/sources": "2 documents",
                "/sources tid": "1 document with “tid”",
                "/source ferry": "ferry.txt",
                "/source nowhere": "no document 'nowhere'",
                "/status": "2 documents, 3 passages.",
                "/filter": "Every document is asked.",
                "/filter tides.md": "1 document will be asked in this chat.",
                "/filter nothing/*": "No document matches",
                "/filter “On tides.md”": "No document matches 'On tides.md'",
                "/ask": "Write the question behind it",
                "/dance": "There is no such command.",
            }
            for number, (text, wanted) in enumerate(expected.items(), 1):
                telegram.text(text, chat=FRIEND)
                assert wanted in (await telegram.reply(number))["text"], text
            telegram.text("When does the ferry leave?", chat=FRIEND)
            filtered = await telegram.reply(len(expected) + 1)
            assert "ferry" not in filtered["text"].replace("“ferry”", "")

    talk(conversation)


def test_a_document_is_found_however_its_accents_are_written_and_with_all_its_spaces(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        (world.seeds / "Cafe\u0301  menu.txt").write_text("Coffee is served at four.\n")
        async with world.bot():
            expected = {
                "/sources CAF\u00c9": "1 document with",
                "/sources caf\u00e9  menu": "1 document with",
                "/source caf\u00e9": "Cafe\u0301  menu.txt",
                "/source Caf\u00e9  menu.txt": "Cafe\u0301  menu.txt",
                "/source Cafe\u0301 menu.txt": "no document",
            }
            for number, (text, wanted) in enumerate(expected.items(), 1):
                telegram.text(text, chat=FRIEND)
                assert wanted in (await telegram.reply(number))["text"], text

    talk(conversation)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("reports/*", Filter("reports/*")),
        ("from 2021", Filter(since="2021")),
        ("in reports/* to 2022", Filter("reports/*", until="2022")),
        ("from 2021 in reports/*", Filter("reports/*", "2021")),
        ("Harbour rules.md", Filter("Harbour rules.md")),
        ("Harbour rules.md from 2021 to 2022", Filter("Harbour rules.md", "2021", "2022")),
        ("Captain's own rules.md", Filter("Captain's own rules.md")),
        ("“Harbour rules.md”", Filter("Harbour rules.md")),
        ("„Letters from Rome.md“ from 2021", Filter("Letters from Rome.md", "2021")),
        ('"Letters from Rome.md"', Filter("Letters from Rome.md")),
        ("“tides.md”", Filter("tides.md")),
        ("Tom's and Ann's notes.md", Filter("Tom's and Ann's notes.md")),
        ("会議\u3000議事録.md", Filter("会議\u3000議事録.md")),
        ("From 2021 Until 2022-05", Filter(None, "2021", "2022-05")),
        ("reports/* since 2021-03-01", Filter("reports/*", "2021-03-01")),
        ("Notes Since Easter.md until 2022", Filter("Notes Since Easter.md", until="2022")),
        ("“Letters since 2020 or so.md”", Filter("Letters since 2020 or so.md")),
        ("budget since 2019 final.pdf", Filter("budget since 2019 final.pdf")),
        ("Letters To 1850 Edited.md until 1900", Filter("Letters To 1850 Edited.md", until="1900")),
        ("“Minutes since 2020”", Filter("Minutes since 2020")),
        ("Since 2021 in reports/*", Filter("reports/*", "2021")),
        ("Off", Filter()),
    ],
)
def test_a_filter_names_files_with_spaces_up_to_its_dates(text: str, where: Filter) -> None:
    assert parse_filter(split_words(text)) == where


@pytest.mark.parametrize(
    "text",
    [
        "in",
        "from",
        "in from 2021",
        "Harbour rules.md from",
        "“”",
        "from 2021 rules.md",
        "from May 2021",
        "from 2021 since 2022",
        "Letters since 2020 in Rome.md",
    ],
)
def test_a_filter_that_lacks_something_says_how_one_is_written(text: str) -> None:
    told = r"^Write /filter GLOB.*; a DATE is .* YYYY; put a name that holds such words into quotation marks\.$"
    with pytest.raises(QuestionError, match=told):
        parse_filter(split_words(text))


def test_sources_are_paged(talk: Run) -> None:
    async def conversation(world: World) -> None:
        for number in range(25):
            (world.seeds / f"note-{number:02}.txt").write_text(f"Note number {number} stands here.\n")
        async with world.bot():
            world.telegram.text("/sources", chat=FRIEND)
            page = await world.telegram.reply()
            assert "27 documents, page 1 of 3" in page["text"]
            world.telegram.press(page, "More")
            await world.telegram.until(lambda: world.telegram.edits)
            assert "page 2 of 3" in world.telegram.edits[0]["text"]
            assert _labels(world.telegram.edits[0]) == ["‹ Back", "More ›"]

    talk(conversation)


def test_an_admin_builds_adds_and_removes(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        async with world.bot():
            (world.seeds / "new.txt").write_text("Buoys are painted red.\n")
            telegram.text("/build", chat=ADMIN)
            await telegram.until(lambda: telegram.edits)
            assert "1 added, 2 unchanged" in telegram.edits[-1]["text"]
            telegram.document("Harbour rules.md", b"# Speed\n\nBoats go at walking pace.\n", chat=ADMIN)
            added = await telegram.outcome(2)
            assert added["text"] == "I can now answer from Speed (Harbour rules.md, 1 passage, 1 new)."
            assert _styled(added, "code") == ["Harbour rules.md"]
            assert (world.seeds / "Harbour rules.md").exists()
            telegram.text("How fast do boats go?", chat=FRIEND)
            assert "walking pace" in (await telegram.reply(1, chat=FRIEND))["text"]
            telegram.text("/remove Harbour rules.md", chat=ADMIN)
            asked = await telegram.reply(3, chat=ADMIN)
            telegram.press(asked, "Remove it")
            assert (await telegram.outcome(4, chat=ADMIN))["text"] == "Harbour rules.md is removed."
            assert not (world.seeds / "Harbour rules.md").exists()
            assert [p.name.split("-", 1)[1] for p in (world.library / "removed").iterdir()] == ["Harbour rules.md"]
            telegram.text("/stats", chat=ADMIN)
            assert "1 question, 1 answered" in (await telegram.reply(5, chat=ADMIN))["text"]

    talk(conversation)


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "0" * 60_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "size", "said"),
    [
        ("photo.jpeg", b"\xff\xd8\xff", None, ".jpeg is not a format that is read"),
        ("broken.pdf", b"%PDF-1.4 nothing", None, "broken.pdf cannot be used: it is damaged or no PDF"),
        ("locked.pdf", pdf([["Secret."]], encrypt=True), None, "password"),
        ("bomb.docx", _bomb(), None, "absurd size"),
        ("huge.txt", b"x", 20_000_001, "up to 20 MB"),
        ("empty.txt", b"", None, "it is empty"),
        ("../../escape.txt", b"Escaped text stands here.\n", None, "I can now answer from escape"),
        ("", b"no name", None, "a file without a suffix is not a format"),
    ],
)
def test_a_bad_file_is_explained_and_leaves_nothing_behind(
    talk: Run, name: str, data: bytes, size: int | None, said: str
) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.document(name, data, chat=ADMIN, size=size)
            assert said in (await world.telegram.outcome())["text"]
            kept = {"ferry.txt", "tides.md"} | ({"escape.txt"} if "escape" in name else set())
            assert {path.name for path in world.seeds.iterdir()} == kept

    talk(conversation)


def test_what_is_no_question_gets_a_sensible_reply_or_silence(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        friend = {"id": FRIEND, "is_bot": False, "first_name": "Friend"}
        private = {"id": FRIEND, "type": "private", "first_name": "Friend"}
        group = {"id": GROUP, "type": "supergroup", "title": "A group"}
        photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]

        def message(number: int, chat: dict, **content: object) -> dict:
            return {"message_id": number, "date": 1, "chat": chat, "from": friend, **content}

        async with world.bot():
            telegram.update(message=message(1, private, photo=photo))
            assert (await telegram.reply())["text"].startswith("I can only read text")
            telegram.update(message=message(2, private, photo=photo, caption="When is the tide highest?"))
            assert "tide is highest" in (await telegram.reply(2))["text"]
            forwarded = {"type": "hidden_user", "date": 1, "sender_user_name": "Somebody"}
            telegram.update(message=message(3, private, text="When does the ferry leave?", forward_origin=forwarded))
            assert "ferry leaves" in (await telegram.reply(3))["text"]
            anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
            asked = message(4, group, text="/ask tide highest", sender_chat=group)
            asked |= {"from": anonymous, "entities": [{"type": "bot_command", "offset": 0, "length": 4}]}
            telegram.update(message=asked)
            assert (await telegram.reply(4))["chat"]["id"] == GROUP
            telegram.update(edited_message=message(5, private, text="When is the tide lowest?", edit_date=2))
            telegram.update(
                channel_post={
                    "message_id": 6,
                    "date": 1,
                    "chat": {"id": -9, "type": "channel", "title": "C"},
                    "text": "x",
                }
            )
            bot = {"id": 5, "is_bot": True, "first_name": "Other", "username": "other_bot"}
            telegram.update(message=message(7, private, text="tide") | {"from": bot})
            telegram.update(message=message(8, group, photo=photo))
            telegram.update(message=message(9, group, new_chat_members=[friend]))
            telegram.text("When does the ferry leave?", chat=FRIEND)
            await telegram.reply(5)
            assert len(telegram.sent) == 5

    talk(conversation)


@pytest.mark.parametrize(
    "question",
    ["🙂" * 4096, "tide " * 800, "<b>tide</b> *tide* _tide_ [tide](x)", "مد‎ البحر tide", "tide\u202etide", "\x00tide"],
)
def test_any_text_is_answered_without_breaking_a_rule_of_telegram(talk: Run, question: str) -> None:
    async def conversation(world: World) -> None:
        (world.seeds / "hostile.txt").write_text(
            "<b>tide</b> *bold* _x_ [y](z) \u202etide 🙂🙂 tide\x1b[31m &amp; tide.\n"
        )
        async with world.bot():
            world.telegram.text(question, chat=FRIEND)
            reply = await world.telegram.reply()
            assert units(reply["text"]) <= 4096
            assert "\u202e" not in reply["text"]
            assert world.telegram.refused == []

    talk(conversation)


def test_long_excerpts_arrive_in_parts_with_the_buttons_under_the_last(talk: Run) -> None:
    async def conversation(world: World) -> None:
        long = " ".join(f"tide{number} 🙂 rises." for number in range(30))
        (world.seeds / "long.txt").write_text(long + "\n")
        async with world.bot() as service:
            from bot.telegram.formatting import Builder
            from bot.telegram.sending import send

            builder = Builder().add("🙂 word " * 2000, "bold")
            del service
            from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

            from tests.telegram.server import TOKEN

            async with Bot(TOKEN, base_url=f"{world.telegram.base}/bot") as bot:
                keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="m:1:1")]])
                await send(bot, FRIEND, builder.formatted(), keyboard=keyboard)
            parts = world.telegram.sent
            assert len(parts) == 4
            assert " ".join(part["text"] for part in parts) == ("🙂 word " * 2000).strip()
            assert all(_styled(part, "bold") == [part["text"]] for part in parts)
            assert ["reply_markup" in part for part in parts] == [False, False, False, True]

    talk(conversation)
