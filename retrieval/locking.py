"""The lock that whoever changes a library holds; the system gives it back when a process dies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.connection import explain_system
from retrieval.errors import LibraryLocked

if TYPE_CHECKING:
    from filelock import FileLock


@contextmanager
def locked(folder: Path, wait_seconds: float = 0.0, waits: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock of the library in `folder`, which is made where it is not there; `waits` is called where it waits.

    Raises LibraryLocked where another process still holds it after `wait_seconds`; and LibraryError in place of an
    OSError that is met while it is held.
    """
    from filelock import FileLock, Timeout

    holder = folder / "build.pid"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _acquired(FileLock(folder / "build.lock"), wait_seconds, waits):
            holder.write_text(str(os.getpid()))
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout as error:
        raise LibraryLocked(
            f"Another process (pid {_pid(holder)}) is building this library: wait for it, or stop it."
        ) from error
    except OSError as error:
        raise explain_system(error, folder) from error


def _acquired(lock: FileLock, wait_seconds: float, waits: Callable[[], None] | None) -> AbstractContextManager[object]:
    """The lock, held; raises filelock's Timeout."""
    from filelock import Timeout

    try:
        return lock.acquire(timeout=0)
    except Timeout:
        if waits is not None and wait_seconds:
            waits()
        return lock.acquire(timeout=wait_seconds)


def _pid(holder: Path) -> str:
    try:
        return holder.read_text() or "unknown"
    except OSError:
        return "unknown"
