"""Put on the path of every process that a test starts: what its Python code tries to reach beyond this machine is
refused, and written down. What libraries reach that are not Python is not seen.

Code that catches the refusal hides it, so each is a line of the file that OFFLINE_ATTEMPTS in the environment names,
or of `attempts` beside this module: a process may have been given few variables.
"""

import os
import sys
from typing import Any

_HERE = (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::")
_REACHED = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
}  # which argument of an audit event it is: an address as a tuple, or a name; others reach nothing beyond


def _watch(event: str, arguments: tuple[Any, ...], _reached: dict[str, int] = _REACHED) -> None:
    """An audit hook; at the end of a process its globals are gone."""
    if event in _reached:
        reached = arguments[_reached[event]]
        if isinstance(reached, tuple):
            _refuse_others(reached[0])
        elif _reached[event] == 0:
            _refuse_others(reached)


def _refuse_others(host: Any) -> None:
    if isinstance(host, bytes):
        host = host.decode()
    if host in _HERE:
        return
    said = f"a connection to {host} was attempted: everything but Telegram works offline"
    if path := os.environ.get("OFFLINE_ATTEMPTS") or _attempts_beside():
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - nothing else is imported in every process
            file.write(f"{os.environ.get('PYTEST_CURRENT_TEST')}: {said}\n")
    raise AssertionError(said)


def _attempts_beside() -> str | None:
    path = os.path.join(os.path.dirname(__file__), "attempts")  # noqa: PTH118, PTH120
    return path if os.path.exists(path) else None  # noqa: PTH110


sys.addaudithook(_watch)
