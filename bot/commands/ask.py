"""`seedbot ask`: one answer, or one for every line of standard input."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click

from bot.logs import readable, unexpected
from bot.options import hint, located, open_asking_library, tell_pending, with_settings
from bot.settings import Settings
from retrieval.errors import QuestionError, SeedbotError
from retrieval.library import Library
from retrieval.types import Answer, Filter

_KEYS = {"question": "question", "in": "glob", "from": "since", "to": "until"}
_MINUS_FIRST = re.compile(r"-(?:\d|(?![-=])[^=]*\s)")
"""What begins like an option and can be none: a digit, or several words."""
_OBJECT = re.compile(r'\s*\{\s*"')
"""How a JSON object begins, and hardly a question."""


class _Ask(click.Command):
    """Takes a question that begins with a minus for what it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See `Command.parse_args`."""
        try:
            return super().parse_args(ctx, self._question_last(args))
        except click.NoSuchOption as error:
            said = f"{error.message.removesuffix('.')}. A question that begins with a minus goes behind --."
            raise click.NoSuchOption(error.option_name, said, error.possibilities, ctx) from error

    def _question_last(self, args: list[str]) -> list[str]:
        """The same, all words of the question behind `--` where one of them begins with a minus."""
        if not any(_MINUS_FIRST.match(one) for one in args):
            return args
        valued = {name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for one in rest:
            if one == "--":
                words += rest
            elif one in valued:
                value = list(islice(rest, 1))
                if not value:
                    return [*options, one]  # which click explains
                options += [one, *value]
            elif one.startswith("-") and one != "-" and not _MINUS_FIRST.match(one):
                options.append(one)
            else:
                words.append(one)
        return [*options, "--", *words] if words else options


@click.command("ask", cls=_Ask)
@click.argument("question", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--top",
    type=click.IntRange(1, 50),
    metavar="N",
    help="Show at most N excerpts, but one for each of several questions.  [default: 3]",
)
@click.option("--in", "glob", metavar="GLOB", help="Look only in documents whose path matches, such as 'reports/*'.")
@click.option("--from", "since", metavar="DATE", help="Look only in documents of this date or later (YYYY-MM-DD).")
@click.option("--to", "until", metavar="DATE", help="Look only in documents of this date or earlier.")
@with_settings
def command(
    settings: Settings,
    question: tuple[str, ...],
    as_json: bool,
    top: int | None,
    glob: str | None,
    since: str | None,
    until: str | None,
) -> int:
    """Answer QUESTION with excerpts from your documents.

    A QUESTION of - reads one question a line from standard input; a line may be a JSON object {"question", "in",
    "from", "to"}. Exits with 3 when the documents do not hold the answer.
    """
    where = Filter(glob, since, until)
    with open_asking_library(settings) as library:
        asking = _Asking(settings, library, top, as_json=as_json)
        if question == ("-",):
            return asking.every_line(where)
        answer = library.ask(" ".join(question), top=top, where=where)
        asking.show(answer)
        tell_pending(library, settings)
        return 0 if answer.found else 3


@dataclass(frozen=True, slots=True)
class _Asking:
    settings: Settings
    library: Library
    top: int | None
    as_json: bool

    def show(self, answer: Answer, *, named: bool = False) -> None:
        """Prints an answer; `named` puts the question above it, where several are asked."""
        if self.as_json:
            from bot import records

            click.echo(records.line(records.answer(answer)))
        else:
            from bot.render import console, show_answer, show_question

            screen = console()
            if named:
                show_question(screen, answer.question)
            show_answer(screen, answer, self.settings.seeds)
            if named:
                click.echo()
        sys.stdout.flush()

    def every_line(self, default: Filter) -> int:
        """Answers each line of standard input; a bad line is explained and the rest goes on."""
        found = failed = number = 0
        for number, line in _lines():
            try:
                question, where = _parse(line, default)
                self.library.refresh()
                answer = self.library.ask(question, top=self.top, where=where)
            except Exception as error:  # noqa: BLE001 - one line must not end the rest; `unexpected` logs it
                failed += 1
                told = located(str(error)) if isinstance(error, SeedbotError) else unexpected(error)
                self._explain(number, line, told)
                continue
            found += answer.found
            self.show(answer, named=True)
        tell_pending(self.library, self.settings)
        if not number:
            hint("No question came in on standard input.")
        if failed:
            return 1
        return 0 if found else 3

    def _explain(self, number: int, line: str, error: str) -> None:
        hint(f"line {number}: {error}")
        if self.as_json:
            from bot import records

            click.echo(records.line({"question": line, "error": readable(error)}))
            sys.stdout.flush()


def _lines() -> Iterator[tuple[int, str]]:
    """The lines of standard input that hold anything, whatever their bytes, each with its number from 1."""
    for number, raw in enumerate(sys.stdin.buffer, 1):
        line = raw.decode("utf-8", "replace").strip("\ufeff\r\n")
        if line.strip():
            yield number, line


def _parse(line: str, default: Filter) -> tuple[str, Filter]:
    """A line as a question and its filter. Raises QuestionError for an object that cannot be one."""
    if not line.lstrip().startswith("{"):
        return line, default
    try:
        row: Any = json.loads(line, parse_int=float)  # an int of thousands of digits would be refused
    except (ValueError, RecursionError) as error:
        if not _OBJECT.match(line):
            return line, default  # a question may begin with a brace
        raise QuestionError(
            f"The line begins as a JSON object and is none ({error}): escape quotation marks, or send plain text."
        ) from error
    unknown = sorted(set(row) - set(_KEYS))
    if unknown:
        raise QuestionError(f"There is no {unknown[0]!r} in a question: use question, in, from and to.")
    if not isinstance(row.get("question"), str):
        raise QuestionError('The object has no "question" that is text.')
    wrong = [key for key, value in row.items() if value is not None and not isinstance(value, str)]
    if wrong:
        raise QuestionError(f"{wrong[0]!r} must be text.")
    own = {_KEYS[key]: value for key, value in row.items() if key != "question" and value is not None}
    return row["question"], Filter(
        own.get("glob", default.glob), own.get("since", default.since), own.get("until", default.until)
    )
