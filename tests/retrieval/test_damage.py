"""What happens to a library stays repairable: truncated files, killed builds, full disks, other builders."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.errors import LibraryDamaged, LibraryError, LibraryLocked
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from tests.conftest import REPOSITORY, Write

_KILLS = 30

_BUILD = """
import sys, time
from pathlib import Path
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder

class Slow(FakeEmbedder):
    def encode_passages(self, texts):
        for found in super().encode_passages(texts):
            time.sleep(0.0005)
            yield found

seeds, library = sys.argv[1:3]
with Library.open(EngineSettings(seeds=Path(seeds), library=Path(library)), embedder=Slow()) as opened:
    print("open", flush=True)
    report = opened.sync(wait_seconds=10)
    print(report.embedded, flush=True)
"""


def _start(settings: EngineSettings, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _BUILD, str(settings.seeds), str(settings.library)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, **options)  # type: ignore[call-overload,no-any-return]


def _wait_until_open(build: subprocess.Popen[str]) -> None:
    assert build.stdout is not None
    assert build.stdout.readline() == "open\n"


def _write_chapters(write: Write, edition: int, count: int = 40) -> None:
    for number in range(count):
        body = "\n\n".join(f"Edition{edition} chapter{number} paragraph{p} tells of harbours. " * 6 for p in range(8))
        write(f"chapter-{number}.txt", body)


def test_thirty_kills_at_random_moments_leave_a_library_that_answers(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder
) -> None:
    """After each kill -9 the library opens, passes its check and answers whole from one of its complete states."""
    moment = random.Random(7)
    _write_chapters(write, 0)
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
        generation = library.generation
    killed = 0
    for edition in range(1, _KILLS + 1):
        _write_chapters(write, edition)
        build = _start(settings)
        _wait_until_open(build)
        time.sleep(moment.uniform(0.0, 0.9))
        killed += build.poll() is None
        build.kill()
        build.wait()
        with Library.open(settings, embedder=FakeEmbedder()) as library:
            assert library.ready
            assert library.generation >= generation
            generation = library.generation
            assert library.check() in (None, _INDEXES_STALE)
            documents = library.documents()
            assert len(documents) == 40
            answer = library.ask("chapter7 paragraph3 harbours")
            assert answer.excerpts[0].citation.document == "chapter-7.txt"
            for excerpt in answer.excerpts:
                text = library.document(excerpt.citation.document).text
                assert excerpt.text == text[excerpt.citation.start : excerpt.citation.end]
            editions = {library.document(one.path).text.split()[0] for one in documents}
            assert len(editions) == 1, "a mixture of two builds"
    assert killed >= _KILLS // 2, "most kills must have hit a running build"


_INDEXES_STALE = "the indexes do not belong to the stored passages and will be made again at the next question"


def test_a_killed_build_does_not_repeat_what_it_had_embedded(settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=120)
    build = _start(settings)
    _wait_until_open(build)
    database = settings.library / "library.sqlite"
    deadline = time.monotonic() + 60
    while _vectors(database) < 512 and time.monotonic() < deadline:
        time.sleep(0.02)
    build.kill()
    build.wait()
    kept = _vectors(database)
    assert kept >= 512
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert not library.ready
        report = library.sync()
    assert report.reused == kept
    assert report.embedded == 120 * 8 - kept


def _vectors(database: Path) -> int:
    if not database.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_each_index_file_cut_short_is_noticed_and_made_again(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    _write_chapters(write, 0, count=5)
    library.sync()
    expected = library.ask("chapter3 harbours").excerpts
    library.close()
    kinds = sorted({path.suffix for path in _index_files(settings)})
    assert len(kinds) > 5
    for kind in kinds:
        path = next(path for path in _index_files(settings) if path.suffix == kind)
        name = path.name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with Library.open(settings, embedder=FakeEmbedder()) as opened:
            assert opened.check() == _INDEXES_STALE, name
            assert opened.ask("chapter3 harbours").excerpts == expected, name
            assert opened.check() is None, name


def _index_files(settings: EngineSettings) -> list[Path]:
    files = [path for path in settings.library.glob("index-*/**/*") if path.is_file()]
    return sorted(path for path in files if path.suffix != ".lock" and path.stat().st_size > 1)


def test_a_missing_index_folder_is_made_again(library: Library, settings: EngineSettings, write: Write) -> None:
    import shutil

    _write_chapters(write, 0, count=3)
    library.sync()
    library.close()
    shutil.rmtree(next(settings.library.glob("index-*")))
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.ask("chapter1").excerpts
        assert opened.check() is None


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.98])
def test_a_truncated_database_is_explained_and_full_mends_it(
    library: Library, settings: EngineSettings, write: Write, share: float
) -> None:
    _write_chapters(write, 0, count=8)
    library.sync()
    library.close()
    database = settings.library / "library.sqlite"
    for leftover in settings.library.glob("library.sqlite-*"):
        leftover.unlink()
    os.truncate(database, int(database.stat().st_size * share))
    if share:
        with pytest.raises(LibraryDamaged, match=r"is damaged .*seedbot build --full"):
            _read_all(settings)
    with Library.open(settings, embedder=FakeEmbedder(), repair=True) as opened:
        opened.sync(full=True)
        assert opened.check() is None
        assert opened.ask("chapter5 harbours").excerpts[0].citation.document == "chapter-5.txt"


def _read_all(settings: EngineSettings) -> None:
    """Reads what can be read, as far as that goes."""
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        opened.ask("chapter1")
        for source in opened.documents():
            opened.document(source.path)
        found = opened.check()
        if found is not None:
            raise LibraryDamaged(f"{found} is damaged: run seedbot build --full")


def test_a_file_that_is_no_database_is_explained(settings: EngineSettings) -> None:
    settings.library.mkdir()
    (settings.library / "library.sqlite").write_text("This is not a database at all. " * 100)
    with pytest.raises(LibraryDamaged, match=r"library.sqlite is damaged"):
        Library.open(settings)


def test_a_library_of_another_version_is_explained(library: Library, settings: EngineSettings, write: Write) -> None:
    write("a.txt", "Some text.\n")
    library.sync()
    library.close()
    with sqlite3.connect(settings.library / "library.sqlite") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(LibraryError, match=r"another version of Seedbot \(format 999.*seedbot build --full"):
        Library.open(settings)
    with Library.open(settings, embedder=FakeEmbedder(), repair=True) as opened:
        assert opened.sync(full=True).added == ("a.txt",)


def test_processes_that_make_the_file_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from retrieval.store import Store
while time.time() < float(sys.argv[2]): pass
Store(Path(sys.argv[1])).count_passages()
"""
    for number in range(5):
        start = str(time.time() + 1.0)
        command = [sys.executable, "-c", code, str(tmp_path / f"{number}.sqlite"), start]
        makers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        assert [maker.communicate()[1] for maker in makers] == [""] * 4


