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

_PAGES = ["README.md", "CHANGELOG.md", *sorted(f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md"))]
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
def test_the_readme_shows_what_is_answered(command: str, shown: str, built: Path, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "seedbot"
    done = subprocess.run(
        [_SEEDBOT, *arguments, "--seeds", SEEDS, "--library", built], capture_output=True, text=True, cwd=tmp_path
    )
    assert _without_percent(done.stdout.strip()) == _without_percent(shown)


def test_the_readme_shows_an_answer_and_an_honest_no() -> None:
    first_lines = [shown.partition(" ")[0] for _, shown in _transcripts()]
    assert first_lines[:2] == ["Answered:", "Not"]


def test_the_readme_names_every_command() -> None:
    assert all(f"seedbot {name}" in _read("README.md") for name in _COMMANDS)


def _links(page: str) -> list[tuple[str, str]]:
    """File and heading of every link of a page to this repository; either may be empty."""
    targets = re.findall(r"\]\(([^)\s]+)\)", _read(page))
    return [(name, heading) for name, _, heading in (t.partition("#") for t in targets) if "://" not in name]


def _headings(page: Path) -> set[str]:
    """The headings of a page as a link names them on GitHub."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", _PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    for name, heading in _links(page):
        path = (REPOSITORY / page).parent / name if name else REPOSITORY / page
        assert path.exists(), name
        assert not heading or heading in _headings(path), f"{name}#{heading}"


def test_links_are_found_on_the_pages() -> None:
    assert ("docs/operating.md", "tuning-on-your-own-questions") in _links("README.md")
    assert {page for page in _PAGES if _links(page)} >= {"README.md", "docs/architecture.md", "docs/answers.md"}


def _named_in_the_architecture() -> set[str]:
    return set(re.findall(r"`([a-z_]+\.py|loaders/)`", _read("docs/architecture.md")))


def test_every_file_of_the_engine_that_the_architecture_names_is_there() -> None:
    for name in _named_in_the_architecture():
        assert (REPOSITORY / "retrieval" / name).exists(), name


def test_the_architecture_names_every_module_of_the_engine() -> None:
    modules = {path.name for path in (REPOSITORY / "retrieval").glob("*.py")} - {"__init__.py"}
    assert modules - _named_in_the_architecture() == set()


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
