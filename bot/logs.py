"""Where the words of libraries go: nowhere, unless somebody looks for the cause of a failure."""

from __future__ import annotations

import logging
import os
import sys


def set_up() -> None:
    """Warnings of libraries stay off stderr; `SEEDBOT_DEBUG=1` shows everything, tracebacks included."""
    debugging = os.environ.get("SEEDBOT_DEBUG", "") not in ("", "0")
    logging.basicConfig(
        level=logging.DEBUG if debugging else logging.CRITICAL,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
