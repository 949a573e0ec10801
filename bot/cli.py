"""The command line: which commands there are, and the one edge where errors become a sentence and an exit code.

Exit codes: 0 answered or done, 1 a failure that is explained, 2 wrong usage, 3 nothing found, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from bot import logs
from bot.display import visible
from retrieval.errors import SeedbotError

_COMMANDS = ("ask", "repl", "build", "sources", "show", "verify", "status", "doctor", "eval", "train", "telegram")


class _Commands(click.Group):
    """Each command lives in a module of `bot.commands` that bears its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"bot.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="seedbot", message="seedbot %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Answers questions about your own documents with excerpts quoted word for word.

    Put documents into the folder `seeds` and ask: seedbot ask "What did the report say about floods?"
    """
    context.color = _colour()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _colour() -> bool | None:
    """False where colours are not wanted (https://no-color.org), None to look whether a terminal watches."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def main() -> NoReturn:
    """Runs the command line and exits."""
    _replace_closed()
    logs.set_up()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or pipe whose encoding lacks a character
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _replace_closed() -> None:
    """Puts an empty stream where whoever started this closed a standard one, which Python leaves out."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open()
    sys.stdout = sys.stdout or nothing.open("w")
    sys.stderr = sys.stderr or nothing.open("w")


def _run() -> int:
    try:
        code = cli.main(prog_name="seedbot", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(logs.readable(shown.getvalue()), err=True, nl=False)
        return error.exit_code
    except SeedbotError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except (BrokenPipeError, SystemExit):  # whoever read the output has seen enough; click and rich exit for it
        _write_no_more()
        return 0
    except OSError as error:
        logs.unexpected(error)
        if error.filename is None:
            _write_no_more()
        what, why = error.filename or "The output", error.strerror or error
        return _fail(f"{what} cannot be read or written ({why}): free some space or check its permissions.")
    except Exception as error:  # noqa: BLE001 - the outer edge; `unexpected` logs it
        return _fail(logs.unexpected(error))


def _write_no_more() -> None:
    """Lets what is left of the output go, so that Python does not try to write it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str) -> int:
    mark = click.style("seedbot:", fg="red", bold=True)
    click.echo(f"{mark} {visible(logs.readable(sentence))}", err=True, color=_colour())
    return 1
