"""Which documents a filter means: by path, pattern, file name or folder, and by date."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from retrieval.errors import QuestionError
from retrieval.rows import DocumentRow
from retrieval.types import Filter

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def let_through(rows: Sequence[DocumentRow], where: Filter) -> list[DocumentRow]:
    """The documents that a filter lets through. Raises QuestionError where it is none, or where its dates are none."""
    since, until = _date(where.since, "from"), _date(where.until, "to")
    if since and until and since > until + "~":
        raise QuestionError(f"{_range(since, until)} ends before it begins: exchange the two dates.")
    kept = list(rows)
    if where.glob is not None:
        paths = matching([row.path for row in kept], where.glob)
        kept = [row for row in kept if row.path in paths]
    if since or until:
        kept = [r for r in kept if r.date and (not since or r.date >= since) and (not until or r.date <= until + "~")]
        if not kept:
            of = "" if where.glob is None else f" that {where.glob!r} means"
            dated = _range(since, until)
            raise QuestionError(f"No document{of} is dated {dated}: `seedbot sources` shows the dates.")
    return kept


def matching(paths: Sequence[str], glob: str) -> set[str]:
    """The paths that `glob` means: exactly that path, a pattern over paths or file names, a file name, or a folder.

    Brackets that mean no document as a set of characters are those of a name. Raises QuestionError where it means none.
    """
    if glob in paths:
        return {glob}
    meant = composed(glob)
    found = same_name(paths, glob) or _fitting(paths, meant, meant) or _fitting(paths, meant, meant.replace("[", "[[]"))
    if not found:
        raise QuestionError(f"No document matches {glob!r}: `seedbot sources` lists what there is.")
    return found


def _fitting(paths: Iterable[str], meant: str, pattern: str) -> set[str]:
    """The paths that a pattern fits, or their file names, and those whose file name or folder is what is meant."""
    folder = meant.rstrip("/") + "/"
    found = set()
    for path in paths:
        name = composed(path)
        last = name.rsplit("/", 1)[-1]
        fits = fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(last, pattern)
        if fits or last == meant or name.startswith(folder):
            found.add(path)
    return found


def same_name(paths: Iterable[str], typed: str) -> set[str]:
    """The paths that look like what was typed: macOS writes an accent in a file's name as a character of its own."""
    meant = composed(typed)
    return {path for path in paths if composed(path) == meant}


def composed(text: str) -> str:
    """The text with letters and their accents as one character, where there is one (NFC)."""
    return unicodedata.normalize("NFC", text)


def _date(value: str | None, name: str) -> str | None:
    if value is None:
        return None
    if not _DATE.fullmatch(value):
        raise QuestionError(f"{value!r} is no date to filter {name}: write YYYY-MM-DD, YYYY-MM or YYYY.")
    try:
        date.fromisoformat((value + "-01-01")[:10])
    except ValueError as error:
        raise QuestionError(f"There is no day {value} to filter {name}: write a date of the calendar.") from error
    return value


def _range(since: str | None, until: str | None) -> str:
    return " ".join(filter(None, [since and f"from {since}", until and f"to {until}"]))