def test_a_second_build_says_who_is_building(settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=60)
    build = _start(settings)
    _wait_until_open(build)
    deadline = time.monotonic() + 30
    holder = settings.library / "build.pid"
    while not (holder.exists() and holder.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    with (
        Library.open(settings, embedder=FakeEmbedder()) as second,
        pytest.raises(LibraryLocked, match=rf"\(pid {build.pid}\) is building"),
    ):
        second.sync()
    build.kill()
    build.wait()


def test_a_second_build_waits_for_the_first(settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=10)
    build = _start(settings)
    _wait_until_open(build)
    with Library.open(settings, embedder=FakeEmbedder()) as second:
        report = second.sync(wait_seconds=60)
    assert build.wait() == 0
    assert build.stdout is not None
    first = int(build.stdout.read())
    assert sorted([first, report.embedded]) == [0, 80]


def test_a_full_disk_is_explained_and_leaves_the_old_answers(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    _write_chapters(write, 0, count=3)
    library.sync()
    before = library.ask("chapter1 harbours").excerpts
    _write_chapters(write, 1, count=200)

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    build = _start(settings, preexec_fn=no_room, stderr=subprocess.PIPE)
    _, errors = build.communicate(timeout=120)
    assert build.returncode != 0
    last = errors.strip().splitlines()[-1]
    assert "retrieval.errors.LibraryError: The " in last
    assert "free some space" in last
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.ask("chapter1 harbours").excerpts == before
        assert len(opened.sync().added) == 197


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_library_answers_and_says_why_it_cannot_be_built(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    _write_chapters(write, 0, count=3)
    library.sync()
    library.close()
    for path in [settings.library, *settings.library.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with Library.open(settings, embedder=FakeEmbedder()) as opened:
            assert opened.ask("chapter1 harbours").excerpts
            with pytest.raises(LibraryError, match=r"cannot be written|read-only"):
                opened.sync()
    finally:
        for path in [settings.library, *settings.library.rglob("*")]:
            path.chmod(0o755)
