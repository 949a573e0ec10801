"""A library that grows, shrinks and is read by others meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval import indexes
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Progress
from tests.conftest import REPOSITORY, Write

_READER = """
import sys
from pathlib import Path
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from tests.permissions import binding

settings = EngineSettings(seeds=Path(sys.argv[1]), library=Path(sys.argv[2]))
with binding(), Library.open(settings, embedder=FakeEmbedder()) as library:
    print("open", flush=True)
    for question in sys.stdin:
        library.refresh()
        answer = library.ask(question)
        print(answer.generation, answer.excerpts[0].text.split()[0], flush=True)
"""

_KILLED_WHILE_COMPACTING = """
import os, signal, sys
from pathlib import Path
from retrieval import compaction, indexes
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def write(*arguments, **options):
    if sys.argv[3] == "indexes":
        indexes._stamp = killed
    else:
        compaction.remove_other_indexes = killed
    return indexes.write_indexes(*arguments, **options)

compaction.write_indexes = write
settings = EngineSettings(seeds=Path(sys.argv[1]), library=Path(sys.argv[2]))
with Library.open(settings, embedder=FakeEmbedder()) as library:
    library.sync()
"""


def _python(code: str, settings: EngineSettings, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(settings.seeds), str(settings.library), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=REPOSITORY, bufsize=1)


@contextmanager
def _reader(settings: EngineSettings) -> Iterator[subprocess.Popen[str]]:
    reader = _python(_READER, settings)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    try:
        yield reader
    finally:
        reader.communicate()


def _ask(reader: subprocess.Popen[str], question: str) -> str:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{question}\n")
    return reader.stdout.readline().strip()


def _rows(name: str, count: int) -> str:
    return "text\n" + "".join(f"{name} number {number} stands in row {number}\n" for number in range(count))


def _bytes(settings: EngineSettings) -> int:
    return sum(path.stat().st_size for path in settings.library.rglob("*") if path.is_file())


def test_readers_of_a_read_only_folder_pick_up_each_generation_at_once(settings: EngineSettings, write: Write) -> None:
    """One opened while nobody builds, one while somebody does; the old generation's files go while they are mapped."""
    write("harbour.txt", "First the harbour was dredged.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
    settings.library.chmod(0o555)  # binds the readers; whoever builds is root or the owner of a copy of the mount
    (settings.library / "library.sqlite").chmod(0o444)
    with _reader(settings) as early:
        assert _ask(early, "harbour") == "1 First"
        settings.library.chmod(0o755)
        (settings.library / "library.sqlite").chmod(0o644)
        with Library.open(settings, embedder=FakeEmbedder()) as library:
            for generation, word in ((2, "Second"), (3, "Third")):
                write("harbour.txt", f"{word} the harbour was dredged.\n")
                assert library.sync().generation == generation
                settings.library.chmod(0o555)
                with _reader(settings) as late:
                    assert _ask(late, "harbour") == f"{generation} {word}"
                    assert _ask(early, "harbour") == f"{generation} {word}"
                settings.library.chmod(0o755)
        write("harbour.txt", "Fourth the harbour was dredged.\n")
        with Library.open(settings, embedder=FakeEmbedder()) as library:
            library.sync()
        assert _ask(early, "harbour") == "4 Fourth"


def test_a_library_file_that_was_replaced_is_noticed(library: Library, settings: EngineSettings, write: Write) -> None:
    """As by a backup that was brought back, or by a full build over a damaged file."""
    write("harbour.txt", "First the harbour was dredged.\n")
    library.sync()
    kept = settings.library.with_name("kept")
    library.close()
    shutil.copytree(settings.library, kept)
    write("harbour.txt", "Second the harbour was dredged.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as reader:
        reader.sync()
        assert reader.ask("harbour").excerpts[0].text.startswith("Second")
        for path in settings.library.glob("library.sqlite*"):
            path.unlink()
        shutil.copytree(kept, settings.library, dirs_exist_ok=True)
        assert reader.refresh()
        assert reader.ask("harbour").excerpts[0].text.startswith("First")


def _grown(library: Library, write: Write) -> None:
    write("kept.csv", _rows("Kept", 500))
    write("gone.csv", _rows("Gone", 1500))
    assert library.sync().embedded == 2000


def test_removing_gives_the_room_back(library: Library, settings: EngineSettings, write: Write, seeds: Path) -> None:
    _grown(library, write)
    before = _bytes(settings)
    (seeds / "gone.csv").unlink()
    assert library.sync().generation == 3, "the indexes are made anew in a generation of their own"
    library.refresh()
    assert library.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")
    assert library.check() is None
    library.close()
    assert _bytes(settings) < 0.4 * before
    assert [path.name for path in settings.library.glob("index-*")] == ["index-3"]


def test_the_room_of_an_older_library_is_given_back_too(
    library: Library, settings: EngineSettings, write: Write, seeds: Path
) -> None:
    _grown(library, write)
    library.close()
    database = settings.library / "library.sqlite"
    with sqlite3.connect(database, isolation_level=None) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    connection.close()
    before = database.stat().st_size
    (seeds / "gone.csv").unlink()
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        opened.sync()
    assert database.stat().st_size < 0.4 * before


@pytest.mark.parametrize("moment", ["indexes", "switched"])
def test_a_killed_compaction_loses_nothing(
    library: Library, settings: EngineSettings, write: Write, seeds: Path, moment: str
) -> None:
    """Killed before its generation is complete, or after that, before the old one's files are gone."""
    _grown(library, write)
    library.close()
    (seeds / "gone.csv").unlink()
    build = _python(_KILLED_WHILE_COMPACTING, settings, moment)
    build.communicate()
    assert build.returncode == -signal.SIGKILL
    assert len(list(settings.library.glob("index-*"))) > 1
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.generation == (2 if moment == "indexes" else 3)
        assert opened.check() is None
        assert opened.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")
        assert opened.sync().generation == 3
        assert opened.check() is None
    assert [path.name for path in settings.library.glob("index-*")] == ["index-3"]


def test_a_compaction_without_room_leaves_all_as_it_was(
    library: Library, settings: EngineSettings, write: Write, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _grown(library, write)
    (seeds / "gone.csv").unlink()
    written = indexes.write_indexes

    def full(library: Path, *arguments: object, **options: object) -> None:
        written(library, *arguments, **options)  # type: ignore[arg-type] - passed through
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("retrieval.compaction.write_indexes", full)
    assert library.sync().generation == 2
    assert library.check() is None
    assert library.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")
    assert [path.name for path in settings.library.glob("index-*")] == ["index-2"]
    monkeypatch.undo()
    assert library.sync().generation == 3


def test_generations_share_nothing_where_there_are_no_hard_links(
    library: Library, settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("kept.csv", _rows("Kept", 30))
    library.sync()

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    write("more.txt", "A lighthouse stands on the rock.\n")
    assert library.sync().generation == 2
    assert library.check() is None
    assert library.ask("lighthouse rock").excerpts[0].text == "A lighthouse stands on the rock."
    assert library.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")


def test_an_index_is_on_the_disk_before_it_is_stamped(
    library: Library, settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamp is what says that all the rest is whole."""
    flushed: list[int] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write("kept.csv", _rows("Kept", 30))
    library.sync()
    folder = settings.library / "index-1"
    stamp = flushed.index((folder / "stamp.json").stat().st_ino)
    whole = [path for path in folder.rglob("*") if path.name != "stamp.json" and path.suffix != ".lock"]
    assert len(whole) > 5
    assert {path.stat().st_ino for path in whole} <= set(flushed[:stamp])
    assert folder.stat().st_ino in flushed[stamp:], "its name too"


def test_a_library_that_grows_many_times_over_is_indexed_anew(library: Library, write: Write) -> None:
    told: list[Progress] = []
    write("kept.csv", _rows("Kept", 30))
    library.sync()
    write("more.csv", _rows("More", 30))
    library.sync(progress=told.append)
    assert not [one for one in told if one.stage == "vectors"], "what there was is kept"
    assert [one for one in told if one.stage == "indexing"][-1] == Progress("indexing", 30, 30)
    write("many.csv", _rows("Many", 300))
    library.sync(progress=told.append)
    assert [one for one in told if one.stage == "vectors"][-1] == Progress("vectors", 360, 360)
    assert library.ask("Kept number 7").excerpts[0].text.startswith("text: Kept number 7 ")


def test_an_index_of_another_format_is_made_again(library: Library, settings: EngineSettings, write: Write) -> None:
    write("harbour.txt", "First the harbour was dredged.\n")
    library.sync()
    library.close()
    stamp = settings.library / "index-1" / "stamp.json"
    stamp.write_text(stamp.read_text().replace(f'"format": {indexes.FORMAT}', '"format": 999'))
    with Library.open(settings, embedder=FakeEmbedder()) as opened:
        assert opened.ask("harbour").excerpts
        assert opened.check() is None
        assert opened.generation == 1
    assert f'"format": {indexes.FORMAT},' in stamp.read_text(), "it was not used as it was"


def test_a_big_library_is_asked_and_changed_as_a_small_one(
    library: Library, settings: EngineSettings, write: Write, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an approximate index, which changes share; when the library is small again it is exact again."""
    monkeypatch.setattr("retrieval.dense.EXACT", 300)
    monkeypatch.setattr("retrieval.dense._MOST_BESIDE", 400)
    write("many.csv", _rows("Many", 600))
    write("few.txt", "A lighthouse stands on the rock.\n")
    told: list[Progress] = []
    library.sync(progress=told.append)
    assert [one for one in told if one.stage == "vectors"][-1] == Progress("vectors", 1202, 1202), "taken in, sketched"
    assert [one for one in told if one.stage == "indexing"][-1] == Progress("indexing", 601, 601)
    assert not library.searcher().indexes.dense.exact
    first = (settings.library / "index-1" / "dense" / "base.faiss").stat().st_ino
    write("few.txt", "A windmill stands on the hill.\n")
    library.sync()
    assert (settings.library / "index-2" / "dense" / "base.faiss").stat().st_ino == first
    assert library.ask("windmill hill").excerpts[0].text == "A windmill stands on the hill."
    assert library.ask("Many number 77").excerpts[0].text.startswith("text: Many number 77 ")
    assert not library.ask("lighthouse rock").found
    (seeds / "many.csv").unlink()
    write("some.csv", _rows("Some", 100))
    assert library.sync().generation == 4, "the base is folded in a generation of its own"
    assert library.searcher().indexes.dense.exact
    assert library.check() is None
    assert [path.name for path in settings.library.glob("index-*")] == ["index-4"]
    assert library.ask("Some number 77").excerpts[0].text.startswith("text: Some number 77 ")
