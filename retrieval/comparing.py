"""The seeds folder against what the store holds of it, by what the file system says of each file."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field

from retrieval.errors import SeedbotError
from retrieval.folder import SIZE_SETTING, Found, scan
from retrieval.rows import DocumentRow, FileState
from retrieval.settings import EngineSettings
from retrieval.store import Store
from retrieval.types import Pending

_RACY_NS = 2_000_000_000  # a file changed this shortly before a build may change again within the clock's tick
_MOST_LOOKED_AT = 5000  # files of a folder that is looked at beside a question
UNSEEN = FileState(-1, 0)  # that of a file which could not be looked at, so that the next build tries again


@dataclass(slots=True)
class Plan:
    """What the folder holds against what the store holds; `keep_unseen` where the latter can stay as it is."""

    keep_unseen: bool
    scanned_ns: int
    unread: list[Found] = field(default_factory=list)
    unchanged: list[DocumentRow] = field(default_factory=list)
    missing: dict[str, DocumentRow] = field(default_factory=dict)  # known, but no longer in the folder
    skipped: list[tuple[str, str, FileState]] = field(default_factory=list)
    known: dict[str, DocumentRow] = field(default_factory=dict)

    def skip(self, relative: str, reason: str, state: FileState) -> None:
        """Notes that a file cannot be used."""
        self.skipped.append((printable(relative), reason, state))

    def leave_unseen(self, relative: str, reason: str) -> None:
        """Keeps what the store holds of a file or folder that cannot be looked at, where that can stay, and says so."""
        rows = {path: row for path, row in self.known.items() if path == relative or path.startswith(f"{relative}/")}
        if rows and self.keep_unseen:
            reason = f"{reason}; what was read of it before is kept"
            self.unchanged += rows.values()
            for path in rows:
                self.missing.pop(path, None)
        else:
            self.missing |= rows
        self.skip(relative, reason, UNSEEN)


def compare(store: Store, settings: EngineSettings, *, full: bool, keep_unseen: bool) -> Plan:
    """What is to be done; with `full`, every file is to be read. Raises NoDocuments where there is no folder."""
    known = {row.path: row for row in store.documents()}
    plan = Plan(keep_unseen, time.time_ns(), known=known, missing=dict(known))
    skipped_before = {} if full else store.skipped()
    built_ns = int(store.meta("built_ns", "0"))
    seen = scan(settings.seeds, without=settings.library)
    for relative, reason in seen.unseen.items():
        plan.leave_unseen(relative, reason)
    for found in seen.files:
        row = plan.missing.pop(found.relative, None)
        settled = max(found.state.mtime_ns, found.state.ctime_ns) < built_ns - _RACY_NS
        if row is not None and not full and row.state == found.state and settled:
            plan.unchanged.append(row)
            continue
        reason, state = skipped_before.get(found.relative, ("", None))
        if state == found.state and settled and SIZE_SETTING not in reason:
            plan.skip(found.relative, reason, found.state)
        else:
            plan.unread.append(found)
    return plan


def pending(store: Store, settings: EngineSettings, *, however_long: bool) -> Pending | None:
    """What looks changed, by size and time of change alone, since a copied folder is no changed one; None where the
    folder cannot be read, or takes longer to look at than a question should, unless that may take `however_long`.
    """
    most = math.inf if however_long else _MOST_LOOKED_AT
    try:
        seen = scan(settings.seeds, without=settings.library, most=most)
    except SeedbotError:
        return None
    if len(seen.files) > most:
        return None
    known = {row.path: row.state for row in store.documents()}
    there = {one.relative for one in seen.files}
    skipped = {path: state for path, (_, state) in store.skipped().items()}
    states = [(known.get(one.relative) or skipped.get(printable(one.relative)), one) for one in seen.files]
    changed = sum(old is not None and _looks_changed(old, one) for old, one in states)
    hidden = tuple(f"{path}/" for path in seen.unseen)
    gone = [path for path in known if path not in there | seen.unseen.keys() and not path.startswith(hidden)]
    return Pending(sum(old is None for old, _ in states), changed, len(gone))


def _looks_changed(before: FileState, now: Found) -> bool:
    """Whether it is another file by now; where it could not be read before, whether it can."""
    if before == UNSEEN:
        return os.access(now.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)
    return (before.size, before.mtime_ns) != (now.state.size, now.state.mtime_ns)


def printable(name: str) -> str:
    """A file name as valid text; bytes that are not UTF-8 are written as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
