"""The seeds folder: which files are there, and their bytes. Links are followed once; hidden files are left alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import DocumentError, NoDocuments
from retrieval.store import FileState


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder. `relative` is its path from there, with `/`."""

    relative: str
    path: Path
    state: FileState


def scan(seeds: Path, *, without: Path) -> list[Found]:
    """Every visible file under `seeds` but `without`, by path. Raises NoDocuments where there is no folder."""
    if not seeds.is_dir():
        raise NoDocuments(
            f"There is no folder {str(seeds)!r} with documents: create it and put files in, or name one with --seeds."
        )
    return sorted(_walk(seeds, "", without.absolute(), frozenset()), key=lambda found: found.relative)


def read(found: Found, largest_bytes: int) -> bytes:
    """The bytes of a file. Raises DocumentError where it is too large, unreadable or gone."""
    try:
        if found.state.size > largest_bytes:
            raise DocumentError(
                f"it is larger than {largest_bytes // 1_000_000} MB: "
                "raise documents.largest_megabytes in the settings or split the file"
            )
        return found.path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError("it vanished while it was being read") from error
    except OSError as error:
        raise DocumentError(f"it cannot be read ({error.strerror}): check its permissions") from error


def _walk(folder: Path, prefix: str, without: Path, above: frozenset[tuple[int, int]]) -> Iterator[Found]:
    """`above` holds the identity of every folder on the way here, so that a link to one of them is not followed."""
    try:
        here = folder.stat()
        entries = list(os.scandir(folder))
    except OSError:
        return
    identity = (here.st_dev, here.st_ino)
    if identity in above or folder.absolute() == without:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", without, above | {identity})
            elif entry.is_file():
                state = entry.stat()
                yield Found(prefix + entry.name, Path(entry.path), FileState(state.st_size, state.st_mtime_ns))
        except OSError:
            continue
