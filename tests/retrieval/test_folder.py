"""What is in a folder: every visible file once, whatever its name, however its links run."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from retrieval.errors import DocumentError, NoDocuments, OutOfReach
from retrieval.folder import _state, identity, read, scan
from tests.conftest import Write
from tests.permissions import binding


def _names(seeds: Path, without: Path = Path("nowhere")) -> list[str]:
    return [found.relative for found in scan(seeds, without=without).files]


def test_any_name_is_found_and_hidden_files_are_not(seeds: Path, write: Write) -> None:
    names = ["a b.txt", "line\nfeed.txt", "été 🙂.txt", "-rf.txt", "deep/er/c.txt"]
    for name in [*names, ".hidden.txt", ".git/config.txt"]:
        write(name, "x")
    assert _names(seeds) == sorted(names)


@pytest.mark.parametrize("beside", ["page_files", "page-Dateien", "page_fichiers", "page.files"])
@pytest.mark.parametrize("page", ["page.html", "page.htm"])
def test_what_a_browser_saves_to_show_a_page_is_no_document(seeds: Path, write: Write, page: str, beside: str) -> None:
    """Whatever else lies there is, such as a document of one's own or a frame that has a name."""
    own = ["report.pdf", "chapter.html", "data.xlsx", "notes", "saved_resources.html", "below/sign.png"]
    parts = ["a.css", "a.js.download", "b.svg", "c.GIF", "d.woff2", "css2", "saved_resource", "saved_resource(1).html"]
    for name in [*own, *parts]:
        write(f"web/{beside}/{name}", "x")
    write(f"web/{page}", "x")
    assert _names(seeds) == sorted([f"web/{page}", *(f"web/{beside}/{name}" for name in own)])


def test_a_folder_beside_no_page_is_looked_at_whole(seeds: Path, write: Write) -> None:
    names = ["page_files/a.css", "page_files/saved_resource.html", "page.txt", "other.html", "page/a.css"]
    for name in names:
        write(name, "x")
    assert _names(seeds) == sorted(names)


def test_links_that_loop_end(seeds: Path, write: Write) -> None:
    write("a/b.txt", "x")
    (seeds / "a" / "up").symlink_to(seeds)
    (seeds / "a" / "self").symlink_to(seeds / "a" / "self")
    (seeds / "broken.txt").symlink_to(seeds / "nowhere.txt")
    (seeds / "link.txt").symlink_to(seeds / "a" / "b.txt")
    found = scan(seeds, without=Path("nowhere"))
    assert [one.relative for one in found.files] == ["a/b.txt", "link.txt"]
    assert sorted(found.unseen) == ["a/self", "broken.txt"]
    assert "a link that leads back to itself" in found.unseen["a/self"]
    assert "link to something that is not there" in found.unseen["broken.txt"]


def test_what_is_neither_file_nor_folder_is_named(seeds: Path, write: Write) -> None:
    write("a.txt", "x")
    os.mkfifo(seeds / "pipe.txt")
    found = scan(seeds, without=Path("nowhere"))
    assert [one.relative for one in found.files] == ["a.txt"]
    assert "neither a file nor a folder" in found.unseen["pipe.txt"]


def test_a_folder_is_read_once_however_many_links_lead_to_it(seeds: Path, write: Write, tmp_path: Path) -> None:
    """At its own place where that is inside, else at the first link; folders linked to one another do not multiply."""
    for name in "abcdefgh":
        write(f"{name}/{name}.txt", "x")
    for name in "abcdefgh":
        for other in "abcdefgh":
            (seeds / name / f"to-{other}").symlink_to(seeds / other)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "o.txt").write_text("x")
    for link in ("0", "z"):
        (seeds / link).symlink_to(tmp_path / "outside")
    assert _names(seeds) == ["0/o.txt", *(f"{name}/{name}.txt" for name in "abcdefgh")]


def test_folders_that_cannot_be_read_are_named(seeds: Path, write: Write) -> None:
    write("a.txt", "x")
    closed = write("closed/b.txt", "x").parent
    closed.chmod(0)
    try:
        with binding():
            found = scan(seeds, without=Path("nowhere"))
        seeds.chmod(0)
        with (
            binding(),
            pytest.raises(NoDocuments, match=r"cannot be read \(Permission denied\): check its permissions"),
        ):
            scan(seeds, without=Path("nowhere"))
    finally:
        seeds.chmod(0o755)
        closed.chmod(0o755)
    assert [one.relative for one in found.files] == ["a.txt"]
    assert found.unseen == {"closed": "it cannot be read (Permission denied): check its permissions"}


@pytest.fixture
def away(seeds: Path, write: Write) -> Iterator[Path]:
    """A seeds folder of which nobody can say whether it is there, as on a drive that has dropped."""
    write("drive/seeds/a.txt", "x")
    (seeds / "drive").chmod(0)
    with binding():
        yield seeds / "drive" / "seeds"
    (seeds / "drive").chmod(0o755)


def test_a_seeds_folder_that_cannot_be_looked_at_is_not_called_missing(away: Path, tmp_path: Path) -> None:
    assert identity(away) is None
    with pytest.raises(NoDocuments, match=r"seeds' cannot be read \(Permission denied\): check .* or the drive"):
        scan(away, without=tmp_path / "library")


def test_a_library_that_cannot_be_looked_at_is_none_of_the_documents(away: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.txt").write_text("x")
    assert _names(tmp_path / "other", without=away) == ["b.txt"]


def test_the_library_is_no_document_even_inside_the_seeds(seeds: Path, write: Write) -> None:
    write("a.txt", "x")
    write("library/library.txt", "x")
    assert _names(seeds, without=seeds / "library") == ["a.txt"]


@pytest.mark.parametrize("name", ["nowhere", "file/nowhere", "file", "\0nowhere"])
def test_a_missing_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoDocuments, match=r"no folder .*(nowhere|file)"):
        scan(tmp_path / name, without=tmp_path)


def test_files_that_vanish_grow_too_large_or_cannot_be_opened_are_explained(seeds: Path, write: Write) -> None:
    path = write("a.txt", "0123456789")
    (found,) = scan(seeds, without=Path("nowhere")).files
    assert read(found, 10) == b"0123456789"
    with pytest.raises(DocumentError, match=r"larger than 0 MB: raise documents\.largest_megabytes"):
        read(found, 9)
    path.chmod(0)
    with binding(), pytest.raises(OutOfReach, match=r"cannot be read \(Permission denied\)"):
        read(found, 10)
    path.unlink()
    with pytest.raises(DocumentError, match="vanished"):
        read(found, 10)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, -1, 12])
def test_what_is_kept_of_a_file_fits_the_store_whatever_its_date_and_inode(number: int) -> None:
    """As of a file from the year 2300, or one on a system whose inodes take 64 bits."""
    status = SimpleNamespace(st_size=1, st_mtime_ns=number, st_ctime_ns=number, st_ino=number)
    state = _state(cast(Any, status))
    values = (state.size, state.mtime_ns, state.ctime_ns, state.inode)
    assert sqlite3.connect(":memory:").execute("SELECT ?, ?, ?, ?", values).fetchone() == values
    assert state == _state(cast(Any, status))
