"""The interactive terminal, line by line, and once through a real pseudo-terminal."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from bot import messages
from bot.prompt import _history, completions, lines
from bot.repl import COMMANDS, Repl
from bot.repl import run as run_repl
from bot.settings import Settings
from retrieval.errors import LibraryDamaged
from retrieval.library import Library
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Doubt
from tests.bot.conftest import Run
from tests.conftest import REPOSITORY, SEEDS, Write


class Talk:
    """A conversation whose every reply can be read."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._out = io.StringIO()
        self.repl = Repl(library, settings, Console(file=self._out, width=100))

    def __call__(self, line: str) -> str:
        self._out.truncate(0)
        self._out.seek(0)
        assert self.repl.handle(line)
        return self._out.getvalue()


@pytest.fixture
def talk(built: Path) -> Iterator[Talk]:
    settings = Settings(seeds=SEEDS, library=built)
    with Library.open(settings) as library:
        yield Talk(library, settings)


def test_a_question_is_answered(talk: Talk) -> None:
    assert talk("How old can\n a tern get?").startswith("Answered: ")
    assert talk("   ") == ""


def test_more_widens_the_context_step_by_step(talk: Talk) -> None:
    first = talk("How old can a tern get?")
    wider, widest = talk("/more"), talk("/more 1")
    assert len(first.split("\n2. ")[0]) < len(wider) < len(widest)
    assert "A tern can live for thirty years." in wider
    assert talk("/more 9") == "There is no excerpt 9: 3 are shown; /next shows more.\n"


def test_more_stays_within_the_body_and_does_not_cut_words(talk: Talk) -> None:
    talk("How old can a tern get?")
    text = (SEEDS / "nature" / "arctic-tern.txt").read_text()
    for _ in range(5):
        shown = talk("/more")
        start, end = map(int, re.findall(r"(\d+)–(\d+)\n", shown)[0])
        assert (text[start - 1].isspace(), text[start].isspace(), text[end - 1].isspace()) == (True, False, False)
        assert end == len(text.rstrip()) or text[end].isspace()
    assert "2019-08-03\n" not in shown.split("\n", 2)[2]  # the header of the file is no part of its body


@pytest.fixture
def own(settings: EngineSettings, embedder: FakeEmbedder, write: Write) -> Iterator[Talk]:
    """A conversation over documents that may change, one excerpt at a time; the embedder is the fake one."""
    write("a/rhine.txt", "The Rhine flows to the sea.\n\n" + "Nothing else is known of it here.\n\n" * 40)
    write("b/elbe.txt", "The Elbe flows to the sea too.\n")
    chosen = Settings(seeds=settings.seeds, library=settings.library, answer=AnswerSettings(excerpts=1, read=0))
    with Library.open(chosen, embedder=embedder) as library:
        library.sync()
        yield Talk(library, chosen)


