"""Guards against archives that unpack to far more than a document is."""

from __future__ import annotations

import io
import zipfile

from retrieval.errors import DocumentError

_MOST_BYTES = 100_000_000  # of all that is no picture, sound or font
_PICTURES = 2  # times as large as packed, at most, is a document with more of these than that
_MOST_IN_ONE = 30_000_000  # of a part that is text; as a tree it takes twenty times that
_MOST_RATIO = 200  # unpacked over packed, beyond the first ten million bytes
_MEDIA = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "emf", "wmf", "mp3", "mp4", "ttf", "otf", "bin"})
_ABSURD = "it unpacks to an absurd size, as an archive made to do harm does: remove it"


def check_archive(data: bytes) -> None:
    """Raises DocumentError where `data` is no ZIP archive, is encrypted, or is a ZIP bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentError("it is damaged: save it again or get another copy") from error
    unpacked = sum(entry.file_size for entry in entries)
    text = sum(entry.file_size for entry in entries if not _is_media(entry.filename))
    if text > _MOST_BYTES or unpacked > max(_MOST_BYTES, _PICTURES * len(data)):
        raise DocumentError(_ABSURD)
    if unpacked > 10_000_000 and unpacked > _MOST_RATIO * len(data):
        raise DocumentError(_ABSURD)
    if any(entry.file_size > _MOST_IN_ONE and not _is_media(entry.filename) for entry in entries):
        raise DocumentError(_ABSURD)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise DocumentError("it is packed as no document is: save it again")  # LZMA may ask for gigabytes at once
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("it is encrypted: save a copy without a password")


def _is_media(name: str) -> bool:
    return name.rpartition(".")[2].lower() in _MEDIA
