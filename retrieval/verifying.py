"""Holds what was quoted against the file as it is now."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

from retrieval.errors import DocumentError
from retrieval.filtering import composed
from retrieval.loaders import load
from retrieval.models import file_sha256
from retrieval.terms import WITHOUT_SPACES
from retrieval.types import Citation, Document, Source, Span, Verdict, Verification

_MOST_KEPT = 8_000_000  # characters
_UNSPACED = re.compile(f"[{WITHOUT_SPACES}\u3001-\u303f\uff01-\uff65]")  # and the marks that stand among them
_PIECE = re.compile(rf"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern})\S)+")

_kept: dict[tuple[Path, str], Document] = {}  # the documents that were loaded last, by path and digest
_keeping = threading.Lock()


def verify_citation(seeds: Path, citation: Citation, text: str, largest_bytes: int) -> Verification:
    """EXACT at the cited offsets, MOVED elsewhere or respaced, CHANGED where it is nowhere, GONE without a file that
    can be read, as also one of more than `largest_bytes` is not.
    """
    path = seeds / citation.document
    if not _inside(citation.document):
        return Verification(citation, Verdict.GONE, None)
    try:
        if path.stat().st_size > largest_bytes:
            return Verification(citation, Verdict.GONE, None, too_large=True)
        document = _document(path, citation.document)
    except (OSError, DocumentError):
        return Verification(citation, Verdict.GONE, None)
    same = document.sha256 == citation.sha256
    if document.text[citation.start : citation.end] == text:
        return Verification(citation, Verdict.EXACT, Span(citation.start, citation.start + len(text)), same)
    if (place := _nearest(document.text, text, citation)) is not None:
        return Verification(citation, Verdict.MOVED, place, same)
    if (place := _respaced(document.text, text, citation)) is not None:
        return Verification(citation, Verdict.MOVED, place, same, respaced=True)
    return Verification(citation, Verdict.CHANGED, None, same)


def verify_elsewhere(seeds: Path, citation: Citation, text: str, path: str, largest_bytes: int) -> Verification:
    """The same of a file that was moved or renamed to `path`, where nothing is EXACT."""
    found = verify_citation(seeds, replace(citation, document=path), text, largest_bytes)
    if found.verdict is Verdict.GONE:
        return Verification(citation, Verdict.GONE, None)
    verdict = Verdict.MOVED if found.verdict is Verdict.EXACT else found.verdict
    return replace(found, citation=citation, verdict=verdict, now_in=path)


class Places:
    """Where a library has each content, and each name however its accents are written."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._of_content: defaultdict[str, list[str]] = defaultdict(list)
        self._of_name: defaultdict[str, list[str]] = defaultdict(list)
        for one in sources:
            self._of_content[one.sha256].append(one.path)
            self._of_name[composed(one.path)].append(one.path)

    def others(self, citation: Citation) -> list[str]:
        """The other paths of the content that was cited, then those that only look alike."""
        same, alike = self._of_content.get(citation.sha256, ()), self._of_name.get(composed(citation.document), ())
        return [path for path in dict.fromkeys([*same, *alike]) if path != citation.document]


def _nearest(text: str, quote: str, citation: Citation) -> Span | None:
    """Where the quote stands in the text, nearest to where it is cited."""
    starts = [at for at in (text.rfind(quote, 0, citation.end), text.find(quote, citation.start)) if at >= 0]
    start = min(starts, key=lambda at: abs(at - citation.start), default=None)
    return None if start is None else Span(start, start + len(quote))


def _respaced(text: str, quote: str, citation: Citation) -> Span | None:
    """The same of its words, whatever white space there is between them, as after a new wrapping of the lines; where a
    script has no spaces, there may be none or some beside every character.
    """
    pieces = _PIECE.findall(quote)
    if not pieces:
        return None
    further = (_gap(before, piece) + re.escape(piece) for before, piece in pairwise(pieces))
    places = (Span(*match.span()) for match in re.finditer("".join([re.escape(pieces[0]), *further]), text))
    return min(places, key=lambda place: abs(place.start - citation.start), default=None)


def _gap(before: str, after: str) -> str:
    return r"\s*" if _UNSPACED.match(before) or _UNSPACED.match(after) else r"\s+"


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


def verify_file(path: Path, sha256: str) -> Verdict:
    """EXACT where a file's bytes are those that were indexed, else CHANGED, or GONE where it cannot be read."""
    try:
        digest = file_sha256(path)
    except OSError:
        return Verdict.GONE
    return Verdict.EXACT if digest == sha256 else Verdict.CHANGED
