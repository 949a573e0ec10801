"""The prompt: history across runs, completion, a line of status. Lines come from here one by one."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style

from bot import messages
from bot.filters import describe
from bot.repl import COMMANDS, Repl
from bot.settings import Settings
from retrieval.errors import SeedbotError
from retrieval.library import Library
from retrieval.terms import in_small_letters

_MOST_COMPLETIONS = 100  # more nobody reads, and a menu of thousands takes its time
_STYLE = Style.from_dict({"bottom-toolbar": "noreverse #808080", "filter": "#d7af00", "mark": "#00af5f bold"})


class _Completer(Completer):
    """Completes from the document names in `paths`, so that no key waits for the library."""

    def __init__(self) -> None:
        self.paths: tuple[str, ...] = ()

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        del complete_event
        for text, start in completions(document.text_before_cursor, self.paths):
            yield Completion(text, start_position=start)


def lines(repl: Repl, library: Library, settings: Settings) -> Iterator[str]:
    """What is typed, line by line; a pasted text of several lines is one. Ctrl-C clears the line, Ctrl-D ends.

    The documents are looked at once a line: what is drawn and completed at every key comes from there.
    """
    completer = _Completer()
    session: PromptSession[str] = PromptSession(
        history=_history(settings),
        completer=completer,
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        auto_suggest=AutoSuggestFromHistory(),
        enable_suspend=True,
        style=_STYLE,
    )
    while True:
        try:
            with contextlib.suppress(SeedbotError, OSError):  # the next question says it
                library.refresh()
                completer.paths = tuple(one.path for one in library.documents())
            yield session.prompt(_prompt(repl), bottom_toolbar=_toolbar(repl, len(completer.paths)))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _prompt(repl: Repl) -> FormattedText:
    shown = describe(repl.where)
    return FormattedText([("class:filter", f"{shown} " if shown else ""), ("class:mark", "❯ ")])


def _toolbar(repl: Repl, documents: int) -> str:
    """The last verdict, which long excerpts may have pushed off the screen, and what one can do here."""
    held = messages.count(documents, "document") + (" in all" if repl.where else "")
    if repl.answer is None:
        return f"{held} · Tab completes · /help · Ctrl-D leaves"
    return f"{messages.verdict(repl.answer)} · {held} · /help"


def _history(settings: Settings) -> History:
    """Kept in the library, readable by its owner only; in memory where the library cannot be written."""
    path = settings.library / "history"
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        return _KeptHistory(str(path))
    return InMemoryHistory()


class _KeptHistory(FileHistory):
    """A file of what was typed; where it cannot be written any more, the lines of this session are in memory."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string)


def completions(text: str, paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    """What could follow `text`, each with how far back it replaces: commands, then document names after them."""
    if not text.startswith("/"):
        return
    name, space, rest = text.partition(" ")
    if not space:
        yield from ((one.name, -len(name)) for one in COMMANDS if one.name.startswith(name))
    elif name in ("/sources", "/filter"):
        known = [(path, in_small_letters(path)) for path in paths]
        for word in (rest, rest.rsplit(" ", 1)[-1]):  # a name may have spaces
            meant = in_small_letters(word)
            found = [path for path, key in known if meant in key][:_MOST_COMPLETIONS]
            if found:
                yield from ((shlex.quote(path), -len(word)) for path in found)
                return
