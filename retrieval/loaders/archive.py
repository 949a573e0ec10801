"""Guards against archives that unpack to far more than a document is."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath

from retrieval.errors import DocumentError

_MOST_BYTES = 100_000_000  # of all that is text
_PICTURES = 2  # times as large as packed, at most, is a document with more of these than that
_MOST_IN_ONE = 30_000_000  # of a part that is text; as a tree it takes twenty times that
_MOST_RATIO = 200  # unpacked over packed, beyond the first ten million bytes
_TEXT = frozenset({"", ".xml", ".rels", ".html", ".xhtml", ".htm", ".opf", ".ncx", ".txt"})  # what a loader takes apart
_ABSURD = "it unpacks to an absurd size, as an archive made to do harm does: remove it"
_TOO_LARGE = "it unpacks to more than a document may: split it, or take pictures and other media out"


def check_archive(data: bytes) -> None:
    """Raises DocumentError where `data` is no ZIP archive, is encrypted, or is a ZIP bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentError("it is damaged: save it again or get another copy") from error
    unpacked = sum(entry.file_size for entry in entries)
    text = [entry.file_size for entry in entries if PurePosixPath(entry.filename).suffix.lower() in _TEXT]
    if unpacked > 10_000_000 and unpacked > _MOST_RATIO * len(data):
        raise DocumentError(_ABSURD)
    if sum(text) > _MOST_BYTES or unpacked > max(_MOST_BYTES, _PICTURES * len(data)):
        raise DocumentError(_TOO_LARGE)
    for size in text:
        _refuse_large(size)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise DocumentError("it is packed as no document is: save it again")  # LZMA may ask for gigabytes at once
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("it is encrypted: save a copy without a password")


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """What a part holds that is text, whatever it is called. Raises DocumentError where it is too large, KeyError."""
    _refuse_large(archive.getinfo(name).file_size)
    return archive.read(name)


def _refuse_large(size: int) -> None:
    if size > _MOST_IN_ONE:
        raise DocumentError(_TOO_LARGE)
