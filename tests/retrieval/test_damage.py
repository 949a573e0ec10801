"""What happens to a library stays repairable: truncated files, killed builds, full disks, other builders."""

from __future__ import annotations

import errno
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.connection import explain
from retrieval.errors import LibraryDamaged, LibraryError, LibraryLocked
from retrieval.library import SET_ASIDE, Fault, Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Progress
from tests.conftest import REPOSITORY, Write
from tests.permissions import binding

_KILLS = 30

_BUILD = """
import os, signal, sys, time
from pathlib import Path
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder

class Slow(FakeEmbedder):
    def encode_passages(self, texts):
        for found in super().encode_passages(texts):
            time.sleep(0.0005)
            yield found

def say(done):
    print(done.stage, flush=True)
    if done.stage in sys.argv:
        os.kill(os.getpid(), signal.SIGSTOP)

seeds, library = sys.argv[1:3]
with Library.open(EngineSettings(seeds=Path(seeds), library=Path(library)), embedder=Slow()) as opened:
    print("open", flush=True)
    said = say if "say" in sys.argv else None
    report = opened.sync(full="full" in sys.argv, wait_seconds=10, progress=said)
    print(report.embedded, flush=True)
"""


def _start(settings: EngineSettings, *arguments: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _BUILD, str(settings.seeds), str(settings.library), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, **options)  # type: ignore[call-overload,no-any-return]


def _wait_until_open(build: subprocess.Popen[str]) -> None:
    _wait_for(build, "open")


def _wait_for(build: subprocess.Popen[str], stage: str) -> None:
    assert build.stdout is not None
    assert f"{stage}\n" in build.stdout


def _write_chapters(write: Write, edition: int, count: int = 40) -> None:
    for number in range(count):
        body = "\n\n".join(f"Edition{edition} chapter{number} paragraph{p} tells of harbours. " * 6 for p in range(8))
        write(f"chapter-{number}.txt", body)


