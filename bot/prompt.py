"""The prompt: history across runs, completion, a line of status. Lines come from here one by one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.styles import Style

from bot import messages
from bot.filters import describe
from bot.repl import Repl, completions
from bot.settings import Settings
from retrieval.library import Library

_STYLE = Style.from_dict({"bottom-toolbar": "noreverse #808080", "filter": "#d7af00", "mark": "#00af5f bold"})


class _Completer(Completer):
    def __init__(self, library: Library) -> None:
        self._library = library

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        del complete_event
        paths = (one.path for one in self._library.documents())
        for text, start in completions(document.text_before_cursor, paths):
            yield Completion(text, start_position=start)


def lines(repl: Repl, library: Library, settings: Settings) -> Iterator[str]:
    """What is typed, line by line; a pasted text of several lines is one. Ctrl-C clears the line, Ctrl-D ends."""
    session: PromptSession[str] = PromptSession(
        history=_history(settings),
        completer=_Completer(library),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        bottom_toolbar=lambda: _toolbar(library),
        style=_STYLE,
    )
    while True:
        try:
            yield session.prompt(lambda: _prompt(repl))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _prompt(repl: Repl) -> FormattedText:
    shown = describe(repl.where)
    return FormattedText([("class:filter", f"{shown} " if shown else ""), ("class:mark", "❯ ")])


def _toolbar(library: Library) -> str:
    status = library.status()
    return f"{messages.count(status.documents, 'document')} · Tab completes · /help · Ctrl-D leaves"


def _history(settings: Settings) -> History:
    """Kept in the library, readable by its owner only; in memory where the library cannot be written."""
    path = settings.library / "history"
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        return FileHistory(str(path))
    return InMemoryHistory()
