"""Where the words of libraries go: nowhere, unless somebody looks for the cause of a failure; secrets never."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

from retrieval.errors import shortened

_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_secrets: set[str] = set()


def set_up() -> None:
    """Warnings of libraries stay off stderr; `SEEDBOT_DEBUG=1` shows everything, tracebacks included."""
    logging.basicConfig(level=logging.DEBUG if debugging() else logging.CRITICAL, stream=sys.stderr, force=True)
    _install(_Plain("%(asctime)s %(name)s %(levelname)s %(message)s"))


def structured() -> None:
    """For a service: what Seedbot itself logs, one JSON object a line on stderr; of libraries warnings only."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if debugging() else logging.WARNING)
    logging.getLogger("bot").setLevel(logging.DEBUG if debugging() else logging.INFO)
    _install(_Structured())


def hide(secret: str) -> None:
    """From now on, no log and no error shows this text."""
    if secret:
        _secrets.add(secret)


def without_secrets(text: str) -> str:
    """`text` with every secret taken out."""
    for secret in _secrets:
        text = text.replace(secret, "[secret]")
    return text


def readable(sentence: str) -> str:
    """What is wrong, as it is shown to a person: without secrets, and only then without its middle where it is long."""
    return shortened(without_secrets(sentence))


def unexpected(error: Exception) -> str:
    """What to tell a person of an error that nobody thought of; the log has its traceback."""
    logging.getLogger(__name__).debug("unexpected", exc_info=error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Something went wrong that Seedbot does not know ({what}): SEEDBOT_DEBUG=1 shows where."


def debugging() -> bool:
    """Whether somebody looks for the cause of a failure."""
    return os.environ.get("SEEDBOT_DEBUG", "") not in ("", "0")


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class _Structured(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        own = {key: value for key, value in vars(record).items() if key not in _OWN}
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
            **own,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


def _install(formatter: logging.Formatter) -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
