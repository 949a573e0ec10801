"""An answer as Telegram shows it: quote, citation, sources, verdict, and the buttons that belong to it."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    MessageEntity,
)

from bot import messages
from bot.filters import describe
from bot.messages import visible
from bot.telegram.formatting import Builder, Formatted, shortened, split
from bot.telegram.kept import KeptAnswer
from retrieval.types import Answer, Citation, Excerpt, Filter, Span

_LONG = 320  # characters from which a quote can be folded
_SOURCES = 8  # listed under an answer


def shown(kept: KeptAnswer, rank: int) -> Formatted:
    """The excerpt of this rank with everything around it."""
    excerpt = kept.excerpts[rank - 1]
    builder = Builder()
    if kept.corrections:
        builder.add(visible(messages.corrected(kept.corrections)) + "\n", MessageEntity.ITALIC)
    if excerpt.part:
        builder.add(visible(excerpt.part) + "\n", MessageEntity.ITALIC)
    quote(builder, excerpt.text, excerpt.highlights, excerpt.answer)
    builder.add("\n")
    _cite(builder, excerpt.citation, excerpt.text)
    also = messages.also_in(excerpt.also_in)
    if also:
        builder.add("\n" + visible(also))
    others = [one for one in kept.excerpts if one.rank != rank][:_SOURCES]
    if others:
        builder.add("\n\nOther sources\n", MessageEntity.BOLD)
        builder.add("\n".join(f"{one.rank}. {_source(one)}" for one in others))
    rest = messages.unanswered(kept.answer())
    if rest:
        builder.add("\n\n" + visible(rest))
    builder.add("\n\n")
    builder.add(verdict(kept), MessageEntity.ITALIC)
    return builder.formatted()


def verdict(kept: KeptAnswer) -> str:
    """What to think of the answer, in words."""
    if kept.found:
        return messages.verdict(kept.answer())
    return "The nearest passage; it may not answer the question."


def refused(answer: Answer, where: Filter | None = None) -> Formatted:
    """The honest no, which says when only some documents were asked."""
    builder = Builder().add(messages.NOT_FOUND, MessageEntity.BOLD)
    notes = [messages.corrected(answer.corrections), messages.missing(answer), messages.unanswered(answer)]
    if where:
        notes.append(f"Only these documents were asked: {describe(where)}. /filter off asks all.")
    for note in notes:
        if note:
            builder.add("\n" + visible(note))
    return builder.formatted()


def buttons(kept: KeptAnswer, rank: int) -> InlineKeyboardMarkup:
    """The buttons under the excerpt of this rank; they name the answer, so they never show another one's."""
    number = kept.id
    rows = [
        [
            InlineKeyboardButton("More context", callback_data=f"m:{number}:{rank}"),
            InlineKeyboardButton("Verify quote", callback_data=f"v:{number}:{rank}"),
            InlineKeyboardButton("Get file", callback_data=f"f:{number}:{rank}"),
        ]
    ]
    total = len(kept.excerpts)
    if total > 1:
        following = rank % total + 1
        rows.append(
            [InlineKeyboardButton(f"Next source ({following} of {total})", callback_data=f"n:{number}:{following}")]
        )
    rows.append(
        [
            InlineKeyboardButton("👍", callback_data=f"g:{number}:{rank}"),
            InlineKeyboardButton("👎", callback_data=f"b:{number}:{rank}"),
        ]
    )
    return InlineKeyboardMarkup(rows)


def nearest_button(kept: KeptAnswer) -> InlineKeyboardMarkup | None:
    """The button under an honest no."""
    if not kept.excerpts:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Show the nearest passages", callback_data=f"n:{kept.id}:1")],
            [InlineKeyboardButton("👎", callback_data=f"b:{kept.id}:1")],
        ]
    )


def context(excerpt: Excerpt, wider: Excerpt) -> Formatted:
    """A wider slice with the quote in it marked."""
    start = excerpt.citation.start - wider.citation.start
    builder = Builder()
    quote(builder, wider.text, (Span(start, start + len(excerpt.text)),))
    builder.add("\n")
    _cite(builder, wider.citation, wider.text)
    return builder.formatted()


def inline_results(answer: Answer) -> list[InlineQueryResultArticle]:
    """Excerpts to choose from, in any chat."""
    results = []
    for excerpt in answer.excerpts if answer.found else ():
        builder = Builder()
        quote(builder, excerpt.text, excerpt.highlights, excerpt.answer)
        builder.add("\n")
        _cite(builder, excerpt.citation, excerpt.text)
        part = split(builder.formatted())[0]
        results.append(
            InlineQueryResultArticle(
                str(excerpt.rank),
                shortened(visible(excerpt.citation.title), 100),
                InputTextMessageContent(part.text, entities=part.entities),
                description=shortened(" ".join(visible(excerpt.text).split()), 200),
            )
        )
    return results


def quote(builder: Builder, text: str, highlights: Sequence[Span], answer: Span | None = None) -> None:
    """`text` as a block quote, folded when it is long: its highlights bold, the words that answer underlined too."""
    start, at = builder.length, 0
    for span, is_answer in messages.pieces(len(text), highlights, answer):
        styles = (MessageEntity.BOLD, MessageEntity.UNDERLINE) if is_answer else (MessageEntity.BOLD,)
        builder.add(visible(text[at : span.start])).add(visible(span.of(text)), *styles)
        at = span.end
    builder.add(visible(text[at:]))
    builder.style(MessageEntity.EXPANDABLE_BLOCKQUOTE if len(text) > _LONG else MessageEntity.BLOCKQUOTE, start)


def _cite(builder: Builder, citation: Citation, text: str) -> None:
    builder.add("📄 ").add(visible(shortened(citation.title, 200)), MessageEntity.BOLD)
    last = citation.line + text.rstrip("\n").count("\n")
    lines = f"line {citation.line}" if last == citation.line else f"lines {citation.line}–{last}"
    page = f"page {citation.page}" if citation.page else ""
    headings = shortened(" › ".join(citation.headings), 200)
    parts = [part for part in (citation.date, page, headings, citation.document, lines) if part]
    builder.add("\n" + visible(" · ".join(parts)))


def _source(excerpt: Excerpt) -> str:
    place = excerpt.citation
    page = f", page {place.page}" if place.page else f", line {place.line}"
    return visible(shortened(place.title, 80) + page)
