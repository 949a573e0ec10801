"""Who may use the bot. Closed unless a list, an admin or the setting `public` opens it."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import Any

from bot.settings import TelegramSettings
from bot.telegram.state import State

_WINDOW_SECONDS = 60.0
_ANNOUNCEMENTS, _ANNOUNCEMENTS_SECONDS = 10, 3600.0
_LEAST = {"command": 10, "press": 30, "inline": 30}  # a minute, beside the questions
_REFUSAL_SECONDS = 60.0
_MOST_REMEMBERED = 10_000
_WAITING_SECONDS = 24 * 3600.0  # that Telegram keeps what waits for a bot
_REMARK_SECONDS = 10.0  # in which the next picture or file of a person gets no remark
_ALBUM_SECONDS = 60.0  # in which the rest of an album follows what asks in it


@dataclass(slots=True)
class Access:
    """Decides by the settings' lists and by what /allow and /deny said; the latter weighs more."""

    settings: TelegramSettings
    state: State

    def is_admin(self, user: int) -> bool:
        """Whether a person may build, add, remove, allow and deny."""
        return user in self.settings.admins

    def permits(self, user: int | None, group: int | None = None) -> bool:
        """Whether an update of this person, in this group or in private, is answered.

        A group is answered as a whole, or not at all: what is said there is read by everybody in it. `user` is None
        where somebody writes in the name of the group.
        """
        if user is not None and self.is_admin(user):
            return True
        if user is not None and self.is_denied(user):
            return False
        place = user if group is None else group
        if place is None:
            return False
        said = self.state.allowed(place)
        if said is not None:
            return said
        if self.settings.public:
            return True
        if group is None:
            return user in self.settings.users
        return group in self.settings.groups or self.state.earlier(group) in self.settings.groups

    def is_denied(self, user: int) -> bool:
        """Whether /deny was said of a person, whom then no group helps."""
        return self.state.allowed(user) is False


@dataclass(slots=True)
class Limits:
    """How often a person may ask, and how often somebody is told no. Kept in memory only."""

    questions_per_minute: int
    _asked: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    _told: dict[int, float] = field(default_factory=dict)
    _albums: dict[str, float] = field(default_factory=dict)

    def admits(self, user: int, kind: str = "question", seconds_ago: float = 0.0) -> bool:
        """Counts a question, command, press or inline query of this person; False for one too many in its minute."""
        most = self.questions_per_minute
        if kind in _LEAST:
            most = max(_LEAST[kind], 3 * most)
        return self._counted((kind, user), most, _WINDOW_SECONDS, seconds_ago)

    def may_announce(self) -> bool:
        """Whether admins may be told of one more newcomer in this hour."""
        return self._counted(("newcomer", 0), _ANNOUNCEMENTS, _ANNOUNCEMENTS_SECONDS)

    def may_tell(self, identity: int, seconds: float = _REFUSAL_SECONDS) -> bool:
        """Whether it is time to tell this person or group once more that they cannot be served."""
        now = time.monotonic()
        _forget(self._told)
        if now - self._told.get(identity, -1e9) < seconds:
            return False
        self._told[identity] = now
        return True

    def remember_asked(self, album: str) -> None:
        """Notes that a picture or file of this album asked something."""
        _forget(self._albums)
        self._albums[album] = time.monotonic()

    def may_remark(self, user: int, album: str | None) -> bool:
        """Whether what is no question gets a remark: not soon after another, nor in an album that asked."""
        if album is not None and time.monotonic() - self._albums.get(album, -1e9) < _ALBUM_SECONDS:
            return False
        return self.may_tell(user, _REMARK_SECONDS)

    def _counted(self, key: tuple[str, int], most: int, seconds: float, seconds_ago: float = 0.0) -> bool:
        _forget(self._asked)
        times = self._asked.setdefault(key, [])
        at = time.monotonic() - seconds_ago  # what waited in another chat may be older or newer
        near = [*times[bisect_left(times, at - seconds) : bisect_right(times, at + seconds)], at]
        near.sort()
        if any(last - first <= seconds for first, last in zip(near, near[most:], strict=False)):
            return False
        insort(times, at)
        del times[: bisect_left(times, times[-1] - _WAITING_SECONDS)]
        return True


def _forget(known: dict[Any, Any]) -> None:
    while len(known) > _MOST_REMEMBERED:
        known.pop(next(iter(known)))
