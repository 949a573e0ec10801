"""Text with Telegram's message entities: built without markup, measured in UTF-16 units, split where nothing breaks.

Telegram counts offsets and lengths in UTF-16 code units: https://core.telegram.org/api/entities
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex
from telegram import MessageEntity

LIMIT = 4096  # UTF-16 units of one message

_CLUSTER = regex.compile(r"\X")


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
        start = self.length
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


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(message: Formatted, limit: int = LIMIT) -> list[Formatted]:
    """The message in parts of at most `limit` units: between lines or words where it can be, never inside a character.

    An entity that reaches over a cut goes on in the next part.
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
    for match in _CLUSTER.finditer(text):
        cluster, wide = match[0], units(match[0])
        if size + wide > limit:
            cut = good if good > start + (end - start) // 2 else end
            if cut == start:  # a single character of more than `limit` units
                cut = end = match.end()
            yield text[start:cut]
            size = units(text[cut:end])
            start = good = cut
        if match.end() <= start:
            continue
        end = match.end()
        size += wide
        if cluster.isspace():
            good = end
    if start < end:
        yield text[start:end]


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
