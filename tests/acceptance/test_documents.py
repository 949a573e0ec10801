"""What the README and the documents show is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import _COMMANDS
from tests.conftest import REPOSITORY, SEEDS

_PAGES = [
    "README.md",
    "docs/architecture.md",
    "docs/operating.md",
    "docs/performance.md",
    "docs/telegram.md",
    "CHANGELOG.md",
]
_SEEDBOT = Path(sys.executable).with_name("seedbot")


def _read(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def _transcripts() -> list[tuple[str, str]]:
    """Each `$ seedbot …` line of the README with the output that is shown under it."""
    blocks = re.findall(r"```console\n(.*?)```", _read("README.md"), re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part.strip()]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1].strip()) for part in parts]


def _without_percent(text: str) -> str:
    """Processors differ in the last digits of a confidence."""
    return re.sub(r"\(\d+%\)", "(…%)", text)


@pytest.mark.parametrize(("command", "shown"), _transcripts())
def test_the_readme_shows_what_is_answered(command: str, shown: str, built: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "seedbot"
    done = subprocess.run(
        [_SEEDBOT, *arguments, "--seeds", SEEDS, "--library", built], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert _without_percent(done.stdout.strip()) == _without_percent(shown)


def test_the_readme_names_every_command() -> None:
    assert all(f"seedbot {name}" in _read("README.md") for name in _COMMANDS)


@pytest.mark.parametrize("page", _PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", _read(page)):
        assert "://" in target or ((REPOSITORY / page).parent / target).exists(), target


def test_every_file_of_the_engine_that_the_architecture_names_is_there() -> None:
    for name in re.findall(r"`([a-z_]+\.py|loaders/)`", _read("docs/architecture.md")):
        assert (REPOSITORY / "retrieval" / name).exists(), name


def test_the_telegram_page_names_every_command_of_the_menus() -> None:
    from bot.telegram.menus import ADMIN

    page = _read("docs/telegram.md")
    assert [name for name in ADMIN if f"/{name}" not in page and name != "add"] == []


def test_the_telegram_page_and_the_deployment_use_settings_that_exist() -> None:
    from bot.settings import TelegramSettings

    text = "".join(_read(name) for name in ("docs/telegram.md", "Dockerfile", "compose.yaml", "deploy/seedbot.service"))
    named = {name.lower() for name in re.findall(r"SEEDBOT_TELEGRAM__([A-Z_]+)", text)}
    assert len(named) >= 6
    assert named <= set(TelegramSettings.model_fields)


def test_the_question_set_in_the_documents_fits_the_sample_documents() -> None:
    import json

    from retrieval.loaders import load

    (line,) = re.findall(r"```json\n(.*?)\n```", _read("docs/operating.md"))
    (gold,) = json.loads(line)["answers"]
    path = SEEDS / gold["doc"]
    assert load(path, gold["doc"], path.read_bytes()).text[gold["start"] : gold["end"]] == gold["text"]


def test_the_first_command_of_the_readme_asks_what_the_documents_answer(built: Path) -> None:
    (question,) = re.findall(r'bin/seedbot ask "([^"]+)"', _read("README.md"))
    done = subprocess.run(
        [_SEEDBOT, "ask", question, "--seeds", SEEDS, "--library", built], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "thirty years" in done.stdout