def test_thirty_kills_at_random_moments_leave_a_library_that_answers(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder
) -> None:
    """After each kill -9 the library opens, passes its check and answers whole from its last complete state.

    A third of the kills each comes at a random moment of the whole build, of embedding, and of writing the indexes.
    """
    moment = random.Random(7)
    attempts = 4 * _KILLS  # some come too late, and are made again
    _write_chapters(write, 0)
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
    lasted = _lasting(settings, write)
    left = [*lasted] * (_KILLS // len(lasted))
    for edition in range(2, attempts + 2):
        if not left:
            break
        _write_chapters(write, edition)
        before = _state(settings)
        stage = left[0]
        build = _start(settings, "say")
        _wait_for(build, stage)
        time.sleep(moment.uniform(0.0, lasted[stage]))
        if build.poll() is None:
            left.pop(0)
        build.kill()
        build.wait()
        _answers_whole(settings, 40)
        generation, text = _state(settings)
        done = (before[0] + 1, f"Edition{edition}")
        assert (generation, text) in (before, done), "neither the state before nor that of this build"
    assert left == [], "each must have hit a running build"


@pytest.mark.parametrize("stage", ["reading", "embedding", "indexing"])
def test_a_full_build_that_is_killed_leaves_what_was_there(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder, stage: str
) -> None:
    """At the moments between which whole files are made and moved; the next one goes through."""
    _write_chapters(write, 0, count=10)
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
    _write_chapters(write, 1, count=10)
    build = _start(settings, "say", "full", stage)
    _wait_for(build, stage)  # where it stands still
    build.kill()
    build.wait()
    _answers_whole(settings, 10)
    assert _state(settings) == (1, "Edition0")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert library.sync(full=True).generation == 2
    _answers_whole(settings, 10)
    assert _state(settings) == (2, "Edition1")


def _answers_whole(settings: EngineSettings, chapters: int) -> None:
    """Whatever the state is, it is sound and complete, and quotes what is indexed."""
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert library.check() in (None, _INDEXES_STALE)
        assert len(library.documents()) == chapters
        answer = library.ask("chapter7 paragraph3 harbours")
        assert answer.excerpts[0].citation.document == "chapter-7.txt"
        for excerpt in answer.excerpts:
            text = library.document(excerpt.citation.document).text
            assert excerpt.text == text[excerpt.citation.start : excerpt.citation.end]
        assert len(library.searcher().indexes.dense) == len(library.searcher().indexes.lexical) == 8 * chapters


def _lasting(settings: EngineSettings, write: Write) -> dict[str, float]:
    """How many seconds a build takes from each of these moments to its end."""
    _write_chapters(write, 1)
    build = _start(settings, "say")
    began = {}
    for stage in ("open", "embedding", "indexing"):
        _wait_for(build, stage)
        began[stage] = time.monotonic()
    build.communicate()
    return {stage: time.monotonic() - at for stage, at in began.items()}


def _state(settings: EngineSettings) -> tuple[int, str]:
    """The generation, and the edition that every one of the documents is of."""
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        (edition,) = {library.document(one.path).text.split()[0] for one in library.documents()}
        return library.generation, edition


_INDEXES_STALE = Fault(
    "the indexes do not belong to the stored passages and will be made again at the next question", mends_itself=True
)


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


@pytest.mark.parametrize(
    ("file", "mark", "newer"),
    [("base.faiss", rb"IxM2", b"IxM9"), ("*.term", rb'"index_format_version":\d', b'"index_format_version":9')],
)
def test_an_index_file_of_a_newer_version_is_made_again(
    library: Library, settings: EngineSettings, write: Write, file: str, mark: bytes, newer: bytes
) -> None:
    _write_chapters(write, 0, count=5)
    library.sync()
    expected = library.ask("chapter3 harbours").excerpts
    library.close()
    (path,) = settings.library.glob(f"index-*/**/{file}")
    later, times = re.subn(mark, newer, path.read_bytes())
    assert times == 1
    path.write_bytes(later)
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.check() == _INDEXES_STALE
        assert opened.ask("chapter3 harbours").excerpts == expected
        assert opened.check() is None


def _index_files(settings: EngineSettings) -> list[Path]:
    files = [path for path in settings.library.glob("index-*/**/*") if path.is_file()]
    return sorted(path for path in files if path.suffix != ".lock" and path.stat().st_size > 1)


def test_a_missing_index_folder_is_made_again(library: Library, settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=3)
    library.sync()
    library.close()
    shutil.rmtree(next(settings.library.glob("index-*")))
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.ask("chapter1").excerpts
        assert opened.check() is None


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.98, 0.9999])
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
            raise LibraryDamaged(f"{found.wrong} is damaged: run seedbot build --full")


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


