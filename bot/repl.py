"""The interactive terminal: questions, and commands that look closer at the last answer.

`Repl.handle` takes one line and knows nothing of where lines come from; `run` feeds it from a prompt or from a pipe.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot import logs, messages
from bot.display import in_line, visible, visible_parts
from bot.filters import describe, parse_filter, split_words
from bot.options import located
from bot.render import (
    VERDICTS,
    console,
    marked,
    show_answer,
    show_excerpts,
    show_question,
    show_ranking,
    show_report,
    show_sources,
    write_line,
)
from bot.settings import Settings
from retrieval.errors import QuestionError, SeedbotError
from retrieval.library import Library
from retrieval.types import Answer, Citation, Excerpt, Filter, Pending, Span

_CONTEXT = 400  # characters that /more adds on either side
_MOST = 50  # excerpts of one question
_NARROW = 70  # columns; with fewer there is no room for an explanation beside its command
_PAGER_READS_ONLY = {"LESSSECURE": "1"}  # a question typed into it would write files and run commands
_PAGER_PROMPT = "-Psq goes back to your questions, h helps"  # of less


@dataclass(frozen=True, slots=True)
class Command:
    """A command as /help lists it."""

    name: str
    usage: str
    help: str


COMMANDS = (
    Command("/more", "/more [N]", "wider context around excerpt N; again for wider still"),
    Command("/next", "/next", "further excerpts"),
    Command("/open", "/open [N]", "the whole document of excerpt N, at its line"),
    Command("/why", "/why [N]", "why excerpt N stands where it does, beside those after it"),
    Command("/verify", "/verify", "whether the excerpts stand in the files as they are now"),
    Command("/filter", "/filter GLOB [from DATE] [to DATE] | off", "only documents that match"),
    Command("/sources", "/sources [GLOB]", "the documents"),
    Command("/build", "/build", "bring the library up to date with the folder"),
    Command("/status", "/status", "what the library holds"),
    Command("/help", "/help", "this list"),
    Command("/quit", "/quit", "leave (also Ctrl-D)"),
)


_BARE = re.compile(r"help|next|verify|build|status|sources|(more|open|why)( \d+)?|filter off", re.IGNORECASE)
"""What is a command without its slash too, since it is no question."""


_OF_THE_SHELL = re.compile(r"`seedbot (?=(?:build|sources|status|verify)\b)")
"""What a remedy begins with that is a command here too."""


class Repl:
    """A conversation with a library; `where` is the filter in force, `answer` what was said last."""

    def __init__(self, library: Library, settings: Settings, screen: Console) -> None:
        self.where = Filter()
        self._library, self._settings, self._screen = library, settings, screen
        self.answer: Answer | None = None
        self._asked_where = self.where
        self._shown: list[Excerpt] = []
        self._told: Pending | None = None
        self._context: dict[int, int] = {}
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "/more": self._more,
            "/next": self._next,
            "/open": self._open,
            "/why": self._why,
            "/verify": self._verify,
            "/filter": self._filter,
            "/sources": self._sources,
            "/build": self._build,
            "/status": self._status,
            "/help": self._help,
        }

    def handle(self, line: str, *, cancels: bool = True) -> bool:
        """Answers one line; False when it asks to leave. Whatever goes wrong is said in one sentence.

        An interrupt ends that line only, or with `cancels` off, whoever called.
        """
        text = typed(line)
        if leaves(text):
            return False
        try:
            if text.startswith("/") or _BARE.fullmatch(" ".join(text.split())):
                self._run("/" + text.removeprefix("/"))
            elif text:
                self._ask(text)
        except SeedbotError as error:
            self._say(located(_OF_THE_SHELL.sub("`/", str(error))), "red")
        except OSError as error:
            self._say(f"That did not work: {error.strerror or error}.", "red")
        except KeyboardInterrupt:
            if not cancels:
                raise
            self._say("Cancelled.", "yellow")
        except Exception as error:  # noqa: BLE001 - one line must not end the session; `unexpected` logs it
            self._say(logs.readable(logs.unexpected(error)), "red")
        return True

    def _run(self, text: str) -> None:
        name, *others = text.split(None, 1)
        rest = "".join(others)  # white space in a document's name stays as it is
        near = [one for one in self._commands if one.startswith(name.lower())]
        command = self._commands.get(name.lower()) or (self._commands[near[0]] if len(near) == 1 else None)
        if command is None:
            raise QuestionError(f"There is no command {name}: /help lists them all.")
        command(split_words(rest))

    def _ask(self, question: str) -> None:
        self._library.refresh()
        answer = self._library.ask(question, where=self.where)
        notes = []
        if self.where and not answer.found:
            notes.append(messages.only_searched(describe(self.where), self._library.count(self.where)))
        self.answer, self._asked_where, self._shown, self._context = answer, self.where, list(answer.excerpts), {}
        shown = show_answer(self._screen, answer, self._settings.seeds, notes, next_shows=True)
        self._shown = self._shown[:shown]
        self._tell_pending()  # looks at every file, which nobody should wait for before the answer

    def _tell_pending(self) -> None:
        """Says once that the folder has changed, and again when it has changed further."""
        found = self._library.pending()
        if found and found != self._told:
            self._say(messages.pending(found, self._settings.seeds, "/build reads it"), "yellow")
        self._told = found

    def _more(self, arguments: list[str]) -> None:
        excerpt = self._excerpt(arguments)
        place = excerpt.citation
        self._refuse_changed(place)
        around = self._context[excerpt.rank] = self._context.get(excerpt.rank, 0) + _CONTEXT
        wider = self._library.around(place, around)
        mark = Span(place.start - wider.citation.start, place.end - wider.citation.start)
        show_excerpts(self._screen, [replace(wider, rank=excerpt.rank, highlights=(mark,))], self._settings.seeds)

    def _next(self, arguments: list[str]) -> None:
        del arguments
        answer = self._last()
        self._library.refresh()
        more = min(len(self._shown) + self._settings.answer.excerpts, _MOST)
        again = self._library.ask(answer.question, top=more, where=self._asked_where)
        if again.generation != answer.generation:
            raise QuestionError("The library has changed since this answer: ask again.")
        excerpts = again.excerpts[len(self._shown) :]
        if not excerpts:
            self._say("There are no further excerpts.", "yellow")
        seeds, unanswered = self._settings.seeds, answer.unanswered
        shown = show_excerpts(self._screen, excerpts, seeds, found=False, unanswered=unanswered, next_shows=True)
        self._shown += excerpts[:shown]

    def _open(self, arguments: list[str]) -> None:
        excerpt = self._excerpt(arguments)
        place = excerpt.citation
        self._refuse_changed(place)
        pager = shutil.which("less") or shutil.which("more")
        if self._screen.is_terminal and pager is not None:
            hint = [_PAGER_PROMPT] * (Path(pager).name == "less")
            environment = {**os.environ, **_PAGER_READS_ONLY}
            started = subprocess.Popen([pager, f"+{place.line}", *hint], stdin=subprocess.PIPE, env=environment)
            with _interrupts_left_to_others(), suppress(BrokenPipeError), started as shown:
                for part in visible_parts(self._library.blocks(place.document)):
                    cast(IO[bytes], shown.stdin).write(part.encode())
            return
        text = self._library.document(place.document).text
        write_line(self._screen, marked(text, [Span(place.start, place.end)]))

    def _why(self, arguments: list[str]) -> None:
        excerpt = self._excerpt(arguments)
        beside = [excerpt] + [one for one in self._shown if one.rank > excerpt.rank and one.part == excerpt.part]
        self._say(messages.why(excerpt, beside[1] if len(beside) > 1 else None), "")
        if excerpt.doubt is not None:
            self._say(messages.doubted(excerpt.doubt), "yellow")
        show_ranking(self._screen, beside[: self._settings.answer.excerpts])

    def _verify(self, arguments: list[str]) -> None:
        del arguments
        self._last()
        for excerpt in self._shown:
            done = self._library.verify(excerpt.citation, excerpt.text)
            verdict = (f"{done.verdict.value:<8}", VERDICTS[done.verdict])
            place = in_line(messages.file_and_line(excerpt.citation))
            told = (messages.checked(done), "dim")
            write_line(self._screen, Text.assemble(f"{excerpt.rank:>2}. ", verdict, place, "  ", told))

    def _filter(self, arguments: list[str]) -> None:
        where = parse_filter(arguments)
        if not where:
            self.where = where
            self._say("Every document is searched.", "dim")
            return
        count = self._library.count(where)
        self.where = where
        self._say(f"{messages.count(count, 'document')} will be searched; /filter off searches all.", "dim")

    def _sources(self, arguments: list[str]) -> None:
        found = self._library.documents(" ".join(arguments) or None)  # names hold spaces
        show_sources(self._screen, found, self._settings.seeds)

    def _build(self, arguments: list[str]) -> None:
        from bot.progress import shown

        with shown() as step:
            report = self._library.sync(full=arguments == ["--full"], progress=step, wait_seconds=5)
        show_report(self._screen, report)

    def _status(self, arguments: list[str]) -> None:
        del arguments
        found = self._library.status()
        documents, passages = messages.count(found.documents, "document"), messages.count(found.passages, "passage")
        built = messages.moment(found.built_at)
        self._say(f"Generation {found.generation}, built {built}: {documents}, {passages}, {found.model}.", "")

    def _help(self, arguments: list[str]) -> None:
        del arguments
        self._say("Type a question, or:", "")
        if self._screen.width < _NARROW:
            for one in COMMANDS:
                self._screen.print(Padding.indent(Text(one.usage, "cyan"), 2))
                self._screen.print(Padding.indent(Text(one.help, "dim"), 4))
            return
        table = Table.grid(padding=(0, 0, 0, 2))
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(style="dim")
        for one in COMMANDS:
            table.add_row(Text(f"  {one.usage}"), Text(one.help))
        self._screen.print(table)

    def _last(self) -> Answer:
        if self.answer is None:
            raise QuestionError("Ask a question first.")
        return self.answer

    def _excerpt(self, arguments: list[str]) -> Excerpt:
        self._last()
        number = arguments[0] if arguments else "1"
        found = [one for one in self._shown if str(one.rank) == number]
        if not self._shown:
            raise QuestionError("The last question has no excerpts: ask another one.")
        if not found:
            raise QuestionError(f"There is no excerpt {number}: {len(self._shown)} are shown; /next shows more.")
        return found[0]

    def _refuse_changed(self, place: Citation) -> None:
        """Raises QuestionError where the cited document is another by now, SourceNotFound where it is gone."""
        if self._library.outline(place.document).sha256 != place.sha256:
            raise QuestionError(f"{in_line(place.document)} has changed since this answer: ask again.")

    def _say(self, text: str, style: str) -> None:
        write_line(self._screen, Text(visible(text), style))


@contextmanager
def _interrupts_left_to_others() -> Iterator[None]:
    """Ctrl-C reaches whoever has the terminal, and not this process."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def typed(line: str) -> str:
    """A line without what stands unseen around it: white space, and the byte order mark that a file begins with."""
    return line.strip().strip("\ufeff").strip()


def leaves(text: str) -> bool:
    """Whether a line asks to end the session."""
    return text.lower() in ("/quit", "/exit", "/q", "quit", "exit")


def run(library: Library, settings: Settings) -> int:
    """Reads lines until the end: from a prompt on a terminal, else from standard input, which an interrupt ends."""
    repl = Repl(library, settings, console())
    if not sys.stdin.isatty():
        screen = console()
        for raw in sys.stdin.buffer:
            line = typed(raw.decode("utf-8", "replace"))
            if line and not leaves(line):
                show_question(screen, line)
            if not repl.handle(line, cancels=False):
                break
            sys.stdout.flush()
        return 0
    from bot.prompt import lines

    for line in lines(repl, library, settings):
        if not repl.handle(line):
            break
        print()
    return 0
