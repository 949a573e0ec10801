"""Files to documents: one format a module, chosen by suffix. The canonical text of a document is fixed here, once.

Every module's `load(data) -> Loaded` maps the errors of its library to DocumentError. Libraries are
imported where they are used, because most folders hold only a few formats.
"""

from __future__ import annotations

import hashlib
import logging
import re
from importlib import import_module
from pathlib import Path, PurePosixPath

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, clean
from retrieval.types import Document

VERSION = 10
"""Raised when a format is read otherwise, so that libraries are made anew."""

log = logging.getLogger(__name__)

_VISIBLE = re.compile(r"\S")
_MODULES = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".csv": "table",
    ".tsv": "table",
    ".json": "records",
    ".jsonl": "records",
    ".ndjson": "records",
}

SUFFIXES = frozenset(_MODULES)
"""The suffixes, in lower case, of the formats that are read."""


def load(path: Path, relative: str, data: bytes) -> Document:
    """The document in `data`, the bytes of `path`. Raises DocumentError with the reason in one sentence."""
    suffix = refuse_unread(path)
    if not data or data.isspace():
        raise DocumentError("it is empty: add text or remove the file")
    module = import_module(f"retrieval.loaders.{_MODULES[suffix]}")
    try:
        loaded: Loaded = module.load(data)
    except RecursionError as error:
        raise DocumentError("its parts are nested too deeply: simplify or convert it") from error
    except (DocumentError, MemoryError, ImportError, OSError):  # of the file, or of the machine and no fault of it
        raise
    except Exception as error:  # whatever a library meets in a damaged file must not stop the rest
        log.debug("cannot load", exc_info=error)
        raise DocumentError(
            f"it is damaged, or no {suffix} file ({type(error).__name__}): open it in its program and save it again"
        ) from error
    if not _VISIBLE.search(loaded.text, loaded.body_start):
        raise DocumentError("it holds no text: if it shows scanned pages, run text recognition on it first")
    digest = hashlib.sha256(data).hexdigest()
    title = clean(loaded.title.encode("utf-16", "surrogatepass").decode("utf-16", "replace")).strip()
    return Document(
        path=relative,
        sha256=digest,
        text=loaded.text,
        title=title or title_of(relative),
        date=loaded.date,
        body_start=loaded.body_start,
        headings=loaded.headings,
        pages=loaded.pages,
        layout=loaded.layout,
        titled=bool(title),
    )


def refuse_unread(path: Path) -> str:
    """The suffix of a file, in lower case. Raises DocumentError where it is that of no format that is read."""
    suffix = path.suffix.lower()
    if suffix not in _MODULES:
        raise DocumentError(
            f"{suffix or 'a file without a suffix'} is not a format that is read: "
            f"convert it to one of {' '.join(_MODULES)}"
        )
    return suffix


def title_of(relative: str) -> str:
    """A title for a document that gives none itself: its file's name, readable."""
    stem = PurePosixPath(relative).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or relative
