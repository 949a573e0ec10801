"""Libraries that older versions made are taken over as they are, with all that was embedded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from retrieval import evidence, loaders, passages, terms, texts
from retrieval.errors import LibraryError
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.store import Store
from retrieval.testing import FakeEmbedder
from retrieval.types import Span
from retrieval.versions import cutting_fingerprint, goes_with
from tests.conftest import Write
from tests.permissions import binding

_MADE = Path(__file__).with_name("version-3.sql")
_LAMP = (
    "# The lamp\n\nDate of the notes: 1911.\n\n## Öl und Licht\n\n"
    "The lamp of the lighthouse burns 12 litres of oil a night – “never less”, 灯台の油 🛢.\n\n"
    "## Keeper\n\nThe keeper sleeps by day.\n"
)


@pytest.fixture
def documents(write: Write) -> None:
    """The two documents of which the old library was made."""
    write("lamp.md", _LAMP)
    write("trams.csv", "city,trams\nUlm,10\nBonn,4\n")


def _make(settings: EngineSettings, version: int, *, lost: bool = False) -> None:
    """A library as a version made it; versions 1 and 2 differ from the third in little."""
    settings.library.mkdir()
    with closing(sqlite3.connect(settings.library / "library.sqlite")) as connection, connection:
        connection.executescript(_MADE.read_text("utf-8"))
        made_by = {"cutting": cutting_fingerprint(settings), "loaders": str(loaders.VERSION)}  # else all is made anew
        connection.executemany("UPDATE meta SET value = ? WHERE key = ?", [(v, k) for k, v in made_by.items()])
        if version < 3:
            connection.create_function("doubled", 1, lambda half: np.frombuffer(half, "f2").astype("f4").tobytes())
            connection.execute("UPDATE vectors SET vector = doubled(vector)")
            connection.execute("CREATE INDEX documents_sha256 ON documents (sha256)")
        for table in ("documents", "skipped") if version == 1 else ():
            for column in ("ctime_ns", "inode"):
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        if lost:
            connection.execute("DELETE FROM vectors")
        connection.execute(f"PRAGMA user_version = {version}")


@pytest.mark.usefixtures("documents")
@pytest.mark.parametrize(("version", "lost"), [(1, False), (1, True), (2, False), (3, False)])
@pytest.mark.parametrize("block", [1, 7, 64, texts.BLOCK])
def test_a_library_of_an_older_format_is_taken_over(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch, version: int, lost: bool, block: int
) -> None:
    """Its texts in blocks of whatever size; one that had lost vectors, which version 1 could, is built anew."""
    monkeypatch.setattr(texts, "BLOCK", block)
    monkeypatch.setattr(texts, "_READ_BYTES", 5)  # characters of several bytes stand across the edges
    _make(settings, version, lost=lost)
    with Library.open(settings, embedder=FakeEmbedder(dimension=4)) as library:
        assert library.document("lamp.md").text == _LAMP
        start = _LAMP.index("灯台")
        found = library.excerpt("lamp.md", Span(start, start + 6))
        assert (found.text, found.citation.line, found.citation.headings) == ("灯台の油 🛢", 7, ("Öl und Licht",))
        report = library.sync()
        assert (report.unchanged, report.embedded, report.generation) == (2, 5 * lost, 1 + lost)
        assert library.ask("When does the keeper sleep?").excerpts[0].text == "The keeper sleeps by day."
        assert library.check() is None
    with closing(sqlite3.connect(settings.library / "library.sqlite")) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        longest = connection.execute("SELECT max(length(text)) FROM blocks").fetchone()[0]
    assert tables == {"meta", "documents", "blocks", "passages", "vectors", "skipped", "sqlite_sequence"}
    assert longest == min(block, len(_LAMP))


@pytest.mark.usefixtures("documents")
def test_taking_over_that_is_interrupted_changes_nothing(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one transaction, and the next command tries again."""
    _make(settings, 3)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(texts, "insert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Library.open(settings, embedder=FakeEmbedder(dimension=4))
    with closing(sqlite3.connect(settings.library / "library.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 3
        assert connection.execute("SELECT text FROM texts WHERE document = 1").fetchone()[0] == _LAMP
    with Library.open(settings, embedder=FakeEmbedder(dimension=4)) as library:
        assert library.document("lamp.md").text == _LAMP


def test_an_older_library_that_cannot_be_written_says_where_to_run_a_command(settings: EngineSettings) -> None:
    _make(settings, 2)
    settings.library.chmod(0o555)
    (settings.library / "library.sqlite").chmod(0o444)
    try:
        with binding(), pytest.raises(LibraryError, match=r"older version of Seedbot and is read-only here: run any"):
            Library.open(settings, embedder=FakeEmbedder(dimension=4))
    finally:
        settings.library.chmod(0o755)


def test_an_old_library_with_a_damaged_text_is_called_damaged_and_can_be_made_again(
    settings: EngineSettings, documents: None
) -> None:
    del documents
    _make(settings, 3)
    with closing(sqlite3.connect(settings.library / "library.sqlite")) as connection, connection:
        connection.execute("UPDATE texts SET text = CAST(X'ff68' AS TEXT) WHERE document = 1")
    with pytest.raises(LibraryError, match=r"damaged.*seedbot build --full"):
        Library.open(settings, embedder=FakeEmbedder(dimension=4))
    with Library.open(settings, embedder=FakeEmbedder(dimension=4), repair=True) as library:
        library.sync(full=True)
        assert library.document("lamp.md").text == _LAMP


def test_what_is_stored_goes_with_a_module_of_the_same_version(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with none where the versions of other modules than now were noted."""
    settings.library.mkdir()
    made = cutting_fingerprint(settings)
    with closing(Store(settings.library / "library.sqlite")) as store, store.transaction():
        store.set_meta(cutting=made, model_fingerprint="a")
        assert goes_with(store, "a", passages, terms, evidence)
        assert not goes_with(store, "b", evidence)
        store.set_meta(cutting=f"1.{made}")
        assert not goes_with(store, "a", evidence)
        store.set_meta(cutting=made)
        monkeypatch.setattr(terms, "VERSION", -1)
        assert goes_with(store, "a", evidence)
        assert not goes_with(store, "a", terms, evidence)
