"""Reads a file in a process of its own that may neither grow nor take long: a file made to do harm would do either.

As a program, `python -m retrieval.loaders.confined NAME` reads the file from its input and prints what it holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded
from retrieval.types import Heading, Span

_MOST_BYTES = 512_000_000  # of address space; of what people write, only HTML of megabytes takes half of it
_MOST_SECONDS = 60
_MOST_CHARACTERS = 20_000_000  # of text; a long novel has a million
_REFUSED = 3  # exit code where the reason stands in the output
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")  # no secret is among them

_TOO_SLOW = f"reading it takes more than {_MOST_SECONDS} seconds, as with a file made to do harm: split or convert it"
_TOO_BIG = "reading it takes more memory than a document may, as with a file made to do harm: split or convert it"

_here = False


def is_confined() -> bool:
    """Whether this process is the one that may be lost."""
    return _here


def check(name: str, data: bytes) -> None:
    """Raises DocumentError where a file of this name cannot be read, or takes too much of anything."""
    _run([name, "--check"], data)


def read(name: str, data: bytes) -> Loaded:
    """What the module for a file of this name loads. Raises DocumentError like `check`."""
    row = json.loads(_run([name], data))
    headings = tuple(Heading(Span(**one["span"]), one["level"], one["text"]) for one in row.pop("headings"))
    return Loaded(**row | {"headings": headings, "pages": tuple(row["pages"])})


def main(arguments: list[str]) -> int:
    """Reads standard input as a file of the name given; prints it as JSON, or the reason why it cannot be read."""
    global _here
    _here = True
    _confine()
    from retrieval.loaders import load

    name = arguments[0]
    try:
        document = load(Path(name), name, sys.stdin.buffer.read())
        if len(document.text) > _MOST_CHARACTERS:
            raise DocumentError(f"it holds {len(document.text):,} characters, more than a document may: split it")
    except DocumentError as error:
        sys.stdout.write(str(error))
        return _REFUSED
    if "--check" not in arguments:
        title = document.title if document.titled else ""
        loaded = Loaded(document.text, title, document.date, document.body_start, document.headings, document.pages)
        sys.stdout.write(json.dumps(asdict(replace(loaded, layout=document.layout))))
    return 0


def _run(arguments: list[str], data: bytes) -> str:
    command = [sys.executable, "-P", "-m", "retrieval.loaders.confined", *arguments]  # no module of the current folder
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_MOST_SECONDS, env=environment)
    except subprocess.TimeoutExpired as error:
        raise DocumentError(_TOO_SLOW) from error
    if done.returncode != 0:
        raise DocumentError(_reason(done))
    return done.stdout.decode()


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why a process could not read a file: it says so, or it was ended by one of its limits."""
    if done.returncode == _REFUSED:
        return done.stdout.decode("utf-8", "replace")
    if done.returncode == -signal.SIGXCPU:
        return _TOO_SLOW
    if done.returncode < 0 or b"MemoryError" in done.stderr:  # pdfium ends the process where it gets no memory
        return _TOO_BIG
    last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no word"])[-1][:200]
    return f"reading it ended with {last}: convert it"


def _confine() -> None:
    """Takes limits upon this process, where the system has any."""
    try:
        import resource
    except ImportError:
        return
    limits: dict[int, int] = {
        resource.RLIMIT_AS: _MOST_BYTES,
        resource.RLIMIT_CPU: _MOST_SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS does not limit address space
            _, hardest = resource.getrlimit(limit)
            most = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
            resource.setrlimit(limit, (most, hardest))
    with contextlib.suppress(OSError):  # where memory runs out all the same, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    from retrieval.loaders import confined  # the module that others see; this one is a second copy of it

    sys.exit(confined.main(sys.argv[1:]))
