"""The guard that the other tests stand under, tried by a process that hides what becomes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import DocumentError
from retrieval.loaders import confined

_REACHING_OUT = """
import _socket
import socket
from contextlib import suppress

datagrams = socket.socket(type=socket.SOCK_DGRAM)
for call in (
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.socket().connect(("192.0.2.2", 80)),
    lambda: socket.socket().connect_ex(("192.0.2.3", 80)),
    lambda: datagrams.sendto(b"x", ("192.0.2.4", 53)),
    lambda: datagrams.sendmsg([b"x"], [], 0, ("192.0.2.5", 53)),
    lambda: _socket.socket().connect(("192.0.2.6", 80)),
    lambda: socket.getaddrinfo("a.name.invalid", 80),
    lambda: socket.getaddrinfo(b"b.name.invalid", 80),
    lambda: socket.gethostbyname("c.name.invalid"),
    lambda: socket.gethostbyname_ex("d.name.invalid"),
    lambda: socket.gethostbyaddr("192.0.2.7"),
    lambda: socket.getnameinfo(("192.0.2.8", 80), 0),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: socket.gethostbyname("localhost"),
    lambda: socket.socket(socket.AF_UNIX).connect("nowhere"),
):
    with suppress(Exception):
        call()
"""


def _tried(attempts: Path) -> list[str]:
    lines = attempts.read_text("utf-8").splitlines()
    return [line.partition(" a connection to ")[2].split()[0] for line in lines]


def test_what_a_process_tries_beyond_this_machine_is_written_down(tmp_path: Path) -> None:
    attempts = tmp_path / "attempts"
    environment = os.environ | {"OFFLINE_ATTEMPTS": str(attempts)}
    subprocess.run([sys.executable, "-c", _REACHING_OUT], env=environment, check=True)
    addresses = [f"192.0.2.{number}" for number in range(1, 9)]
    names = [f"{letter}.name.invalid" for letter in "abcd"]
    assert _tried(attempts) == [*addresses[:6], *names, *addresses[6:]]


def test_so_is_what_is_tried_where_a_document_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That process is given few variables, and what it tried would be taken for a damaged file."""
    guard = tmp_path / "guard"
    guard.mkdir()
    beside = Path(os.environ["OFFLINE_ATTEMPTS"]).with_name("sitecustomize.py")
    (guard / beside.name).write_bytes(beside.read_bytes())
    (guard / "attempts").touch()
    (guard / "pypdfium2.py").write_text("import socket\n\nsocket.create_connection(('192.0.2.9', 80))\n")
    monkeypatch.setenv("PYTHONPATH", str(guard))
    with pytest.raises(DocumentError):
        confined.read("a.pdf", b"%PDF-1.4")
    assert _tried(guard / "attempts") == ["192.0.2.9"]
