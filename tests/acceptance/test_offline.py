"""The guard that the other tests stand under, tried by a process that hides what becomes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_REACHING_OUT = """
import socket
from contextlib import suppress

for call in (
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.socket().connect(("192.0.2.2", 80)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.3", 53)),
    lambda: socket.getaddrinfo("a.name.invalid", 80),
    lambda: socket.getaddrinfo("localhost", 80),
):
    with suppress(Exception):
        call()
"""


def test_what_a_process_tries_beyond_this_machine_is_written_down(tmp_path: Path) -> None:
    attempts = tmp_path / "attempts"
    environment = os.environ | {"OFFLINE_ATTEMPTS": str(attempts)}
    subprocess.run([sys.executable, "-c", _REACHING_OUT], env=environment, check=True)
    tried = [line.partition(" a connection to ")[2].split()[0] for line in attempts.read_text("utf-8").splitlines()]
    assert tried == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "a.name.invalid"]
