"""What is in a folder: every visible file once, whatever its name, however its links run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrieval.errors import DocumentError, NoDocuments
from retrieval.folder import read, scan
from tests.conftest import Write


def _names(seeds: Path, without: Path = Path("nowhere")) -> list[str]:
    return [found.relative for found in scan(seeds, without=without)]


def test_any_name_is_found_and_hidden_files_are_not(seeds: Path, write: Write) -> None:
    names = ["a b.txt", "line\nfeed.txt", "été 🙂.txt", "-rf.txt", "deep/er/c.txt"]
    for name in [*names, ".hidden.txt", ".git/config.txt"]:
        write(name, "x")
    assert _names(seeds) == sorted(names)


def test_links_that_loop_end(seeds: Path, write: Write) -> None:
    write("a/b.txt", "x")
    (seeds / "a" / "up").symlink_to(seeds)
    (seeds / "a" / "self").symlink_to(seeds / "a" / "self")
    (seeds / "broken.txt").symlink_to(seeds / "nowhere.txt")
    (seeds / "link.txt").symlink_to(seeds / "a" / "b.txt")
    assert _names(seeds) == ["a/b.txt", "link.txt"]


def test_the_library_is_no_document_even_inside_the_seeds(seeds: Path, write: Write) -> None:
    write("a.txt", "x")
    write("library/library.txt", "x")
    assert _names(seeds, without=seeds / "library") == ["a.txt"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoDocuments, match=r"no folder .*nowhere"):
        scan(tmp_path / "nowhere", without=tmp_path)


def test_files_that_vanish_grow_too_large_or_cannot_be_opened_are_explained(seeds: Path, write: Write) -> None:
    path = write("a.txt", "0123456789")
    (found,) = scan(seeds, without=Path("nowhere"))
    assert read(found, 10) == b"0123456789"
    with pytest.raises(DocumentError, match=r"larger than 0 MB: raise documents\.largest_megabytes"):
        read(found, 9)
    if os.geteuid() != 0:  # permissions do not bind root
        path.chmod(0)
        with pytest.raises(DocumentError, match=r"cannot be read \(Permission denied\)"):
            read(found, 10)
    path.unlink()
    with pytest.raises(DocumentError, match="vanished"):
        read(found, 10)
