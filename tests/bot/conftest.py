"""Runs the command line in this process, as a program would see it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from tests.conftest import SEEDS


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.split("\n") if line]


Run = Callable[..., Done]


@pytest.fixture(autouse=True)
def _no_settings_from_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `seedbot` with arguments, and bytes or text as standard input."""

    def run_command(*arguments: object, stdin: str | bytes = b"") -> Done:
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        monkeypatch.setattr(sys, "argv", ["seedbot", *map(str, arguments)])
        capfd.readouterr()
        code = cli._run()
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return run_command


@pytest.fixture
def over_seeds(run: Run, built: Path) -> Run:
    """Runs a command over the library of the repository's own documents."""

    def run_over_seeds(name: str, *arguments: object, stdin: str | bytes = b"") -> Done:
        return run(name, "--seeds", SEEDS, "--library", built, *arguments, stdin=stdin)

    return run_over_seeds
