"""What looks changed in the seeds folder since the library was built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrieval import comparing
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Pending
from tests.conftest import Write
from tests.permissions import binding

NOTHING = Pending(0, 0, 0)


@pytest.fixture
def built(library: Library, write: Write) -> Library:
    write("a.txt", "The bridge is 310 metres long.\n")
    write("b/c.txt", "The tower is 60 metres high.\n")
    write("empty.txt", "")
    write("picture.xyz", b"\x00\x01")
    library.sync()
    return library


def test_nothing_is_pending_right_after_a_build(built: Library) -> None:
    assert built.pending() == NOTHING
    assert not built.pending()
    assert {one.path for one in built.skipped()} == {"empty.txt", "picture.xyz"}


def test_new_changed_and_gone_files_are_counted_until_they_are_built(built: Library, write: Write, seeds: Path) -> None:
    write("new.txt", "The harbour has two piers.\n")
    write("a.txt", "The bridge is 320 metres long, they say.\n")
    write("empty.txt", "No more.\n")
    (seeds / "b" / "c.txt").unlink()
    assert built.pending() == Pending(new=1, changed=2, gone=1)
    built.sync()
    assert built.pending() == NOTHING


def test_a_copied_folder_is_not_changed(built: Library, seeds: Path) -> None:
    for path in seeds.rglob("*.txt"):
        state, text = path.stat(), path.read_bytes()
        path.unlink()
        path.write_bytes(text)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert built.pending() == NOTHING


def test_a_file_that_could_not_be_read_is_not_changed_for_that(library: Library, write: Write) -> None:
    write("a.txt", "The bridge is 310 metres long.\n")
    closed = write("closed.txt", "The tower is 60 metres high.\n")
    closed.chmod(0)
    with binding():
        assert [one.path for one in library.sync().skipped] == ["closed.txt"]
        assert library.pending() == NOTHING
        closed.chmod(0o644)
        assert library.pending() == Pending(new=0, changed=1, gone=0)


def test_what_cannot_be_looked_at_is_not_gone(built: Library, seeds: Path) -> None:
    (seeds / "b").chmod(0)
    try:
        with binding():
            assert built.pending() == NOTHING
    finally:
        (seeds / "b").chmod(0o755)


def test_where_the_folder_cannot_be_looked_at_nothing_is_said_and_questions_are_answered(
    settings: EngineSettings, write: Write
) -> None:
    """As where it is on a network drive that has dropped."""
    write("drive/seeds/a.txt", "The bridge is 310 metres long.\n")
    drive = settings.seeds / "drive"
    on_drive = settings.model_copy(update={"seeds": drive / "seeds"})
    with Library.open(on_drive, embedder=FakeEmbedder()) as built:
        built.sync()
        drive.chmod(0)
        try:
            with binding():
                assert built.pending() is None
                assert built.ask("bridge").excerpts[0].citation.document == "a.txt"
        finally:
            drive.chmod(0o755)


def test_a_large_missing_or_other_folder_is_not_looked_at(
    built: Library, settings: EngineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_MOST_LOOKED_AT", 3)
    assert built.pending() is None
    assert built.pending(however_long=True) == NOTHING
    monkeypatch.setattr(comparing, "_MOST_LOOKED_AT", 4)
    assert built.pending() == NOTHING
    for name in ("other", "nowhere"):
        other = settings.model_copy(update={"seeds": tmp_path / name})
        (tmp_path / "other").mkdir(exist_ok=True)
        with Library.open(other) as library:
            assert library.pending() is None
    settings.seeds.rename(tmp_path / "moved")
    assert built.pending() is None
