"""Where updates come from: the bot asks for them (long polling), or Telegram calls (webhook)."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections.abc import AsyncIterator

from telegram import Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.telegram import reading
from bot.telegram.connection import SeedBot, seconds_of
from bot.telegram.inbox import Inbox
from bot.telegram.sending import persist
from bot.telegram.service import Service
from retrieval.errors import SeedbotError

UPDATES = ["message", "callback_query", "inline_query"]
RIVAL = "Another program is already receiving this bot's messages: stop it, or make a bot of its own."
HOOKED = (
    "A webhook was set for this bot elsewhere, which receives its messages now: keep this one stopped, or end that one."
)
REVOKED = "Telegram no longer accepts this token: get the new one from @BotFather."
DEAF = "The bot no longer receives messages, which should not happen: the log says why."
LATER = "Telegram wants to be asked in {seconds:.0f} s: start again then."
UNREACHABLE = "Telegram cannot be reached at {server} ({error}): check the network and try again."

_LONG_POLL_SECONDS = 30
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.3, 15.0
_CONFLICT_SECONDS, _CONFLICT_SECONDS_AT_START, _CONFLICT_PAUSE_SECONDS = 30.0, 8.0, 1.0
_NO_CONFLICT_SECONDS = 60.0  # without one, after which the next counts as the first
_WRONG_TOKEN_SECONDS = 600.0
_CONFIRM_SECONDS = 5.0
_SET_UP_SECONDS = 5.0
_WEBHOOK_PATH = "/telegram"
_LONGEST_BODY = 10_000_000

log = logging.getLogger(__name__)


class Poller:
    """Asks for updates as long as the bot runs: nothing that a server answers ends that, only the token or a rival."""

    def __init__(self, bot: SeedBot, inbox: Inbox, service: Service) -> None:
        self._bot, self._inbox, self._service = bot, inbox, service
        self._offset: int | None = None  # None asks for everything unconfirmed, also of a server that counts anew
        self._confirmed = 0
        self._heard = False
        self._conflicts = self._last_conflict = self._wrong_token_since = -1e9

    async def run(self) -> None:
        """Never returns. What was fetched is confirmed by the next call, after it is on the disk."""
        clock, wait = asyncio.get_running_loop().time, _FIRST_WAIT_SECONDS
        while True:
            started = clock()
            try:
                fetched = await self._bot.get_updates(
                    offset=self._offset, timeout=_LONG_POLL_SECONDS, allowed_updates=UPDATES
                )
                for update in fetched:
                    await self._inbox.put(update)
                if fetched:
                    self._service.state.flush()
            except Exception as error:  # noqa: BLE001 - whatever it is, the bot must not go deaf
                self._offset = None
                await asyncio.sleep(await self._pause_after(error, wait))
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
                continue
            wait, self._heard = _FIRST_WAIT_SECONDS, True
            self._service.heard()
            before = self._offset
            self._offset = max((update.update_id + 1 for update in fetched), default=before)
            self._confirmed = self._offset or 0
            if self._offset == before and clock() - started < _FIRST_WAIT_SECONDS:
                await asyncio.sleep(_FIRST_WAIT_SECONDS)  # a server that does not wait for news itself

    async def confirm(self) -> int:
        """Tells Telegram what was fetched, so that it is not sent again; returns the first number that was not."""
        if self._confirmed:
            with contextlib.suppress(TelegramError, TimeoutError):
                call = self._bot.get_updates(offset=self._confirmed, timeout=0, allowed_updates=UPDATES)
                await asyncio.wait_for(call, _CONFIRM_SECONDS)
                return self._confirmed
        return 0

    async def _pause_after(self, error: Exception, wait: float) -> float:
        """Seconds until the next try."""
        log.warning("waiting for Telegram", extra={"error": type(error).__name__}, exc_info=_unknown(error))
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        if isinstance(error, Conflict):
            await self._conflict(error)
            return _CONFLICT_PAUSE_SECONDS
        if isinstance(error, InvalidToken):
            await self._token_refused()
        else:
            self._wrong_token_since = -1e9
        return wait

    async def _conflict(self, error: Conflict) -> None:
        hooked = "webhook" in str(error).lower()
        if hooked and not self._heard:  # later, it is that of a rival
            await delete_webhook(self._bot)
        now = asyncio.get_running_loop().time()
        if now - self._last_conflict > _NO_CONFLICT_SECONDS:
            self._conflicts = now
        self._last_conflict = now
        if now - self._conflicts >= (_CONFLICT_SECONDS if self._heard else _CONFLICT_SECONDS_AT_START):
            self._service.fail(HOOKED if hooked else RIVAL)

    async def _token_refused(self) -> None:
        """Ends the bot where every call is refused for ten minutes; a single 401 or 404 is a hiccup."""
        now = asyncio.get_running_loop().time()
        if self._wrong_token_since < 0:
            self._wrong_token_since = now
        if now - self._wrong_token_since < _WRONG_TOKEN_SECONDS:
            return
        try:
            await self._bot.get_me()
        except InvalidToken:
            self._service.fail(REVOKED)
        except TelegramError:
            return


@contextlib.asynccontextmanager
async def polling(bot: SeedBot, inbox: Inbox, service: Service) -> AsyncIterator[None]:
    """Asks for updates as long as the block runs."""
    await delete_webhook(bot)
    poller = Poller(bot, inbox, service)
    service.heard()
    task = asyncio.create_task(poller.run())
    task.add_done_callback(lambda ended: None if ended.cancelled() else service.fail(DEAF))
    try:
        yield
    finally:
        task.cancel()
        service.state.forget_updates(await poller.confirm())


@contextlib.asynccontextmanager
async def webhook(bot: SeedBot, inbox: Inbox, service: Service, secret: str) -> AsyncIterator[None]:
    """Takes updates that Telegram delivers as long as the block runs. Raises SeedbotError where it cannot listen."""
    from tornado.web import Application, RequestHandler

    class Hook(RequestHandler):
        async def post(self) -> None:
            given = self.request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                log.warning("refused: not from Telegram, which sends the secret along")
                self.set_status(403)
                return
            update = _delivered(self.request.body)
            if update is None:
                self.set_status(400)
                return
            await inbox.put(Update.de_json(update, bot))
            service.state.flush()

    settings = service.settings.telegram
    where = f"{settings.webhook_listen}:{settings.webhook_port}"
    try:
        server = Application([(f"(?:{_WEBHOOK_PATH})?/?", Hook)], log_function=lambda _: None).listen(
            settings.webhook_port, settings.webhook_listen, max_body_size=_LONGEST_BODY
        )
    except OSError as error:
        raise SeedbotError(f"The webhook cannot listen at {where} ({error.strerror}): choose another port.") from error
    try:
        await _set_webhook(bot, service, secret)
        yield
    finally:
        server.stop()


async def delete_webhook(bot: SeedBot) -> None:
    """Makes sure that updates may be asked for; a server without webhooks has none to delete."""
    with contextlib.suppress(TelegramError):
        found = await bot.get_webhook_info()
        if found.url:
            log.warning("takes the messages from a webhook, which receives none any more", extra={"webhook": found.url})
    try:
        await persist(bot.delete_webhook, _SET_UP_SECONDS)
    except TelegramError as error:
        log.warning("no webhook deleted", extra={"error": type(error).__name__})


async def _set_webhook(bot: SeedBot, service: Service, secret: str) -> None:
    url = service.settings.telegram.webhook.rstrip("/").removesuffix(_WEBHOOK_PATH) + _WEBHOOK_PATH
    try:
        await persist(lambda: bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES), _SET_UP_SECONDS)
    except InvalidToken as error:
        log.warning("no webhook set: the server has none", extra={"error": str(error)})
    except (BadRequest, Forbidden) as error:
        raise SeedbotError(f"Telegram does not take the webhook {url} ({error}): see docs/telegram.md.") from error
    except RetryAfter as error:
        raise SeedbotError(LATER.format(seconds=seconds_of(error))) from error
    except TelegramError as error:
        server = service.settings.telegram.method_url.removesuffix("/bot")
        raise SeedbotError(UNREACHABLE.format(server=server, error=type(error).__name__)) from error


def _delivered(body: bytes) -> dict[str, object] | None:
    """The update in a body that Telegram sent; None where there is none."""
    try:
        return reading.readable(reading.parsed(body))
    except RecursionError:
        return next(iter(reading.salvaged(body)), None)
    except ValueError:
        return None


def _unknown(error: Exception) -> Exception | None:
    return None if isinstance(error, TelegramError) else error
