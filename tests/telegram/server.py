"""A Bot API server on loopback: it speaks the protocol, refuses what Telegram refuses, and fails on demand.

Methods, limits and error texts follow https://core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import parse_multipart_form_data
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

TOKEN = "424242:a-token-that-nobody-may-see"
BOT = {"id": 424242, "is_bot": True, "first_name": "Seedbot", "username": "seed_test_bot",
       "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}  # fmt: skip

_ENTITY_TYPES = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
}  # fmt: skip


class Refused(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Fault:
    """What happens instead of an answer, so many times, to calls of one method (or of any), for one chat (or any).

    `kind` is an HTTP status such as "404", "ok-false" for a refusal with HTTP status 200 (and `retry_after`), "drop"
    for a closed connection, "timeout", or "lost" where the call is done but its answer dropped.
    """

    kind: str
    times: int = 1
    method: str = ""
    retry_after: int = 1
    chat: int | None = None


@dataclass
class FakeTelegram:
    """The server and what it knows: updates to deliver, messages that were sent, calls that were made."""

    base: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    pressed: dict[str, dict[str, Any]] = field(default_factory=dict)
    inline: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    migrated: dict[int, int] = field(default_factory=dict)
    unknown_entities: set[str] = field(default_factory=set)
    webhook: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    conflict: bool = False
    polls: int = 0
    reshaped: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """What a server that leaves things out makes of the result of a method."""

    def __post_init__(self) -> None:
        self._updates: deque[dict[str, Any]] = deque()
        self._numbers = itertools.count(1000)
        self._messages: dict[tuple[int, int], dict[str, Any]] = {}
        self._next_message: dict[int, int] = defaultdict(lambda: 0)
        self._open_queries: dict[str, float] = {}
        self._news = asyncio.Event()
        self._server: HTTPServer | None = None

    # What people do.

    def text(self, text: str, *, chat: int = 1, user: int | None = None, group: bool = False, **more: Any) -> int:
        """A person writes; returns the message's number."""
        sender = user if user is not None else abs(chat)
        kind = "supergroup" if group else "private"
        message = self._new_message(chat, kind, text=text, **more)
        message["from"] = {"id": sender, "is_bot": False, "first_name": f"Person {sender}"}
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        mention = f"@{BOT['username']}"
        if f" {mention}" in f" {text}":
            found = {"type": "mention", "offset": text.index(mention), "length": len(mention)}
            message["entities"] = [*message.get("entities", ()), found]
        self.update(message=message)
        return int(message["message_id"])

    def document(self, name: str, data: bytes, *, chat: int = 1, size: int | None = None, **more: Any) -> None:
        """A person sends a file."""
        identity = f"file-{len(self.files)}"
        self.files[identity] = data
        described = {"file_id": identity, "file_unique_id": identity, "file_name": name, "file_size": size or len(data)}
        message = self._new_message(chat, "private", document=described, **more)
        message["from"] = {"id": chat, "is_bot": False, "first_name": f"Person {chat}"}
        self.update(message=message)

    def press(self, message: dict[str, Any], label: str, *, user: int | None = None) -> str:
        """A person presses the button with this label (or its beginning); returns the number of the press."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"].startswith(label))
        return self.press_data(message, data, user=user)

    def press_data(self, message: dict[str, Any], data: str, *, user: int | None = None) -> str:
        """A person, or a forger, presses a button with this data."""
        number = str(next(self._numbers))
        self._open_queries[number] = time.monotonic()
        chat = message["chat"]["id"]
        sender = {"id": user if user is not None else abs(chat), "is_bot": False, "first_name": "Person"}
        query = {"id": number, "from": sender, "chat_instance": "1", "message": message, "data": data}
        self.update(callback_query=query)
        return number

    def ask_inline(self, text: str, *, user: int = 1, **more: Any) -> str:
        """A person types `@bot text`; returns the number of the query."""
        number = str(next(self._numbers))
        self._open_queries[number] = time.monotonic()
        sender = {"id": user, "is_bot": False, "first_name": "Person"}
        self.update(inline_query={"id": number, "from": sender, "query": text, "offset": "", **more})
        return number

    def update(self, **body: Any) -> dict[str, Any]:
        """Queues an update of any kind."""
        made = {"update_id": next(self._numbers), **body}
        self.deliver([made])
        return made

    def forget(self) -> None:
        """What a server knows after it was started anew: nothing, and it counts from 1."""
        self._updates = deque()  # calls that wait for the old one end in vain
        self._numbers = itertools.count(1)
        self._news.set()

    def deliver(self, updates: Iterable[dict[str, Any]]) -> None:
        """Queues updates as they are, duplicates and garbage included."""
        self._updates.extend(updates)
        self._news.set()

    # What a test waits for.

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Waits until something is so, and fails where it does not become so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; sent: {[m.get('text') for m in self.sent[-5:]]}"
            await asyncio.sleep(0.01)

    async def reply(self, count: int = 1, chat: int | None = None) -> dict[str, Any]:
        """The `count`-th message that the bot sent, to this chat or to any."""

        def found() -> list[dict[str, Any]]:
            return [m for m in self.sent if chat is None or m["chat"]["id"] == chat]

        await self.until(lambda: len(found()) >= count)
        return found()[count - 1]

    async def outcome(self, count: int = 1, chat: int | None = None) -> dict[str, Any]:
        """The same message, once it no longer says what is being done but what came of it."""
        message = await self.reply(count, chat)
        await self.until(lambda: not message["text"].endswith(" …"))
        return message

    # The server.

    async def start(self) -> None:
        """Listens on a free port of loopback."""
        telegram = self

        class Method(RequestHandler):
            async def handle(self, token: str, method: str) -> None:
                try:
                    await telegram._serve(self, token, method)
                except StreamClosedError:
                    return

            get = post = handle

        class File(RequestHandler):
            def get(self, token: str, path: str) -> None:
                data = telegram.files.get(path) if token == TOKEN else None
                if data is None:
                    self.set_status(404)
                else:
                    self.write(data)

        routes = [(r"/bot([^/]+)/(\w+)", Method), (r"/file/bot([^/]+)/(.+)", File)]
        self._server = HTTPServer(Application(routes, log_function=lambda _: None), max_buffer_size=200_000_000)
        sockets = bind_sockets(0, "127.0.0.1")
        self._server.add_sockets(sockets)
        self.base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Closes every connection."""
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()

    async def _serve(self, handler: RequestHandler, token: str, method: str) -> None:
        values = _parameters(handler)
        self.polls += method == "getUpdates"
        fault = self._fault(method, values)
        if fault is not None and fault.kind == "drop":
            handler.request.connection.stream.close()  # type: ignore[union-attr]
            return
        if fault is not None and fault.kind == "timeout":
            await asyncio.sleep(8)
        if fault is not None and fault.kind in ("500", "502"):
            handler.set_status(int(fault.kind))
            handler.write("<html>not json</html>" if fault.kind == "502" else '{"ok":false,"error_code":500}')
            return
        try:
            if token != TOKEN:
                raise Refused(401, "Unauthorized")
            if fault is not None and fault.kind in ("429", "ok-false"):
                raise Refused(429, f"Too Many Requests: retry after {fault.retry_after}", retry_after=fault.retry_after)
            if fault is not None and fault.kind.isdecimal():
                raise Refused(int(fault.kind), f"{fault.kind} for once")
            if method in self.missing:
                raise Refused(404, "Not Found: method not found")
            if method != "getUpdates":
                self.calls.append((method, values))
            result = await getattr(self, f"_{method}", self._unknown)(values)
        except Refused as error:
            self.refused.append(f"{method}: {error.description}")
            handler.set_status(200 if fault is not None and fault.kind == "ok-false" else error.code)
            body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            handler.write(body)
            return
        result = self.reshaped.get(method, lambda given: given)(result)
        if fault is not None and fault.kind == "lost":
            handler.request.connection.stream.close()  # type: ignore[union-attr]
            return
        handler.write({"ok": True, "result": result})

    def _fault(self, method: str, values: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            meant = fault.method == method or (not fault.method and method != "getUpdates")
            if fault.times > 0 and meant and fault.chat in (None, int(values.get("chat_id") or 0)):
                fault.times -= 1
                return fault
        return None

    async def _unknown(self, values: dict[str, Any]) -> Any:
        raise Refused(404, "Not Found: method not found")

    async def _getMe(self, values: dict[str, Any]) -> Any:
        return BOT

    async def _getUpdates(self, values: dict[str, Any]) -> Any:
        if self.conflict:
            raise Refused(409, "Conflict: terminated by other getUpdates request")
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, timeout = int(values.get("offset") or 0), float(values.get("timeout") or 0)
        end, updates = time.monotonic() + timeout, self._updates
        while updates is self._updates:
            while self._updates and offset and self._number(self._updates[0]) < offset:
                self._updates.popleft()
            if self._updates:
                return list(itertools.islice(self._updates, int(values.get("limit") or 100)))
            self._news.clear()
            left = end - time.monotonic()
            if left <= 0:
                return []
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return []
        return []

    @staticmethod
    def _number(update: dict[str, Any]) -> int:
        number = update.get("update_id")
        return number if isinstance(number, int) else 0

    async def _setWebhook(self, values: dict[str, Any]) -> Any:
        self.webhook = values
        return True

    async def _deleteWebhook(self, values: dict[str, Any]) -> Any:
        self.webhook = {}
        return True

    async def _getWebhookInfo(self, values: dict[str, Any]) -> Any:
        return {"url": self.webhook.get("url", "")}

    async def _setMyCommands(self, values: dict[str, Any]) -> Any:
        for command in values["commands"]:
            if not 1 <= len(command["command"]) <= 32 or not 1 <= len(command["description"]) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
        return True

    async def _sendChatAction(self, values: dict[str, Any]) -> Any:
        return True

    async def _sendMessage(self, values: dict[str, Any]) -> Any:
        chat = int(values["chat_id"])
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        _check_text(values)
        _check_keyboard(values)
        reply = values.get("reply_parameters") or {}
        if reply and (chat, reply["message_id"]) not in self._messages and not reply.get("allow_sending_without_reply"):
            raise Refused(400, "Bad Request: message to be replied not found")
        if chat in self.migrated:
            moved = {"migrate_to_chat_id": self.migrated[chat]}
            raise Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", **moved)
        if self.unknown_entities & {entity["type"] for entity in values.get("entities") or []}:
            raise Refused(400, "Bad Request: can't parse entities: unsupported type")
        message = self._new_message(chat, "private" if chat > 0 else "supergroup", text=values["text"].strip())
        message["from"] = {key: BOT[key] for key in ("id", "is_bot", "first_name", "username")}
        for name in ("entities", "reply_markup", "reply_parameters", "message_thread_id"):
            if values.get(name):
                message[name] = values[name]
        self.sent.append(message)
        return message

    async def _editMessageText(self, values: dict[str, Any]) -> Any:
        key = (int(values["chat_id"]), int(values["message_id"]))
        message = self._messages.get(key)
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        _check_text(values)
        _check_keyboard(values)
        changed = {"text": values["text"].strip(), "entities": values.get("entities") or []}
        changed["reply_markup"] = values.get("reply_markup")
        if all((message.get(name) or None) == (value or None) for name, value in changed.items()):
            raise Refused(400, "Bad Request: message is not modified: specified new message content is the same")
        message |= changed
        self.edits.append(dict(message))
        return message

    async def _editMessageReplyMarkup(self, values: dict[str, Any]) -> Any:
        message = self._messages.get((int(values["chat_id"]), int(values["message_id"])))
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        message["reply_markup"] = values.get("reply_markup")
        return message

    async def _answerCallbackQuery(self, values: dict[str, Any]) -> Any:
        number = values.get("callback_query_id", "")
        if number not in self._open_queries or len(values.get("text") or "") > 200:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.pressed[number] = values
        return True

    async def _answerInlineQuery(self, values: dict[str, Any]) -> Any:
        number = values.get("inline_query_id", "")
        if number not in self._open_queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        results = values.get("results") or []
        if len(results) > 50:
            raise Refused(400, "Bad Request: RESULTS_TOO_MUCH")
        for result in results:
            content = result["input_message_content"]
            _check_text({"text": content["message_text"], "entities": content.get("entities")})
        self.inline[number] = values
        return True

    async def _sendDocument(self, values: dict[str, Any]) -> Any:
        chat = int(values["chat_id"])
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        self.documents.append({"chat": chat, **values})
        described = {"file_id": "sent", "file_unique_id": "sent", "file_name": values.get("file_name", "")}
        return self._new_message(chat, "private", document=described)

    async def _getFile(self, values: dict[str, Any]) -> Any:
        identity = values["file_id"]
        if identity not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        if len(self.files[identity]) > 20_000_000:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": identity, "file_unique_id": identity, "file_path": identity}

    def _new_message(self, chat: int, kind: str, **content: Any) -> dict[str, Any]:
        self._next_message[chat] += 1
        number = self._next_message[chat]
        place: dict[str, Any] = {"id": chat, "type": kind}
        place |= {"title": "A group"} if kind != "private" else {"first_name": f"Person {chat}"}
        message = {"message_id": number, "date": int(time.time()), "chat": place, **content}
        self._messages[(chat, number)] = message
        return message


def _parameters(handler: RequestHandler) -> dict[str, Any]:
    """The parameters of a call, however they were sent; values that are JSON are parsed."""
    request = handler.request
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        return dict(json.loads(request.body or b"{}"))
    values: dict[str, Any] = {name: found[-1].decode() for name, found in request.arguments.items()}
    if kind.startswith("multipart/form-data"):
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[Any]] = {}
        parse_multipart_form_data(kind.split("boundary=")[1].encode(), request.body, arguments, files)
        values |= {name: found[-1].decode() for name, found in arguments.items()}
        for found in files.values():
            values["file_name"], values["file_data"] = found[0]["filename"], found[0]["body"]
    return {name: _parsed(value) for name, value in values.items()}


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def units(text: str) -> int:
    """UTF-16 code units, counted the slow way."""
    return len(text.encode("utf-16-le")) // 2


def _check_text(values: dict[str, Any]) -> None:
    text = values.get("text") or ""
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if units(text) > 4096:
        raise Refused(400, "Bad Request: message is too long")
    encoded = text.encode("utf-16-le")
    spans = []
    for entity in values.get("entities") or []:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if entity["type"] not in _ENTITY_TYPES or entity["length"] <= 0 or start < 0 or end > units(text):
            raise Refused(400, "Bad Request: ENTITY_BOUNDS_INVALID")
        encoded[2 * start : 2 * end].decode("utf-16-le")  # raises where it cuts a surrogate pair
        spans.append((start, end))
    for a, b in spans:
        for c, d in spans:
            if a < c < b < d:
                raise Refused(400, "Bad Request: entities overlap")


def _check_keyboard(values: dict[str, Any]) -> None:
    for row in (values.get("reply_markup") or {}).get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button["text"]:
                raise Refused(400, "Bad Request: BUTTON_TEXT_INVALID")
