"""Guards against archives that unpack to far more than a document is."""

from __future__ import annotations

import io
import zipfile

from retrieval.errors import DocumentError

_MOST_BYTES = 500_000_000
_MOST_RATIO = 200  # unpacked over packed, beyond the first ten million bytes


def check_archive(data: bytes) -> None:
    """Raises DocumentError where `data` is no ZIP archive, is encrypted, or is a ZIP bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentError("it is damaged: save it again or get another copy") from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_BYTES or (unpacked > 10_000_000 and unpacked > _MOST_RATIO * len(data)):
        raise DocumentError("it unpacks to an absurd size, as an archive made to do harm does: remove it")
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("it is encrypted: save a copy without a password")
