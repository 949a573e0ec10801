"""Put on the path of every process that a test starts: what goes beyond this machine is refused, and written down.

Code that catches the refusal hides it, so each is a line of the file that OFFLINE_ATTEMPTS in the environment names.
"""

import os
import socket
from collections.abc import Callable
from typing import Any

_HERE = (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::")
_getaddrinfo = socket.getaddrinfo


def _refuse_others(host: Any) -> None:
    if isinstance(host, bytes):
        host = host.decode()
    if host in _HERE:
        return
    said = f"a connection to {host} was attempted: everything but Telegram works offline"
    if path := os.environ.get("OFFLINE_ATTEMPTS"):
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - nothing else is imported in every process
            file.write(f"{os.environ.get('PYTEST_CURRENT_TEST')}: {said}\n")
    raise AssertionError(said)


def _guarded(name: str) -> Callable[..., Any]:
    """A method of sockets whose last argument, where it is a tuple, is an address."""
    method = getattr(socket.socket, name)

    def call(self: socket.socket, *arguments: Any) -> Any:
        if arguments and isinstance(arguments[-1], tuple):
            _refuse_others(arguments[-1][0])
        return method(self, *arguments)

    return call


def _resolve(host: Any, *arguments: Any, **more: Any) -> Any:
    _refuse_others(host)
    return _getaddrinfo(host, *arguments, **more)


for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _guarded(_name))
socket.getaddrinfo = _resolve