def test_a_library_that_was_set_aside_is_not_counted(library: Library, settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=8)
    library.sync()
    library.close()
    database = settings.library / "library.sqlite"
    os.truncate(database, database.stat().st_size // 2)
    with Library.open(settings, embedder=FakeEmbedder(), repair=True) as opened:
        opened.sync(full=True)
        beside = [path for path in settings.library.glob("library.sqlite*") if path.name != SET_ASIDE]
        assert opened.status().database_bytes == sum(path.stat().st_size for path in beside)
    assert (settings.library / SET_ASIDE).stat().st_size


@pytest.mark.parametrize("number", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY])
@pytest.mark.parametrize("step", ["check", "prepare"])
def test_a_sound_library_that_cannot_be_used_just_now_is_not_set_aside(
    library: Library, settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    """As on a disk that is full or failing, or while another process takes over the file of an older version."""
    write("a.txt", "The bridge crosses the Rhine.\n")
    library.sync()
    library.close()

    def refuse(*_: object) -> None:
        error = sqlite3.OperationalError("not now")
        error.sqlite_errorcode = number
        raise explain(error, settings.library / "library.sqlite") from error

    with monkeypatch.context() as patched:
        patched.setattr("retrieval.store.Store.check" if step == "check" else "retrieval.store.prepare", refuse)
        with (
            Library.open(settings, embedder=FakeEmbedder(), repair=True) as opened,
            pytest.raises(LibraryError, match=r"disk that holds .* is full or failing|Another process is writing"),
        ):
            opened.sync(full=True)
    assert not (settings.library / SET_ASIDE).exists()
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.ask("bridge").generation == 1


def test_processes_that_make_the_file_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from retrieval.store import Store
print("ready", flush=True)
moment = float(sys.stdin.readline())
while time.time() < moment: pass
Store(Path(sys.argv[1])).count_passages()
"""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    for number in range(5):
        command = [sys.executable, "-c", code, str(tmp_path / f"{number}.sqlite")]
        makers = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
        assert [maker.stdout.readline() for maker in makers if maker.stdout] == ["ready\n"] * 4
        moment = time.time() + 0.1
        for maker in makers:
            print(moment, file=maker.stdin, flush=True)
        assert [maker.communicate()[1] for maker in makers] == [""] * 4


def test_a_second_build_says_who_is_building(settings: EngineSettings, write: Write) -> None:
    _write_chapters(write, 0, count=60)
    build = _start(settings, "say", "embedding")
    _wait_for(build, "embedding")  # where it stands still
    try:
        with (
            Library.open(settings, embedder=FakeEmbedder()) as second,
            pytest.raises(LibraryLocked, match=rf"\(pid {build.pid}\) is building"),
        ):
            second.sync()
        said: list[Progress] = []
        with Library.open(settings, embedder=FakeEmbedder()) as second, pytest.raises(LibraryLocked):
            second.sync(progress=said.append, wait_seconds=0.05)
        assert [one.stage for one in said] == ["waiting"]
    finally:
        build.kill()
        build.wait()


def test_a_build_refuses_to_put_the_library_among_the_documents(seeds: Path, write: Write) -> None:
    write("a.txt", "The bridge crosses the Rhine.\n")
    settings = EngineSettings(seeds=seeds, library=seeds)
    with Library.open(settings, embedder=FakeEmbedder()) as library, pytest.raises(LibraryError, match="--library"):
        library.sync()
    assert [path.name for path in seeds.iterdir()] == ["a.txt"]


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


def test_a_read_only_library_answers_and_says_why_it_cannot_be_built(
    library: Library, settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers from the indexes that are there: to make them again at each start would take long."""
    _write_chapters(write, 0, count=3)
    library.sync()
    library.close()

    def made_again(*_: object) -> None:
        pytest.fail("the indexes are good")

    monkeypatch.setattr("retrieval.library.memory_indexes", made_again)
    for path in [settings.library, *settings.library.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with binding(), Library.open(settings, embedder=FakeEmbedder()) as opened:
            assert opened.ask("chapter1 harbours").excerpts
            assert opened.check() is None
            with pytest.raises(LibraryError, match=r"cannot be written \(Permission denied\): check its permissions"):
                opened.sync()
    finally:
        for path in [settings.library, *settings.library.rglob("*")]:
            path.chmod(0o755)


def test_a_log_that_cannot_be_read_where_nothing_may_be_written_is_not_passed_over(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    """What is committed may stand in the log alone, and without it the file would be of no state at all."""
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    copy = settings.model_copy(update={"library": tmp_path / "copy"})
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
        shutil.copytree(settings.library, copy.library, ignore=shutil.ignore_patterns("*-shm"))
    copy.library.chmod(0o555)
    try:
        with binding(), pytest.raises(LibraryError, match=r"cannot be opened: .* once where .*copy can be written"):
            Library.open(copy, embedder=embedder)
    finally:
        copy.library.chmod(0o755)
    with Library.open(copy, embedder=FakeEmbedder()) as library:
        assert library.ask("bridge").excerpts


def test_a_file_in_place_of_the_library_folder_is_explained(settings: EngineSettings, write: Write) -> None:
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    settings.library.write_text("a note")
    with (
        Library.open(settings, embedder=FakeEmbedder()) as library,
        pytest.raises(LibraryError, match=r"cannot be at .*\(File exists\): name another folder with --library"),
    ):
        library.sync()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full: free some space"),
        (errno.EROFS, "check its permissions or name another with --library"),
        (errno.EIO, "cannot be written (Input/output error): free some space or check the disk"),
    ],
)
def test_what_the_system_refuses_while_building_is_one_sentence(
    library: Library, settings: EngineSettings, number: int, sentence: str
) -> None:
    with pytest.raises(LibraryError) as raised, library.building():
        raise OSError(number, os.strerror(number))
    assert str(settings.library) in str(raised.value)
    assert sentence in str(raised.value)
