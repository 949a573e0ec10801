"""What a server sent, made fit for python-telegram-bot: what cannot be read stops nothing else, gaps are filled.

Telegram leaves no gaps. Servers that stand in for it leave out what few programs read: entities of commands, dates,
`is_bot`. https://core.telegram.org/bots/api says what each object holds.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from telegram import Update

from bot.telegram.formatting import units, without_surrogates

MOST_ID = 2**53
"""Ids are smaller: https://core.telegram.org/bots/api#user."""

LONG_AGO = 1
"""A date that is not known; 0 would mean a message that cannot be reached."""

_MOST_NUMBER = 2**63
_LONGEST_NUMBER = 25  # digits; a longer one is nonsense, and reading it is slow
_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,32}(@\w+)?(?!\S)")
_MENTION = re.compile(r"(?<!\S)@\w{2,32}")
_DELIVERED = ("sendMessage", "sendDocument", "editMessageText", "editMessageReplyMarkup")

log = logging.getLogger(__name__)


def parsed(payload: bytes) -> Any:
    """The JSON in `payload`. Raises ValueError, and RecursionError where it is nested absurdly."""
    return json.loads(payload.decode("utf-8", "replace"), parse_int=_number)


def readable(row: Any) -> dict[str, Any] | None:
    """An update that can be read; its number alone where it cannot; None where it has no number either."""
    number = row.get("update_id") if isinstance(row, dict) else None
    if not _is_number(number, _MOST_NUMBER - 1):
        return None
    try:
        update = _filled(_clean(row))
        Update.de_json(dict(update), None).to_json()
    except Exception as error:  # noqa: BLE001 - whatever it is about the update, it must not stop the others
        log.warning("unreadable update", extra={"error": type(error).__name__})
        return {"update_id": number}
    return update


def completed(method: str, result: Any, parameters: dict[str, Any]) -> Any:
    """The result of a call, with what python-telegram-bot needs of it; a message that was taken counts as delivered."""
    if method == "getUpdates":
        rows = result if isinstance(result, list) else []
        return [update for row in rows if (update := readable(row)) is not None]
    given = result if isinstance(result, dict) else {}
    if method == "getMe":
        return {"id": 0, "is_bot": True, "first_name": "Seedbot", "username": "", **given}
    if method == "getWebhookInfo":
        url = given.get("url")
        return {"url": url if isinstance(url, str) else "", "has_custom_certificate": False, "pending_update_count": 0}
    if method == "getFile":
        return {"file_unique_id": given.get("file_id", ""), **given}
    if method in _DELIVERED and not (result is True and method.startswith("edit")):
        number = given.get("message_id")
        chat = {"id": parameters.get("chat_id", 0), "type": "private"}
        return {"message_id": number if _is_number(number) else 0, "date": LONG_AGO, "chat": chat}
    return result


def salvaged(payload: bytes) -> list[dict[str, Any]]:
    """The numbers of the updates in a payload that is nested absurdly, so that they are not fetched for ever."""
    numbers = [int(found) for found in re.findall(rb'"update_id"\s*:\s*(\d{1,18})\b', payload)]
    return [{"update_id": number} for number in numbers]


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """An update with the gaps filled that a handler would stumble over. Raises ValueError where an id is none."""
    update = dict(row)
    for kind, fill in (("message", _message), ("callback_query", _callback), ("inline_query", _inline)):
        if isinstance(update.get(kind), dict):
            update[kind] = fill(dict(update[kind]))
    return update


def _message(message: dict[str, Any], *, inner: bool = False) -> dict[str, Any]:
    chat = dict(message["chat"])
    _check_id(chat)
    chat.setdefault("type", "private" if chat["id"] > 0 else "supergroup")
    message["chat"] = chat
    message.setdefault("date", LONG_AGO)
    if chat["type"] == "private" and not inner:
        message.setdefault("from", {"id": chat["id"]})
    if isinstance(message.get("from"), dict):
        message["from"] = _person(message["from"])
    _keep_texts(message, "text", "caption", "media_group_id")
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        said = message.get(text, "")
        whole = [one for one in message.get(entities) or () if _can_be_cut_out(one, said)]
        message[entities] = whole or _entities(said) or None
    quote = message.get("quote")
    if not isinstance(quote, dict) or not isinstance(quote.get("text"), str):
        message.pop("quote", None)
    replied = message.get("reply_to_message")
    if isinstance(replied, dict):
        usable = not inner and isinstance(replied.get("chat", chat), dict) and "message_id" in replied
        message["reply_to_message"] = _message({"chat": chat, **replied}, inner=True) if usable else None
    return message


def _callback(query: dict[str, Any]) -> dict[str, Any]:
    query |= {"id": _query_id(query), "from": _person(query["from"])}
    query.setdefault("chat_instance", "")
    _keep_texts(query, "data")
    if isinstance(query.get("message"), dict):
        query["message"] = _message(dict(query["message"]), inner=True)
    return query


def _inline(query: dict[str, Any]) -> dict[str, Any]:
    query |= {"id": _query_id(query), "from": _person(query["from"])}
    _keep_texts(query, "query", "offset")
    return {"query": "", "offset": "", **query}


def _keep_texts(owner: dict[str, Any], *names: str) -> None:
    """Takes out what should be a text and is none."""
    for name in names:
        if not isinstance(owner.get(name), str):
            owner.pop(name, None)


def _query_id(query: dict[str, Any]) -> str:
    if not isinstance(query["id"], (str, int)):
        raise ValueError("not an id")
    return str(query["id"])


def _person(person: dict[str, Any]) -> dict[str, Any]:
    _check_id(person)
    return {"is_bot": False, "first_name": "", **person}


def _check_id(owner: dict[str, Any]) -> None:
    if not _is_number(owner.get("id")) or not owner["id"]:
        raise ValueError("not an id")


def _is_number(value: Any, most: int = MOST_ID) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -most <= value <= most


def _entities(text: str) -> list[dict[str, Any]]:
    """The command that a text begins with, or the mentions in it."""
    command = _COMMAND.match(text)
    found = [("bot_command", command)] if command else [("mention", one) for one in _MENTION.finditer(text)]
    return [{"type": kind, "offset": units(text[: one.start()]), "length": units(one[0])} for kind, one in found]


def _can_be_cut_out(entity: Any, text: str) -> bool:
    """Whether an entity marks something in a text; one that is not counted in UTF-16 may cut a character in two."""
    if not isinstance(entity, dict) or not all(_is_number(entity.get(name)) for name in ("offset", "length")):
        return False
    start, end = entity["offset"], entity["offset"] + entity["length"]
    try:
        return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le") != ""
    except UnicodeDecodeError:
        return False


def _number(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)  # which is no id, and quickly read


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return value
