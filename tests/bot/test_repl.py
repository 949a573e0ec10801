"""The interactive terminal, line by line, and once through a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bot.repl import COMMANDS, Repl, completions
from bot.settings import Settings
from retrieval.library import Library
from tests.bot.conftest import Run
from tests.conftest import SEEDS


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


def test_next_shows_further_excerpts_and_counts_on(talk: Talk) -> None:
    talk("How long does it take?")
    ranks = re.findall(r"^(\d+)\. ", talk("/next") + talk("/next"), re.MULTILINE)
    assert ranks == ["4", "5", "6", "7", "8", "9"]
    assert talk("/more 7") != ""


def test_why_shows_what_each_measure_added(talk: Talk) -> None:
    talk("How old can a tern get?")
    shown = talk("/why")
    assert "Excerpt 1 comes before 2 by: " in shown
    assert all(part in shown for part in ("read closely with the question", "each word's meaning", "score"))


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
    assert talk("/filter off") == "Every document is searched.\n"
    assert talk("/filter from").startswith("Write /filter GLOB")


def test_open_shows_the_whole_document(talk: Talk) -> None:
    talk("How old can a tern get?")
    assert "The longest journey" in talk("/open")


def test_sources_status_and_help(talk: Talk) -> None:
    assert talk("/sources").count("\n") == len([p for p in SEEDS.rglob("*") if p.is_file()])
    assert talk("/sources nature").startswith("nature/arctic-tern.txt\t2019-08-03\t")
    assert talk("/status").startswith("Generation 1 of ")
    shown = talk("/help")
    assert all(one.usage in shown for one in COMMANDS)


def test_what_cannot_be_done_is_said(talk: Talk) -> None:
    assert talk("/more") == "Ask a question first.\n"
    assert talk("/dance") == "There is no command /dance: /help lists them all.\n"
    assert talk("/st").startswith("Generation ")  # an unambiguous beginning is enough


def test_an_interrupt_cancels_the_question_only(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "ask", interrupted)
    assert talk("How old can a tern get?") == "Cancelled.\n"


def test_completion_offers_commands_and_document_names() -> None:
    paths = ["nature/arctic-tern.txt", "with space.md"]
    assert list(completions("/so", iter(paths))) == [("/sources", -3)]
    assert list(completions("/filter tern", iter(paths))) == [("nature/arctic-tern.txt", -4)]
    assert list(completions("/sources space", iter(paths))) == [("'with space.md'", -5)]
    assert list(completions("How old", iter(paths))) == []


def test_lines_from_a_pipe_are_answered_one_by_one(over_seeds: Run) -> None:
    done = over_seeds("repl", stdin="How old can a tern get?\n/status\n/quit\nnever reached\n")
    assert done.code == 0
    assert "thirty years" in done.out
    assert done.out.rstrip().split("\n")[-1].startswith("Generation 1 of ")


def _read_until(leader: int, wanted: bytes) -> bytes:
    seen, deadline = b"", time.monotonic() + 30
    while wanted not in seen and time.monotonic() < deadline:
        if select.select([leader], [], [], 0.2)[0]:
            seen += os.read(leader, 65536)
    assert wanted in seen, (wanted, seen[-2000:])
    return seen


def test_a_real_terminal_keeps_history_and_survives_ctrl_c(built: Path, tmp_path: Path) -> None:
    import shutil

    library = tmp_path / "library"
    shutil.copytree(built, library)
    command = [Path(sys.executable).with_name("seedbot"), "repl", "--seeds", SEEDS, "--library", library]

    def session(*exchanges: tuple[bytes, bytes]) -> bytes:
        """Types each line when the prompt stands there, waits for what it should bring, and leaves by Ctrl-D."""
        leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "60"}
        process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
        os.close(follower)
        seen = _read_until(leader, "❯".encode())
        for keys, wanted in exchanges:
            os.write(leader, keys)
            seen += _read_until(leader, wanted)
            seen += _read_until(leader, "❯".encode())
        os.write(leader, b"\x04")
        assert process.wait(timeout=20) == 0
        os.close(leader)
        return seen

    seen = session(
        (b"half a question\x03", b""),
        (b"How old can a tern get?\r", b"thirty years"),
        (b"/status\r", b"Generation 1 of"),
    )
    assert "╭─".encode() in seen
    assert "How old can a tern get?" in (library / "history").read_text()
    session((b"\x1b[A\x1b[A\r", b"thirty years"))  # two up in the history of the run before
