"""Text with Telegram's message entities: built without markup, measured in UTF-16 units, split where nothing breaks.

Telegram counts offsets and lengths in UTF-16 code units: https://core.telegram.org/api/entities
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import regex
from telegram import MessageEntity

from bot.display import by_number, visible

LIMIT = 4096  # UTF-16 units of one message

_CLUSTER = regex.compile(r"\X")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_RINGED = re.compile(r"\w\u030a")
_BREAKS = dict.fromkeys((0x2028, 0x2029), "\n")  # Telegram would take them out
_TAKEN_OUT = by_number((0x30A, 0x333, 0x33F))  # by Telegram, unsaid: `clean_input_string` in td/telegram/misc.cpp


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and its entities, as one message."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


@dataclass(slots=True)
class Builder:
    """Appends pieces of text, each with its style; styles of enclosing ranges are added with `style`."""

    _parts: list[str] = field(default_factory=list)
    _entities: list[MessageEntity] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, *styles: str) -> Builder:
        """Appends `text` in some styles (`MessageEntity.BOLD`, …)."""
        start, text = self.length, sendable(text)
        self._parts.append(text)
        self.length += units(text)
        for style in styles:
            self.style(style, start)
        return self

    def style(self, style: str, start: int) -> None:
        """Styles everything from `start`, in UTF-16 units, to the end so far."""
        if self.length > start:
            self._entities.append(MessageEntity(style, start, self.length - start))

    def formatted(self) -> Formatted:
        """All of it; enclosing entities come before those inside them."""
        ordered = sorted(self._entities, key=lambda entity: (entity.offset, -entity.length))
        return Formatted("".join(self._parts), tuple(ordered))


def sendable(text: str) -> str:
    """`text` as Telegram shows it: what it would take out is written as one character, as a line break, or named."""
    shown = visible(without_surrogates(text).translate(_BREAKS))
    return _RINGED.sub(lambda found: unicodedata.normalize("NFC", found[0]), shown).translate(_TAKEN_OUT)


def without_surrogates(text: str) -> str:
    """`text` with each half of a surrogate pair, which cannot be encoded, as the replacement character."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(message: Formatted, limit: int = LIMIT) -> list[Formatted]:
    """The message in parts of at most `limit` units: between lines or words where it can be, never inside a character.

    A character of more units than that, made of thousands of code points, is cut between them. An entity that reaches
    over a cut goes on in the next part.
    """
    if units(message.text) <= limit:
        return [_trimmed(message)]
    parts, before = [], 0
    for piece in _pieces(message.text, limit):
        size = units(piece)
        parts.append(Formatted(piece, tuple(_within(message.entities, before, before + size))))
        before += size
    return [trimmed for part in parts if (trimmed := _trimmed(part)).text]


def shortened(text: str, most: int) -> str:
    """At most `most` UTF-16 units of `text`, with an ellipsis where something was cut off."""
    if units(text) <= most:
        return text
    kept, size = [], 1
    for match in _CLUSTER.finditer(text):
        size += units(match[0])
        if size > most:
            break
        kept.append(match[0])
    return "".join(kept).rstrip() + "…"


def _pieces(text: str, limit: int) -> Iterator[str]:
    start = end = size = 0
    good = 0  # the last place in this piece after white space
    for cluster in _clusters(text, limit):
        wide = units(cluster)
        while size + wide > limit:
            cut = good if good > start + (end - start) // 2 else end
            yield text[start:cut]
            size = units(text[cut:end])
            start = good = cut
        end += len(cluster)
        size += wide
        if cluster.isspace():
            good = end
    if start < end:
        yield text[start:end]


def _clusters(text: str, limit: int) -> Iterator[str]:
    """The characters of `text` as people see them; single code points where one has more than `limit` units."""
    for match in _CLUSTER.finditer(text):
        if units(match[0]) > limit:
            yield from match[0]
        else:
            yield match[0]


def _within(entities: tuple[MessageEntity, ...], start: int, end: int) -> Iterator[MessageEntity]:
    for entity in entities:
        first, last = max(entity.offset, start), min(entity.offset + entity.length, end)
        if first < last:
            yield MessageEntity(entity.type, first - start, last - first)


def _trimmed(part: Formatted) -> Formatted:
    """Without white space around it, which Telegram would take away and so shift every entity."""
    text = part.text.rstrip()
    lead = units(text) - units(text.lstrip())
    text = text.lstrip()
    end = lead + units(text)
    return Formatted(text, tuple(_within(part.entities, lead, end)))
