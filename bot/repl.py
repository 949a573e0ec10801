"""The interactive terminal: questions, and commands that look closer at the last answer.

`Repl.handle` takes one line and knows nothing of where lines come from; `run` feeds it from a prompt or from a pipe.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from bot import messages
from bot.filters import parse_filter
from bot.messages import visible
from bot.render import (
    console,
    marked,
    show_answer,
    show_excerpts,
    show_ranking,
    show_report,
    show_sources,
    write_line,
)
from bot.settings import Settings
from retrieval.errors import QuestionError, SeedbotError
from retrieval.library import Library
from retrieval.searcher import matching
from retrieval.types import Answer, Excerpt, Filter, Span

_CONTEXT = 400  # characters that /more adds on either side
_MOST = 50  # excerpts of one question


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
    Command("/why", "/why", "how the excerpts were ranked"),
    Command("/verify", "/verify", "whether the excerpts stand in the files as they are now"),
    Command("/filter", "/filter GLOB [from DATE] [to DATE] | off", "only documents that match"),
    Command("/sources", "/sources [GLOB]", "the documents"),
    Command("/build", "/build", "bring the library up to date with the folder"),
    Command("/status", "/status", "what the library holds"),
    Command("/help", "/help", "this list"),
    Command("/quit", "/quit", "leave (also Ctrl-D)"),
)


class Repl:
    """A conversation with a library; `where` is the filter in force."""

    def __init__(self, library: Library, settings: Settings, screen: Console) -> None:
        self.where = Filter()
        self._library, self._settings, self._screen = library, settings, screen
        self._answer: Answer | None = None
        self._shown: list[Excerpt] = []
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

    def handle(self, line: str) -> bool:
        """Answers one line; False when it asks to leave. Whatever goes wrong is said in one sentence."""
        text = " ".join(line.split())
        if text.lower() in ("/quit", "/exit", "/q"):
            return False
        try:
            if text.startswith("/"):
                self._run(text)
            elif text:
                self._ask(text)
        except SeedbotError as error:
            self._say(str(error), "red")
        except OSError as error:
            self._say(f"That did not work: {error.strerror or error}.", "red")
        except KeyboardInterrupt:
            self._say("Cancelled.", "yellow")
        return True

    def _run(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        near = [one for one in self._commands if one.startswith(name.lower())]
        command = self._commands.get(name.lower()) or (self._commands[near[0]] if len(near) == 1 else None)
        if command is None:
            raise QuestionError(f"There is no command {name}: /help lists them all.")
        try:
            arguments = shlex.split(rest)
        except ValueError:
            arguments = rest.split()
        command(arguments)

    def _ask(self, question: str) -> None:
        self._library.refresh()
        self._answer = self._library.ask(question, where=self.where)
        self._shown, self._context = list(self._answer.excerpts), {}
        show_answer(self._screen, self._answer, self._settings.seeds)

    def _more(self, arguments: list[str]) -> None:
        excerpt = self._excerpt(arguments)
        around = self._context[excerpt.rank] = self._context.get(excerpt.rank, 0) + _CONTEXT
        place = excerpt.citation
        end = len(self._library.document(place.document).text)
        span = Span(max(0, place.start - around), min(end, place.end + around))
        wider = self._library.excerpt(place.document, span)
        mark = Span(place.start - span.start, place.end - span.start)
        show_excerpts(self._screen, [replace(wider, rank=excerpt.rank, highlights=(mark,))], self._settings.seeds)

    def _next(self, arguments: list[str]) -> None:
        del arguments
        answer = self._last()
        more = min(len(self._shown) + self._settings.answer.excerpts, _MOST)
        excerpts = self._library.ask(answer.question, top=more, where=self.where).excerpts[len(self._shown) :]
        if not excerpts:
            self._say("There are no further excerpts.", "yellow")
        self._shown += excerpts
        show_excerpts(self._screen, excerpts, self._settings.seeds, found=False)

    def _open(self, arguments: list[str]) -> None:
        excerpt = self._excerpt(arguments)
        place = excerpt.citation
        text = self._library.document(place.document).text
        pager = shutil.which("less") or shutil.which("more")
        if self._screen.is_terminal and pager is not None:
            subprocess.run([pager, f"+{place.line}"], input=visible(text).encode(), check=False)
            return
        write_line(self._screen, marked(text, [Span(place.start, place.end)]))

    def _why(self, arguments: list[str]) -> None:
        del arguments
        self._last()
        if not self._shown:
            raise QuestionError("Nothing was ranked for the last question.")
        self._say("What each measure added to the score of excerpts " + self._ranks() + ":", "dim")
        show_ranking(self._screen, self._shown[-self._settings.answer.excerpts :])

    def _ranks(self) -> str:
        return ", ".join(str(one.rank) for one in self._shown[-self._settings.answer.excerpts :])

    def _verify(self, arguments: list[str]) -> None:
        del arguments
        self._last()
        for excerpt in self._shown:
            done = self._library.verify(excerpt.citation, excerpt.text)
            line = f"{excerpt.rank}. {done.verdict.value:<8}{messages.file_and_line(excerpt.citation)}"
            self._say(f"{line}  {messages.checked(done.verdict)}", "green" if done.verdict.value == "exact" else "red")

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
        found = self._library.documents()
        if arguments:
            paths = matching([one.path for one in found], arguments[0])
            found = tuple(one for one in found if one.path in paths)
        if not found:
            raise QuestionError(f"No document matches {arguments[0]!r}.")
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
        self._say(f"Generation {found.generation} of {found.built_at}: {documents}, {passages}, {found.model}.", "")

    def _help(self, arguments: list[str]) -> None:
        del arguments
        self._say("Type a question, or:", "")
        width = max(len(one.usage) for one in COMMANDS)
        for one in COMMANDS:
            self._screen.print(Text.assemble("  ", (f"{one.usage:<{width}}", "cyan"), "  ", (one.help, "dim")))

    def _last(self) -> Answer:
        if self._answer is None:
            raise QuestionError("Ask a question first.")
        return self._answer

    def _excerpt(self, arguments: list[str]) -> Excerpt:
        self._last()
        number = arguments[0] if arguments else "1"
        found = [one for one in self._shown if str(one.rank) == number]
        if not found:
            raise QuestionError(f"There is no excerpt {number}: {len(self._shown)} are shown; /next shows more.")
        return found[0]

    def _say(self, text: str, style: str) -> None:
        write_line(self._screen, Text(visible(text), style))


def run(library: Library, settings: Settings) -> int:
    """Reads lines until the end: from a prompt on a terminal, else from standard input."""
    repl = Repl(library, settings, console())
    if not sys.stdin.isatty():
        for raw in sys.stdin.buffer:
            if not repl.handle(raw.decode("utf-8", "replace")):
                break
        return 0
    from bot.prompt import lines

    for line in lines(repl, library, settings):
        if not repl.handle(line):
            break
        print()
    return 0


def completions(text: str, paths: Iterator[str]) -> Iterator[tuple[str, int]]:
    """What could follow `text`, each with how far back it replaces: commands, then document names after them."""
    if not text.startswith("/"):
        return
    name, space, rest = text.partition(" ")
    if not space:
        yield from ((one.name, -len(name)) for one in COMMANDS if one.name.startswith(name))
    elif name in ("/sources", "/filter"):
        word = rest.rsplit(" ", 1)[-1]
        yield from ((shlex.quote(path), -len(word)) for path in paths if word.casefold() in path.casefold())
