"""A disk that is full for real: a tiny file system holds the library, where one can be mounted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval import compaction
from retrieval.errors import LibraryError
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Progress
from tests.conftest import Write

_SIZE = "60m"


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip() or 'mount failed'}")


@pytest.fixture
def disk(settings: EngineSettings) -> Iterator[Path]:
    """The library's folder on a file system of its own."""
    settings.library.mkdir(exist_ok=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(settings.library))
    except FileNotFoundError:
        pytest.skip("no file system can be mounted here: there is no `mount`")
    yield settings.library
    subprocess.run(["umount", "--lazy", str(settings.library)], check=True)


def _fill(disk: Path) -> None:
    """Leaves no room at all."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        while shutil.disk_usage(disk).free:
            file.write(bytes(4096))


def _rows(name: str, count: int) -> str:
    return "text\n" + "".join(f"{name} number {number} stands in row {number}\n" for number in range(count))


def _answers(library: Library) -> bool:
    library.refresh()
    return library.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")


@pytest.mark.parametrize("stage", ["reading", "embedding", "indexing"])
def test_a_build_that_runs_out_of_room_loses_nothing_and_the_next_one_with_room_succeeds(
    disk: Path, settings: EngineSettings, write: Write, stage: str
) -> None:
    """Full from the first word of a stage on; another library over the same folder is asked all the while."""
    write("kept.csv", _rows("Kept", 300))
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
    write("more.csv", _rows("More", 1500))
    asked: list[str] = []

    with (
        Library.open(settings, embedder=FakeEmbedder()) as reader,
        Library.open(settings, embedder=FakeEmbedder()) as library,
    ):

        def meanwhile(done: Progress) -> None:
            if done.stage == stage and stage not in asked:
                _fill(disk)
            if done.stage not in asked:
                assert _answers(reader)
                asked.append(done.stage)

        with pytest.raises(LibraryError, match=r"is full.*: free some space"):
            library.sync(progress=meanwhile)
        assert asked[-1] == stage
        assert _answers(reader)
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.generation == 1
        assert opened.check() is None
        assert _answers(opened), "opened on a disk without room"
        (disk / "ballast").unlink()
        report = opened.sync()
        assert (report.generation, report.added) == (2, ("more.csv",))
        assert (report.reused > 0) == (stage == "indexing"), "what was embedded before is kept"
        assert _answers(opened)
        assert opened.check() is None


def test_a_compaction_that_has_no_room_leaves_all_as_it_was_until_there_is(
    disk: Path, settings: EngineSettings, write: Write, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("kept.csv", _rows("Kept", 500))
    write("gone.csv", _rows("Gone", 1500))
    wasteful: Callable[..., bool] = compaction.wasteful

    def then_full(*arguments: object) -> bool:
        found = wasteful(*arguments)
        _fill(disk)
        return found

    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
        (seeds / "gone.csv").unlink()
        monkeypatch.setattr(compaction, "wasteful", then_full)
        assert library.sync().generation == 2
        assert _answers(library)
        assert library.check() is None
        assert [path.name for path in disk.glob("index-*")] == ["index-2"]
    monkeypatch.undo()
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert _answers(opened), "opened on a disk without room"
        (disk / "ballast").unlink()
        assert opened.sync().generation == 3
        assert _answers(opened)
        assert opened.check() is None
        assert [path.name for path in disk.glob("index-*")] == ["index-3"]