def test_further_excerpts_are_not_those_of_a_library_that_another_process_built(
    own: Talk, settings: EngineSettings, write: Write
) -> None:
    own("Where does the Rhine flow?")
    write("c/oder.txt", "The Oder flows to the sea, where the Rhine flows.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as builder:
        builder.sync()
    assert own("/next") == "The library has changed since this answer: ask again.\n"


def test_a_document_that_changed_since_the_answer_is_not_looked_into(own: Talk, write: Write) -> None:
    own("Where does the Rhine flow?")
    write("a/rhine.txt", "Dry.\n")
    own("/build")
    for command in ("/more", "/open"):
        assert own(command) == "a/rhine.txt has changed since this answer: ask again.\n"
    assert own("/next") == "The library has changed since this answer: ask again.\n"
    assert own("/verify").startswith(" 1. changed a/rhine.txt:1  the file has changed and no longer says this")


def test_a_changed_folder_is_told_once_and_again_when_it_changes_further(own: Talk, write: Write) -> None:
    assert "has changed" not in own("Where does the Rhine flow?")
    write("c/oder.txt", "The Oder flows to the sea as well.\n")
    first = own("Where does the Rhine flow?").splitlines()[-1]
    assert first.endswith("/seeds has changed since it was indexed (1 new): /build reads it.")
    assert "has changed" not in own("Where does the Elbe flow?")
    write("a/rhine.txt", "It is dry.\n").parent.parent.joinpath("b/elbe.txt").unlink()
    assert "(1 new, 1 changed, 1 gone)" in own("Where does the Elbe flow?")
    own("/build")
    assert "has changed" not in own("Where does the Elbe flow?")


def test_a_command_alone_needs_no_slash_and_a_question_is_none(own: Talk) -> None:
    assert own("next") == "Ask a question first.\n"
    own("Where does the Rhine flow?")
    assert own("Next").strip().startswith("2. ")
    assert own("why 1").startswith("Excerpt 1 comes before 2")
    assert own("help").startswith("Type a question, or:")
    assert "excerpt 9" in own("more 9")
    assert own("open the Rhine").startswith(("Not in", "Perhaps", "Answered"))
    assert not own.repl.handle("exit")


def test_next_keeps_to_the_filter_of_its_question(own: Talk) -> None:
    own("/filter a/*")
    own("Where does the Elbe flow?")
    own("/filter b/*")
    assert own("/next").strip().startswith("2. a/rhine.txt")


def test_next_begins_with_what_a_low_screen_had_no_room_for(built: Path) -> None:
    out = io.StringIO()
    with Library.open(Settings(seeds=SEEDS, library=built)) as library:
        repl = Repl(library, Settings(seeds=SEEDS, library=built), Console(file=out, force_terminal=True, height=14))
        repl.handle("How old can a tern get?")
        assert out.getvalue().endswith("2 more excerpts with /next.\x1b[0m\n")
        out.truncate(0)
        repl.handle("/next")
        assert re.search(r"╭─.*\b2\b.*─╮", out.getvalue())


def test_why_explains_the_excerpt_that_is_named_also_after_next(own: Talk) -> None:
    own("Where does the Rhine flow?")
    own("/next")
    assert own("/why").startswith("Excerpt 1 comes before 2, mainly: ")
    assert re.match(r"Excerpt 2 fits, mainly: |Nothing in excerpt 2 ", own("/why 2"))
    assert own("/why 3").startswith("There is no excerpt 3")


def test_lines_of_a_pasted_question_stay_apart(own: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Library, "ask", lambda self, text, **_: asked.append(text) or 1 / 0)
    own("1. Where does the Rhine flow\n2. Where does the Elbe flow\n")
    assert asked == ["1. Where does the Rhine flow\n2. Where does the Elbe flow"]


def test_the_unexpected_is_one_sentence_and_the_session_goes_on(own: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Library, "ask", lambda *_, **__: 1 / 0)
        assert own("Where does the Rhine flow?") == (
            "Something went wrong that Seedbot does not know (ZeroDivisionError: division by zero): "
            "SEEDBOT_DEBUG=1 shows where.\n"
        )
    assert "The Rhine flows to the sea." in own("Where does the Rhine flow?")


def test_next_shows_further_excerpts_and_counts_on(talk: Talk) -> None:
    talk("How long does it take?")
    ranks = re.findall(r"^(\d+)\. ", talk("/next") + talk("/next"), re.MULTILINE)
    assert ranks == ["4", "5", "6", "7", "8", "9"]
    assert talk("/more 7") != ""


def test_why_shows_what_each_measure_added(talk: Talk) -> None:
    talk("How old can a tern get?")
    shown = talk("/why")
    assert "Excerpt 1 comes before 2, mainly: " in shown
    lines = [line.strip() for line in shown.splitlines()]
    for part in ("answers, when read closely", "a sentence's words are close", "score"):
        assert any(re.match(rf"{re.escape(part)} +[+-]?\d", line) for line in lines)  # none is folded
    assert lines[-1] == "Each number is added to the score: + speaks for the excerpt, - against it."


def test_why_says_what_lowers_the_confidence(own: Talk) -> None:
    own("How much does the Rhine cost?")
    own("/next")
    told = "Its confidence counts a tenth: an amount is asked for, and the answering sentence has none."
    assert told in " ".join(own("/why").split())
    assert "counts a tenth" not in own("/why 2")
    own("Where does the Rhine flow?")
    assert "counts a tenth" not in own("/why")
    own("Where does the Rhine flow? How much does the Rhine cost?")
    assert "counts a tenth" not in own("/why")
    assert told in " ".join(own("/why 2").split())


@pytest.mark.parametrize("doubt", Doubt)
def test_every_doubt_is_told(doubt: Doubt) -> None:
    assert re.fullmatch(r"Its confidence counts a (tenth|quarter): .*\b\w+\.", messages.doubted(doubt))


def test_the_documents_explain_every_part_of_a_score() -> None:
    explained = (REPOSITORY / "docs" / "answers.md").read_text("utf-8")
    assert re.findall(r"^\| ([^|]+) \| ", explained.partition("## How sure?")[0], re.MULTILINE)[2:] == list(
        messages.MEASURES.values()
    )


def test_verify_rereads_the_files(talk: Talk) -> None:
    talk("How old can a tern get?")
    assert talk("/verify").count("stands there word for word") == 3


def test_a_filter_holds_until_it_is_taken_off(talk: Talk) -> None:
    assert talk("/filter nature/*") == "1 document will be searched; /filter off searches all.\n"
    assert "manuals" not in talk("How long does it last?")
    assert talk("/filter from 2023") == "1 document will be searched; /filter off searches all.\n"
    assert "nature" not in talk("How long does it last?")
    assert talk("/filter nothing/*").startswith("No document matches 'nothing/*'")
    assert talk.repl.where.since == "2023"
    talk("/filter nature/*")
    assert "Only 1 document (nature/*) was searched; /filter off searches all.\n" in talk("Who is the mayor of Lisbon?")
    assert talk("/filter off") == "Every document is searched.\n"
    assert "/filter off" not in talk("Who is the mayor of Lisbon?")
    assert talk("Filter OFF") == "Every document is searched.\n"
    assert talk("/filter from").startswith("Write /filter GLOB")


def test_open_shows_the_whole_document(talk: Talk) -> None:
    talk("How old can a tern get?")
    assert "The longest journey" in talk("/open")


@pytest.mark.parametrize("pager", ["cat > {kept}", "head -c 10 > {kept}", "sleep 0.3; kill -INT $PPID; cat > {kept}"])
def test_open_hands_a_long_document_to_a_pager_which_may_be_left_early(
    settings: EngineSettings,
    embedder: FakeEmbedder,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    pager: str,
) -> None:
    text = "The Rhine flows to the sea.\n" + "".join(f"Nothing else is known of it, {n}.\r\n" for n in range(20_000))
    write("rhine.txt", text)
    kept, program = tmp_path / "kept", tmp_path / "bin" / "less"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@ $LESSSECURE" > {kept}.given\n{pager.format(kept=kept)}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
        out = io.StringIO()
        chosen = Settings(seeds=settings.seeds, library=settings.library, answer=AnswerSettings(read=0))
        repl = Repl(library, chosen, Console(file=out, force_terminal=True, width=100))
        repl.handle("Where does the Rhine flow?")
        out.truncate(0)
        repl.handle("/open")
    assert out.getvalue().strip("\0") == ""
    shown = text.replace("\r\n", "\n")
    assert kept.read_text() == (shown[:10] if pager.startswith("head") else shown)
    assert Path(f"{kept}.given").read_text() == "+1 -Psq goes back to your questions, h helps 1\n"


def test_sources_status_and_help(talk: Talk) -> None:
    assert talk("/sources").count("\n") == len([p for p in SEEDS.rglob("*") if p.is_file()])
    assert talk("/sources nature").startswith("nature/arctic-tern.txt\t2019-08-03\t")
    assert talk("/status").startswith("Generation 1, built ")
    shown = talk("/help")
    assert all(one.usage in shown for one in COMMANDS)


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (100, f"{'  /next':<44}further excerpts"),
        (70, f"{'  /next':<44}further excerpts"),
        (69, "  /next\n    further excerpts"),
        (40, "  /next\n    further excerpts"),
    ],
)
def test_help_can_be_read_at_any_width(own: Talk, width: int, told: str) -> None:
    own.repl._screen.width = width
    shown = [line.rstrip() for line in own("/help").splitlines()]
    assert f"\n{told}\n" in "\n".join(shown)
    assert max(map(len, shown)) <= width


