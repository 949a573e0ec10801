"""What the system refuses is one sentence, wherever it is met."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import load_settings
from retrieval.errors import SettingsError
from tests.conftest import REPOSITORY

_SEEDBOT = [sys.executable, "-c", "from bot.cli import main; main()"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_an_output_that_is_full_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*_SEEDBOT, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert done.returncode == 1
    assert done.stderr == (
        "seedbot: The output cannot be read or written (No space left on device): "
        "free some space or check its permissions.\n"
    )


def test_a_variable_named_after_a_table_says_how_to_set_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBOT_ANSWER", "x")
    with pytest.raises(
        SettingsError, match=r"SEEDBOT_ANSWER cannot be what it is set to: it is a table, .* SEEDBOT_ANSWER__KEY"
    ):
        load_settings()
