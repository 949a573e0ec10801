"""What messages look like: what is bold, where it stands, what Telegram could take for a link, and what is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.telegram import admin, answers
from bot.telegram.formatting import Builder, Formatted
from retrieval.types import Answer, Citation, Correction, Excerpt, Filter, Progress, Span
from tests.telegram.conftest import ADMIN, FRIEND, GROUP, Talk, World, number_of
from tests.telegram.server import BOT

Run = Callable[[Talk], None]

_FERRY = Citation("ferry.md", "Ferry", "2021-05-06", 0, 25, 3, 2, ("Times",), "ab")
_TIDES = replace(_FERRY, document="sea/tides.txt", title="On Tides", page=None, headings=())


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Progress("waiting", 0, 1), "Waiting for another process that builds this library …"),
        (Progress("model", 0, 1), "Preparing the model, once (about 20 seconds) …"),
        (Progress("reading", 2_000_000, 4_000_000), "Reading documents ▓▓▓▓▓░░░░░ 2.0 of 4.0 MB"),
        (Progress("embedding", 3, 1000), "Embedding passages ░░░░░░░░░░ 3 of 1,000"),
        (Progress("vectors", 1, 4), "Indexing vectors ▓▓░░░░░░░░ 25%"),
        (Progress("indexing", 1000, 1000), "Indexing passages ▓▓▓▓▓▓▓▓▓▓ 1,000 of 1,000"),
    ],
)
def test_every_step_of_a_build_is_told_to_the_admin(step: Progress, text: str) -> None:
    assert admin.progress(step) == text


def _excerpt(rank: int, text: str, place: Citation = _FERRY, part: str | None = None) -> Excerpt:
    return Excerpt(rank, text, (Span(0, len(text)),), 0.5, place, part=part)


def _answer(*excerpts: Excerpt, unanswered: tuple[str, ...] = (), found: bool = True) -> Answer:
    return Answer("?", found, 0.95, excerpts, generation=1, elapsed_ms=1.0, unanswered=unanswered)


def _styled(message: Formatted, kind: str) -> list[str]:
    encoded = message.text.encode("utf-16-le")
    parts = (encoded[2 * e.offset : 2 * (e.offset + e.length)] for e in message.entities if e.type == kind)
    return [part.decode("utf-16-le") for part in parts]


@pytest.mark.parametrize(
    ("highlights", "answer", "bold", "underlined"),
    [
        ([(0, 27)], (22, 26), ["🚢 The ferry leaves at nine."], ["nine"]),
        ([(0, 27)], None, ["🚢 The ferry leaves at nine."], []),
        ([(0, 27)], (22, 32), ["🚢 The ferry leaves at nine. Tide"], ["nine.", " Tide"]),
        ([(0, 5), (28, 33)], (6, 11), ["🚢 The", "ferry", "Tides"], ["ferry"]),
        ([], None, [], []),
    ],
)
def test_the_answering_sentence_is_bold_as_a_whole_and_its_words_underlined(
    highlights: list[tuple[int, int]], answer: tuple[int, int] | None, bold: list[str], underlined: list[str]
) -> None:
    builder, text = Builder(), "🚢 The ferry leaves at nine. Tides differ."
    answers.quote(builder, text, [Span(*one) for one in highlights], Span(*answer) if answer else None)
    made = builder.formatted()
    assert made.text == text
    assert _styled(made, "blockquote") == [text]
    assert (_styled(made, "bold"), _styled(made, "underline")) == (bold, underlined)


def test_a_separator_of_lines_or_paragraphs_still_breaks_a_line_of_a_quote() -> None:
    builder = Builder()
    answers.quote(builder, "At nine.\u2028At ten.\u2029At noon.", [Span(9, 16)])
    assert builder.formatted().text == "At nine.\nAt ten.\nAt noon."
    assert _styled(builder.formatted(), "bold") == ["At ten."]


def test_no_path_can_become_a_link() -> None:
    copied = replace(_excerpt(1, "At nine."), also_in=(_TIDES, replace(_TIDES, document="read.me")))
    message = answers.shown(_answer(copied), 1)
    assert "2021-05-06 · page 2 · Times · ferry.md · line 3\nalso in sea/tides.txt:3, read.me:3\n" in message.text
    assert _styled(message, "code") == ["ferry.md", "sea/tides.txt:3", "read.me:3"]
    empty = Answer("?", found=False, confidence=0.1, excerpts=(), generation=1, elapsed_ms=1.0)
    assert _styled(answers.refused(empty, Filter("ferry.md")), "code") == ["ferry.md"]


def test_other_sources_say_where_they_stand_and_only_the_first_excerpt_has_the_confidence() -> None:
    answer = _answer(_excerpt(1, "At nine."), _excerpt(2, "At ten.", _TIDES), _excerpt(3, "At noon."))
    first, second = answers.shown(answer, 1), answers.shown(answer, 2)
    assert "\n\nOther sources\n2. On Tides, line 3\n3. Ferry › Times, page 2, line 3\n\nAnswered: " in first.text
    assert "Other sources" in _styled(first, "bold")
    assert second.text.endswith("\n\nSource 2 of 3; source 1 is likelier to answer.")
    nearest = answers.shown(replace(answer, found=False), 2)
    assert nearest.text.endswith("\n\nThe nearest passage; it may not answer the question.")


def test_the_first_message_answers_every_part_of_the_question() -> None:
    answer = _answer(
        replace(_excerpt(1, "At nine.", part="When?"), confidence=0.98),
        replace(_excerpt(2, "From the pier.", _TIDES, "Where?"), confidence=0.35),
        _excerpt(3, "Nobody.", part="Who?"),
        _excerpt(4, "At ten.", part="When?"),
        unanswered=("Who?",),
    )
    first = answers.shown(answer, 1)
    assert first.text.startswith("When?\nAt nine.\n📄 Ferry\n")
    assert "ferry.md · line 3\nAnswered: almost certainly (98%)\n\nWhere?\nFrom the pier.\n📄 On Tides\n" in first.text
    assert "sea/tides.txt · line 3\nPerhaps answered (35%): read with care\n\nOther sources\n3. Ferry" in first.text
    assert _styled(first, "blockquote") == ["At nine.", "From the pier."]
    assert first.text.endswith("\n\nNot in your sources: “Who?”")
    assert answers.shown(answer, 2).text.startswith("Where?\nFrom the pier.")
    assert answers.shown(answer, 2).text.endswith("\n\nPerhaps answered (35%): read with care")
    assert answers.shown(answer, 4).text.endswith("Source 4 of 4; source 1 is likelier to answer.")
    assert answers.shown(answer, 3).text.endswith("The nearest passage; it may not answer the question.")


def test_an_answer_of_an_earlier_version_has_one_confidence() -> None:
    answer = _answer(_excerpt(1, "At nine.", part="When?"), _excerpt(2, "From the pier.", _TIDES, "Where?"))
    first = answers.shown(answer, 1).text
    assert "ferry.md · line 3\nAnswered: almost certainly (95%)\n\nWhere?\n" in first
    assert first.endswith("\nThe likeliest answer to this part.")


def test_inline_results_begin_with_the_answer_and_say_what_was_read_and_how_sure_it_is() -> None:
    text = "Ferries are white. The ferry leaves at nine."
    first = replace(_excerpt(1, text), highlights=(Span(19, 44),), part="When?")
    others = (_excerpt(2, "Nobody.", part="Who?"), _excerpt(3, "At ten.", part="When?"))
    answer = Answer(
        "?", True, 0.95, (first, *others), 1, 1.0, (), ("Who?",), corrections=(Correction("fery", "ferry"),)
    )
    results = answers.inline_results(answer)
    assert [result.id for result in results] == ["1", "3"]
    assert results[0].description == "The ferry leaves at nine."
    message: Any = results[0].input_message_content
    assert message.message_text.startswith(f"Read “fery” as “ferry”.\nWhen?\n{text}\n📄 Ferry\n")
    assert message.message_text.endswith("\n\nAnswered: almost certainly (95%)")


def test_inline_titles_show_what_telegram_would_take_out() -> None:
    place = replace(_FERRY, title="A\u030ar\u2028x\u033f")
    answer = Answer("?", True, 0.95, (_excerpt(1, "Aland\u030a.", place),), 1, 1.0)
    (result,) = answers.inline_results(answer)
    assert (result.title, result.description) == ("\u00c5r␊x⟨U+033F⟩", "Aland⟨U+030A⟩.")


def test_a_mention_alone_asks_what_it_replies_to_or_says_how_to_ask(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, name = world.telegram, f"@{BOT['username']}"
        asked = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup", "title": "A group"}}
        asked |= {"from": {"id": 8, "is_bot": False, "first_name": "x"}, "text": "When is the tide highest?"}
        async with world.bot():
            telegram.text(name, chat=GROUP, user=7, group=True, reply_to_message=asked)
            assert "tide is highest" in (await telegram.reply())["text"]
            telegram.text(name, chat=GROUP, user=7, group=True)
            assert (await telegram.reply(2))["text"].startswith("Write the question beside my name")

    talk(conversation)


def test_what_is_asked_again_is_asked_without_the_command_and_the_own_name(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, name, question = world.telegram, f"@{BOT['username']}", "When is the tide highest?"
        replied = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup", "title": "A group"}}
        replied |= {"from": {"id": 8, "is_bot": False, "first_name": "x"}}
        asked = [(again, f"{name} {question}") for again in (name, "/ask")]
        asked += [(again, f"/ask{to} {question}") for again in (name, "/ask") for to in ("", name, ":")]
        asked += [(f"/ask {name} {question}", "Hello.")]
        async with world.bot() as service:
            for number, (again, text) in enumerate(asked, 1):
                telegram.text(again, chat=GROUP, user=number, group=True, reply_to_message=replied | {"text": text})
                kept = service.state.answer(number_of(await telegram.reply(number)))
                assert kept is not None
                assert kept.answer.question == question

    talk(conversation)


@pytest.mark.parametrize("again", [f"@{BOT['username']}", "/ask"])
def test_of_a_message_that_is_replied_to_the_part_that_somebody_quoted_is_asked(talk: Run, again: str) -> None:
    async def conversation(world: World) -> None:
        telegram, text = world.telegram, f"@{BOT['username']} Hello. When is the tide highest? Thank you."
        chat = {"id": GROUP, "type": "supergroup", "title": "A group"}
        replied = {"message_id": 1, "date": 1, "chat": chat, "from": BOT, "text": text}
        quote = {"text": "When is the tide highest?", "position": 21}
        async with world.bot() as service:
            for number, more in enumerate(({"is_manual": True}, {}), 1):
                told = {"reply_to_message": replied, "quote": quote | more}
                telegram.text(again, chat=GROUP, user=7, group=True, **told)
                kept = service.state.answer(number_of(await telegram.reply(number)))
                assert kept is not None
                whole = "Hello. When is the tide highest? Thank you."
                assert kept.answer.question == (quote["text"] if more else whole)

    talk(conversation)


def test_in_private_the_own_name_is_no_part_of_the_question(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, name = world.telegram, f"@{BOT['username']}"
        async with world.bot() as service:
            telegram.text(f"{name} When is the tide highest?", chat=FRIEND)
            kept = service.state.answer(number_of(await telegram.reply()))
            assert kept is not None
            assert kept.answer.question == "When is the tide highest?"
            telegram.text(name, chat=FRIEND)
            assert (await telegram.reply(2))["text"].startswith("Write the question beside my name")
            telegram.text(f"{name}  when is the\ttide highest\nwhen is the tide  lowest", chat=FRIEND)
            kept = service.state.answer(number_of(await telegram.reply(3)))
            assert kept is not None
            assert kept.answer.question == "when is the tide highest\nwhen is the tide lowest"

    talk(conversation)


def test_an_inline_result_that_is_chosen_beside_the_bot_is_no_question(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram, other = world.telegram, {"id": 5, "is_bot": True, "first_name": "Other", "username": "other_bot"}
        async with world.bot():
            telegram.text("At half moon the tide is lowest.", chat=FRIEND, via_bot=BOT)
            telegram.text("When is the tide highest?", chat=FRIEND, via_bot=other)
            assert "new moon" in (await telegram.reply())["text"]
            telegram.text("/status", chat=FRIEND)
            await telegram.reply(2)
            assert len(telegram.sent) == 2

    talk(conversation)


def test_the_command_under_a_picture_asks_too(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram

        def caption(text: str) -> None:
            photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
            message = telegram._new_message(GROUP, "supergroup", caption=text, photo=photo)
            telegram.update(message=message | {"from": {"id": 7, "is_bot": False, "first_name": "x"}})

        async with world.bot():
            caption("/ask@other_bot When is the tide lowest?")
            caption("When is the tide lowest?")
            caption(f"/ask@{BOT['username']} When is the tide highest?")
            assert "tide is highest" in (await telegram.reply())["text"]
            await asyncio.sleep(0.2)
            assert len(telegram.sent) == 1

    talk(conversation)


def test_denying_in_a_reply_is_about_the_person_and_not_the_group(talk: Run) -> None:
    async def conversation(world: World) -> None:
        telegram = world.telegram
        said = {"message_id": 1, "date": 1, "chat": {"id": GROUP, "type": "supergroup", "title": "A group"}}
        said |= {"from": {"id": 8, "is_bot": False, "first_name": "x"}, "text": "nonsense"}
        topic = said | {"forum_topic_created": {"name": "t", "icon_color": 1}}
        async with world.bot() as service:
            telegram.text("/deny", chat=GROUP, user=ADMIN, group=True, reply_to_message=said)
            assert (await telegram.reply())["text"] == "They may not use the bot."
            assert service.access.is_denied(8)
            assert service.access.permits(7, GROUP)
            telegram.text("/deny", chat=GROUP, user=ADMIN, group=True, reply_to_message=topic)
            assert (await telegram.reply(2))["text"] == "This group may not use the bot."

    talk(conversation)


def test_the_example_of_help_is_a_question_that_gets_an_answer(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        async with world.bot() as service:
            ask, asked = service.library.ask, []

            def partly(question: str, **more: Any) -> Answer:
                asked.append(question)
                return replace(ask(question, **more), found="Neap" in question)

            monkeypatch.setattr(service.library, "ask", partly)
            for number in (1, 2):
                world.telegram.text("/help", chat=FRIEND)
                told = (await world.telegram.reply(number))["text"]
                assert "For example: What does “On Tides” say about “Neap tides”?\n" in told
            assert asked.count("What does “On Tides” say about “Neap tides”?") == 1  # looked for once

    talk(conversation)


def test_the_example_is_looked_for_once_however_many_ask_for_it(talk: Run) -> None:
    async def conversation(world: World) -> None:
        looked: list[int] = []
        async with world.bot() as service:
            told = await asyncio.gather(*(service.example(lambda _: looked.append(1) or "How?") for _ in range(5)))
            assert (told, looked) == (["How?"] * 5, [1])

    talk(conversation)


def test_a_file_is_read_beside_the_loop_that_serves_everybody(talk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(world: World) -> None:
        telegram, threads = world.telegram, []
        async with world.bot() as service:
            telegram.text("When is the tide highest?", chat=FRIEND)
            answer = await telegram.reply()
            outline = service.library.outline
            monkeypatch.setattr(
                service.library, "outline", lambda path: threads.append(threading.current_thread()) or outline(path)
            )
            telegram.press(answer, "Get file")
            await telegram.until(lambda: telegram.documents)
            assert threads
            assert threading.main_thread() not in threads

    talk(conversation)


def test_the_state_of_the_library_is_dated_to_the_minute(talk: Run) -> None:
    async def conversation(world: World) -> None:
        async with world.bot():
            world.telegram.text("/status", chat=FRIEND)
            text = (await world.telegram.reply())["text"]
            assert text.startswith("2 documents, 3 passages. Generation 1, built 20")
            assert len(text.partition("built ")[2]) == len("2021-05-06 07:08 UTC.")

    talk(conversation)
