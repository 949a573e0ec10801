"""The command line: which commands there are, and the one edge where errors become a sentence and an exit code.

Exit codes: 0 answered or done, 1 a failure that is explained, 2 wrong usage, 3 nothing found, 130 interrupted.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from bot import logs
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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="seedbot", message="seedbot %(version)s")
def cli() -> None:
    """Answers questions about your own documents with excerpts quoted word for word.

    Put documents into the folder `seeds` and ask: seedbot ask "What did the report say about floods?"
    """


def main() -> NoReturn:
    """Runs the command line and exits."""
    logs.set_up()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or pipe whose encoding lacks a character
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _run() -> int:
    try:
        code = cli.main(prog_name="seedbot", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SeedbotError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        kind = type(error).__name__
        what = " ".join(f"{kind}: {error}".split())
        return _fail(f"Something went wrong that Seedbot does not know ({what}): SEEDBOT_DEBUG=1 shows where.")


def _fail(sentence: str) -> int:
    click.echo(f"{click.style('seedbot:', fg='red', bold=True)} {logs.without_secrets(sentence)}", err=True)
    return 1
