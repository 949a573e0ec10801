"""Notices that documents change, for a library that follows its seeds folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from retrieval.folder import identity

_PAUSE_SECONDS = 1.0  # between looks at whether the folder is still the same one
_UNHEARD_SECONDS = 60.0  # after which something may have changed on a network drive, of which nothing is heard
_LONGEST_UNHEARD_SECONDS = 300.0  # since that time doubles as long as nothing is
_POLL_SECONDS = 5.0  # between looks at every file, where the system does not tell of changes


def changes(seeds: Path, library: Path, stop: threading.Event) -> Iterator[None]:
    """Yields once it is listening, after each change of a visible file in `seeds` but outside `library`, and after a
    minute without one, then two and more.

    A folder that is removed, or a link that leads elsewhere, counts as changed; what then has that name is listened to.
    One that cannot be looked at is waited for; where it can be, but not listened to, it counts as changed now and then.
    """
    polling = False
    while not stop.is_set():
        if identity(seeds) is None:
            stop.wait(_PAUSE_SECONDS)
            continue
        try:
            yield from _until_replaced(seeds, library.resolve(), stop, polling)
        except FileNotFoundError:  # it has just gone
            stop.wait(_PAUSE_SECONDS)
        except (OSError, RuntimeError):  # as where the system has no watches left, or a drive comes and goes
            if polling:
                stop.wait(_POLL_SECONDS)
                yield
            polling = True


def _until_replaced(seeds: Path, without: Path, stop: threading.Event, polling: bool) -> Iterator[None]:
    """What `changes` yields as long as the folder is the same one. Raises OSError and RuntimeError of watchfiles."""
    from watchfiles import Change, watch

    before, root = identity(seeds), seeds.resolve()

    def counts(_: Change, path: str) -> bool:
        place = Path(path)
        hidden = any(part.startswith(".") for part in place.relative_to(root).parts)
        return not hidden and not (without.is_relative_to(root) and place.is_relative_to(without))

    listening = watch(
        root,
        watch_filter=counts,
        stop_event=stop,
        rust_timeout=round(1000 * _PAUSE_SECONDS),
        yield_on_timeout=True,
        force_polling=polling or None,
        poll_delay_ms=round(1000 * _POLL_SECONDS),
        ignore_permission_denied=True,
    )
    limit = unheard = 0.0
    for changed in listening:
        # A folder that is made again may get the same inode.
        replaced = (Change.deleted, str(root)) in changed or identity(seeds) != before
        if changed or replaced or unheard >= limit:
            limit = _UNHEARD_SECONDS if changed else min(max(2 * limit, _UNHEARD_SECONDS), _LONGEST_UNHEARD_SECONDS)
            unheard = 0.0
            yield
        if replaced:
            return
        unheard += _PAUSE_SECONDS