def test_a_remedy_is_a_command_here_or_names_the_folders(
    over_seeds: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise LibraryDamaged("Run `seedbot build --full` or `seedbot train --undo`.")

    monkeypatch.setattr(Library, "ask", fails)
    places = f"--seeds {SEEDS} --library {built}"
    told = f"Run `/build --full` or `seedbot train --undo {places}`.\n"
    assert over_seeds("repl", stdin="bridge\n").out.endswith(told)


def test_what_cannot_be_done_is_said(talk: Talk) -> None:
    assert talk("/more") == "Ask a question first.\n"
    assert talk("/dance") == "There is no command /dance: /help lists them all.\n"
    assert talk("/st").startswith("Generation ")  # an unambiguous beginning is enough


def test_an_interrupt_cancels_the_question_only(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "ask", interrupted)
    assert talk("How old can a tern get?") == "Cancelled.\n"


def test_an_interrupt_ends_what_comes_from_a_pipe(own: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr(Library, "ask", ask)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one question\nanother question\n")))
    with pytest.raises(KeyboardInterrupt):
        run_repl(own.repl._library, own.repl._settings)
    assert ask.call_count == 1


def test_names_with_spaces_are_listed_as_they_are_typed(own: Talk, write: Write) -> None:
    write("Board minutes/May.txt", "The board met in Solvik.\n")
    own.repl._library.sync()
    for typed in ("Board minutes/*", "'Board minutes/May.txt'"):
        assert own(f"/sources {typed}").startswith("Board minutes/May.txt\t")
    assert own("/sources").count("\n") == 3


def test_completion_offers_commands_and_document_names() -> None:
    paths = ["nature/arctic-tern.txt", "with space.md"]
    assert list(completions("/so", iter(paths))) == [("/sources", -3)]
    assert list(completions("/filter tern", iter(paths))) == [("nature/arctic-tern.txt", -4)]
    assert list(completions("/sources space", iter(paths))) == [("'with space.md'", -5)]
    assert list(completions("/sources with sp", iter(paths))) == [("'with space.md'", -7)]
    assert list(completions("/filter \u00fcb", ["U\u0308bersicht.md"])) == [("'U\u0308bersicht.md'", -2)]
    assert list(completions("How old", iter(paths))) == []
    assert len(list(completions("/filter ", (f"{n}.txt" for n in range(5000))))) == 100


def test_white_space_in_a_name_stays_as_it_is(own: Talk, write: Write) -> None:
    for name in ("a  b.txt", "\u4f1a\u8b70\u3000\u8b70\u4e8b\u9332.txt"):
        write(name, "The ferry of Solvik leaves at seven.\n")
        own.repl._library.sync()
        assert own(f"/filter   '{name}'").startswith("1 document will be searched")


def test_apostrophes_in_a_name_are_no_quotation_marks(own: Talk, write: Write) -> None:
    write("Tom's and Ann's.txt", "The ferry of Solvik leaves at seven.\n")
    own.repl._library.sync()
    assert own("/filter Tom's and Ann's.txt").startswith("1 document will be searched")
    assert own("/sources Tom's and Ann's.txt").startswith("Tom's and Ann's.txt")


def test_a_byte_order_mark_is_no_part_of_a_command(own: Talk) -> None:
    assert own("\ufeff/filter a/*").startswith("1 document will be searched")
    assert own(" \ufeff ") == ""
    assert not own.repl.handle("\ufeffquit")


def test_what_cannot_be_written_to_the_history_is_kept_for_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _history(Settings(library=tmp_path))
    history.append_string("first")
    monkeypatch.setattr(FileHistory, "store_string", Mock(side_effect=OSError(28, "No space left on device")))
    history.append_string("second")
    assert history.get_strings()[-1] == "second"
    assert "first" in (tmp_path / "history").read_text()


def test_the_prompt_comes_back_where_the_documents_cannot_be_listed(own: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = OSError(errno.ESTALE, "Stale file handle")  # of a network drive
    outcomes = [LibraryDamaged("It is damaged."), KeyboardInterrupt, stale, ()]
    monkeypatch.setattr(Library, "documents", Mock(side_effect=outcomes))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("one\rtwo\r\x04")
        assert list(lines(own.repl, own.repl._library, own.repl._settings)) == ["one", "two"]


def test_drawing_a_key_asks_nothing_of_the_library(own: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents are read once a line, before the prompt stands there."""
    read: list[int] = []
    documents = Library.documents
    monkeypatch.setattr(Library, "documents", lambda self: read.append(1) or documents(self))
    monkeypatch.setattr(Library, "status", lambda self: pytest.fail("the toolbar counts at every key"))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("a line of many keys\rnext\r\x04")
        typed = list(lines(own.repl, own.repl._library, own.repl._settings))
    assert typed == ["a line of many keys", "next"]
    assert len(read) == 3  # before either line, and before the one that never came


def test_lines_from_a_pipe_are_answered_one_by_one(over_seeds: Run) -> None:
    done = over_seeds("repl", stdin="How old can a tern get?\n/status\n/quit\nnever reached\n")
    assert done.code == 0
    assert "thirty years" in done.out
    assert done.out.startswith("❯ How old can a tern get?\nAnswered: ")
    assert done.out.rstrip().split("\n")[-1].startswith("Generation 1, built ")
    assert over_seeds("repl", stdin="\ufeff/filter nature/*\n").out.startswith("❯ /filter nature/*\n1 document will")


def test_a_library_that_is_not_there_is_built(run: Run, write: Write, exported_model: Path, tmp_path: Path) -> None:
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    done = run("repl", "--seeds", tmp_path / "seeds", "--library", library, stdin="What crosses the Rhine?\n")
    assert done.code == 0
    assert done.err.startswith("Building the library of ")
    assert "The bridge crosses the Rhine." in done.out


class _Screen:
    """What a terminal shows; `until` goes on behind what it found before."""

    def __init__(self, leader: int) -> None:
        self._leader, self._found = leader, 0
        self.seen = b""

    def until(self, wanted: bytes) -> None:
        deadline = time.monotonic() + 30
        while (at := self.seen.find(wanted, self._found)) < 0 and time.monotonic() < deadline:
            if select.select([self._leader], [], [], 0.2)[0]:
                self.seen += os.read(self._leader, 65536)
        assert at >= 0, (wanted, self.seen[-2000:])
        self._found = at + len(wanted)


def test_a_real_terminal_keeps_history_and_survives_ctrl_c(built: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(built, library)
    command = [Path(sys.executable).with_name("seedbot"), "repl", "--seeds", SEEDS, "--library", library]

    def session(*exchanges: tuple[bytes, bytes]) -> bytes:
        """Types each line when the prompt stands there, waits for what it should bring, and leaves by Ctrl-D."""
        leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "60"}
        process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
        os.close(follower)
        screen = _Screen(leader)
        screen.until("❯".encode())
        for keys, wanted in exchanges:
            os.write(leader, keys)
            screen.until(wanted)
            screen.until("❯".encode())
        os.write(leader, b"\x04")
        assert process.wait(timeout=20) == 0
        os.close(leader)
        return screen.seen

    seen = session(
        (b"half a question\x03", b""),
        (b"How old can a tern get?\r", b"thirty years"),
        (b"/status\r", b"Generation 1, built"),
    )
    assert "╭─".encode() in seen
    assert "How old can a tern get?" in (library / "history").read_text()
    session((b"\x1b[A\x1b[A\r", b"thirty years"))  # two up in the history of the run before
