"""Whether the bot is well, for whatever watches the service: an HTTP port, and systemd's watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator

from bot.telegram.service import Service
from retrieval.errors import SeedbotError

_MICROSECONDS = 1e-6


@contextlib.asynccontextmanager
async def answering_checks(service: Service) -> AsyncIterator[None]:
    """`GET /health` on a port of its own: 200, or 503 where Telegram was not heard for long; none with port 0.

    Raises SeedbotError where the port is taken.
    """
    port = service.settings.telegram.health_port
    if not port:
        yield
        return
    from tornado.web import Application, RequestHandler

    class Health(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", "application/json")
            well = not service.is_deaf
            self.set_status(200 if well else 503)
            silent = {} if well else {"reason": f"Telegram was last heard {service.silent_seconds:.0f} s ago"}
            self.write(json.dumps({"ok": well, "generation": service.library.generation, **silent}))

    try:
        server = Application([("/health", Health)], log_function=lambda _: None).listen(port, "0.0.0.0")
    except OSError as error:
        raise SeedbotError(
            f"The health check cannot listen at port {port} ({error.strerror}): choose another."
        ) from error
    try:
        yield
    finally:
        server.stop()


@contextlib.asynccontextmanager
async def telling_systemd() -> AsyncIterator[None]:
    """Tells systemd that the bot has started, and from then on that its loop still turns; nothing without systemd.

    https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
    """
    _notify("READY=1")
    seconds = int(os.environ.get("WATCHDOG_USEC", "0")) * _MICROSECONDS / 2
    task = asyncio.create_task(_watchdog(seconds)) if seconds else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
        _notify("STOPPING=1")


async def _watchdog(seconds: float) -> None:
    while True:
        _notify("WATCHDOG=1")
        await asyncio.sleep(seconds)


def _notify(message: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(message.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
