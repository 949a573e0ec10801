"""Put on the path of every process that a test starts: connections beyond this machine fail loudly."""

import socket
from typing import Any

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _refuse_others(address: Any) -> None:
    if isinstance(address, tuple) and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a connection to {address[0]} was attempted: everything but Telegram works offline")


def _guarded(self: socket.socket, address: Any) -> None:
    _refuse_others(address)
    _connect(self, address)


def _guarded_ex(self: socket.socket, address: Any) -> int:
    _refuse_others(address)
    return _connect_ex(self, address)


socket.socket.connect = _guarded  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded_ex  # type: ignore[method-assign]
