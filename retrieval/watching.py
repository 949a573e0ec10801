"""Notices that documents change, for a library that follows its seeds folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

_PAUSE_SECONDS = 1.0  # between looks at whether the folder is still the same one


def changes(seeds: Path, library: Path, stop: threading.Event) -> Iterator[None]:
    """Yields once it is listening, then after each change of a visible file in `seeds` but outside `library`.

    A folder that is removed counts as changed, and is listened to again when there is one of that name.
    """
    from watchfiles import Change, watch

    root, without = seeds.resolve(), library.resolve()

    def counts(_: Change, path: str) -> bool:
        place = Path(path)
        hidden = any(part.startswith(".") for part in place.relative_to(root).parts)
        return not hidden and not (without.is_relative_to(root) and place.is_relative_to(without))

    pause = round(1000 * _PAUSE_SECONDS)
    while not stop.is_set():
        identity = _identity(root)
        if identity is None:
            stop.wait(_PAUSE_SECONDS)
            continue
        listening = watch(
            root,
            watch_filter=counts,
            stop_event=stop,
            rust_timeout=pause,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        first = True
        for changed in listening:
            # A folder that is made again may get the same inode.
            replaced = (Change.deleted, str(root)) in changed or _identity(root) != identity
            if changed or first or replaced:
                yield
            if replaced:
                break
            first = False


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
