"""The seeds folder: which files are there, and their bytes. Links are followed once; hidden files are left alone, and
so is what a browser saves beside a page to show it.
"""

from __future__ import annotations

import errno
import math
import os
import re
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.errors import DocumentError, LibraryError, NoDocuments, OutOfReach
from retrieval.rows import FileState
from retrieval.texts import is_text

SIZE_SETTING = "documents.largest_megabytes"
"""Stands in the reason of a file that is too large."""

_LARGEST = 2**63 - 1  # of the integers that the store keeps
_NO_TARGET = "it is a link to something that is not there: mend the link or remove it"
_LOOP = "it is a link that leads back to itself: mend the link or remove it"
_NO_FILE = "it is neither a file nor a folder but a pipe, a socket or a device: move it elsewhere"

_BESIDE_PAGE = re.compile(  # the folder that belongs to a saved page, as browsers name it in their languages
    r"(?P<page>.+)(?:[_.]files|-Dateien|_fichiers|_archivos|_file|_bestanden|-filer|_tiedostot|_pliki|_soubory|_elemei"
    r"|_arquivos|_ficheiros|_dosyalar)"
)
_PART_OF_PAGE = re.compile(  # looks, programs, pictures and fonts, and frames without a name, such as advertisements
    r".+\.(?:css|m?js(?:\.download)?|svg|png|jpe?g|gif|webp|avif|bmp|ico|woff2?|ttf|otf|eot)"
    r"|(?:css2?|js|saved_resource(?:\(\d+\))?(?:\.html?)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder. `relative` is its path from there, with `/`."""

    relative: str
    path: Path
    state: FileState


@dataclass(slots=True)
class Scan:
    """What a folder holds. `unseen` names files and folders that could not be looked at, each with the reason."""

    files: list[Found] = field(default_factory=list)
    unseen: dict[str, str] = field(default_factory=dict)


def refuse_unusable(seeds: Path, library: Path) -> None:
    """Raises NoDocuments where there is no folder, it cannot be looked at or its name is no text, LibraryError where it
    is that of the library.
    """
    try:
        status = seeds.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        status = None
    except OSError as error:
        raise _closed(seeds, error) from error
    if status is None or not stat.S_ISDIR(status.st_mode):
        raise NoDocuments(
            f"There is no folder {str(seeds)!r} with documents: create it and put files in, or name one with --seeds."
        )
    if not is_text(str(seeds.resolve())):
        raise NoDocuments(f"The name of the folder {str(seeds)!r}, or of one around it, is not UTF-8: rename it.")
    if identity(library) == _identity(status):
        raise LibraryError(f"The library cannot be in {library}, where the documents are: name another with --library.")


def scan(seeds: Path, *, without: Path, most: float = math.inf) -> Scan:
    """Every visible file under `seeds` but `without`, by path; it ends early with more than `most`. Raises NoDocuments
    where the folder cannot be read, LibraryError where it is `without`.

    A folder is read once, however many links lead to it: at its own place if that is inside, else at the first link.
    """
    refuse_unusable(seeds, without)
    found = Scan()
    visited = {identity(without)}
    folders, links = deque([""]), deque[str]()
    while (folders or links) and len(found.files) <= most:
        prefix = folders.popleft() if folders else links.popleft()
        try:
            folder = _identity((seeds / prefix).stat())
            if folder not in visited:
                visited.add(folder)
                _list(seeds / prefix, prefix, found, folders, links)
        except OSError as error:
            if not prefix:
                raise _closed(seeds, error) from error
            found.unseen[prefix.rstrip("/")] = _unreadable(error)
    found.files.sort(key=lambda one: one.relative)
    return found


def read(found: Found, largest_bytes: int) -> bytes:
    """The bytes of a file. Raises DocumentError where it is too large or gone, OutOfReach where it is unreadable."""
    if found.state.size > largest_bytes:
        raise DocumentError(
            f"it is larger than {largest_bytes // 1_000_000} MB: raise {SIZE_SETTING} in the settings or split the file"
        )
    try:
        return found.path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError("it vanished while it was being read") from error
    except OSError as error:
        raise OutOfReach(_unreadable(error)) from error


def identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from every other; None where it is not there or cannot be looked at."""
    try:
        return _identity(folder.stat())
    except (OSError, ValueError):
        return None


def _list(folder: Path, prefix: str, found: Scan, folders: deque[str], links: deque[str]) -> None:
    of_page = bool(prefix) and _is_of_page(folder)
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        relative = prefix + entry.name
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                (links if entry.is_symlink() else folders).append(f"{relative}/")
            elif entry.is_file() and of_page and _PART_OF_PAGE.fullmatch(entry.name):
                continue
            elif entry.is_file():
                found.files.append(Found(relative, Path(entry.path), _state(entry.stat())))
            elif entry.is_symlink() and not Path(entry.path).exists():
                found.unseen[relative] = _NO_TARGET
            else:
                found.unseen[relative] = _NO_FILE
        except OSError as error:
            found.unseen[relative] = _unreadable(error)


def _is_of_page(folder: Path) -> bool:
    """Whether a browser made the folder for the page beside it."""
    named = _BESIDE_PAGE.fullmatch(folder.name)
    return named is not None and any((folder.parent / f"{named['page']}.{kind}").is_file() for kind in ("html", "htm"))


def _state(status: os.stat_result) -> FileState:
    """As the store can keep it: a date in the far future or an odd inode loses its highest bits."""
    numbers = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return FileState(*(number & _LARGEST for number in numbers))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _closed(seeds: Path, error: OSError) -> NoDocuments:
    return NoDocuments(
        f"The folder {str(seeds)!r} cannot be read ({error.strerror}): check its permissions, or the drive it is on."
    )


def _unreadable(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return _LOOP
    return f"it cannot be read ({error.strerror}): check its permissions"
