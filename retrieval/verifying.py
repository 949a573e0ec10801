"""Holds what was quoted against the file as it is now."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path, PurePosixPath

from retrieval.errors import DocumentError
from retrieval.loaders import load
from retrieval.types import Citation, Document, Source, Verdict, Verification

_MOST_KEPT = 8_000_000  # characters

_kept: dict[tuple[Path, str], Document] = {}  # the documents that were loaded last, by path and digest
_keeping = threading.Lock()


def verify_citation(seeds: Path, citation: Citation, text: str) -> Verification:
    """EXACT at the cited offsets, MOVED to another place, CHANGED where it is nowhere, GONE without a file."""
    path = seeds / citation.document
    if not _inside(citation.document):
        return Verification(citation, Verdict.GONE, None)
    try:
        document = _document(path, citation.document)
    except (OSError, DocumentError):
        return Verification(citation, Verdict.GONE, None)
    same = document.sha256 == citation.sha256
    if document.text[citation.start : citation.end] == text:
        return Verification(citation, Verdict.EXACT, citation.start, same)
    places = (document.text.rfind(text, 0, citation.end), document.text.find(text, citation.start))
    found = [place for place in places if place >= 0]
    if not found:
        return Verification(citation, Verdict.CHANGED, None, same)
    nearest = min(found, key=lambda place: abs(place - citation.start))
    return Verification(citation, Verdict.MOVED, nearest, same)


def _document(path: Path, relative: str) -> Document:
    """The document as it is now; one file is loaded once for many quotes, as long as its bytes stay the same."""
    data = path.read_bytes()
    key = path, hashlib.sha256(data).hexdigest()
    with _keeping:
        found = _kept.pop(key, None)
    document = found or load(path, relative, data)
    with _keeping:
        _kept[key] = document
        while sum(len(one.text) for one in _kept.values()) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return document


def _inside(relative: str) -> bool:
    """Whether a document's path stays in the seeds folder, as every path of a library does."""
    path = PurePosixPath(relative)
    return not path.is_absolute() and ".." not in path.parts


def verify_source(seeds: Path, source: Source) -> Verdict:
    """EXACT where the file's bytes are those that were indexed, else CHANGED, or GONE where it cannot be read."""
    try:
        with (seeds / source.path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return Verdict.GONE
    return Verdict.EXACT if digest == source.sha256 else Verdict.CHANGED
