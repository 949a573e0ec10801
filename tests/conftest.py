"""What all tests share: no network, a model exported once, libraries in folders of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from retrieval.library import Library
from retrieval.models import DEFAULT_MODEL, make_export
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from tests.offline import sitecustomize  # guards this process as well

# The same examples at every run, so that a change is never judged by another's luck;
# `pytest --hypothesis-profile=search` looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, max_examples=150)
hypothesis.settings.register_profile("search", max_examples=3000, deadline=None)
hypothesis.settings.load_profile("same")

REPOSITORY = Path(__file__).resolve().parent.parent
SEEDS = REPOSITORY / "seeds"

Write = Callable[[str, str | bytes], Path]

_OF_TERMINALS = {"NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM", "COLUMNS", "LINES"}
_OF_SERVICES = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "TELEGRAM_BOT_TOKEN"}


@pytest.fixture(scope="session", autouse=True)
def _nothing_goes_beyond_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also where the refusal was caught, in whichever process."""
    folder = tmp_path_factory.mktemp("offline")
    shutil.copy(sitecustomize.__file__, folder)
    attempts = folder / "attempts"
    attempts.touch()
    os.environ["OFFLINE_ATTEMPTS"] = str(attempts)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    yield
    assert attempts.read_text("utf-8") == ""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        others = name in _OF_TERMINALS | _OF_SERVICES or name.lower().endswith("_proxy")
        if others or name.startswith(("SEEDBOT_", "TTY_")):
            monkeypatch.delenv(name)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """An empty seeds folder."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    return folder


@pytest.fixture
def write(seeds: Path) -> Write:
    """Writes a document into the seeds folder."""

    def write_document(name: str, content: str | bytes) -> Path:
        path = seeds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_document


@pytest.fixture
def settings(tmp_path: Path, seeds: Path) -> EngineSettings:
    return EngineSettings(seeds=seeds, library=tmp_path / "library")


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def library(settings: EngineSettings, embedder: FakeEmbedder) -> Iterator[Library]:
    """A library that is not built yet, with the fake embedder."""
    with Library.open(settings, embedder=embedder) as opened:
        yield opened


@pytest.fixture(scope="session")
def exported_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model, exported once for all tests."""
    folder = tmp_path_factory.mktemp("export") / "model"
    make_export(DEFAULT_MODEL, folder)
    return folder


@pytest.fixture(scope="session")
def built(exported_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library over the documents of the repository, built with the default model; tests only read it."""
    folder = tmp_path_factory.mktemp("built") / "library"
    shutil.copytree(exported_model, folder / "model", copy_function=os.link)
    with Library.open(EngineSettings(seeds=SEEDS, library=folder)) as library:
        library.sync()
    return folder
