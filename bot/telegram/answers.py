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
from bot.display import in_line, pieces
from bot.filters import describe
from bot.telegram.formatting import Builder, Formatted, sendable, shortened, split
from bot.telegram.kept import KeptAnswer
from retrieval.types import Answer, Citation, Excerpt, Filter, Span

_LONG = 320  # characters from which a quote can be folded
_SOURCES = 8  # listed under an answer


def shown(answer: Answer, rank: int, where: Filter | None = None) -> Formatted:
    """The excerpt of this rank with everything around it; under the first, what answers the message's other parts.

    It says when only some documents were asked.
    """
    excerpt = answer.excerpts[rank - 1]
    told = [excerpt, *(_of_other_parts(answer) if rank == 1 else ())]
    builder = Builder()
    _say_of_words(builder, answer)
    for number, one in enumerate(told):
        builder.add("\n\n" if number else "")
        _tell(builder, one)
        if len(told) > 1:
            builder.add("\n").add(verdict(answer, one.rank), MessageEntity.ITALIC)
    others = [one for one in answer.excerpts if one not in told][:_SOURCES]
    if others:
        builder.add("\n\n").add("Other sources", MessageEntity.BOLD).add("\n")
        builder.add("\n".join(f"{one.rank}. {_source(one)}" for one in others))
    rest = messages.unanswered(answer)
    if rest:
        builder.add("\n\n" + rest)
    if len(told) == 1:
        builder.add("\n\n").add(verdict(answer, rank), MessageEntity.ITALIC)
    _say_of_filter(builder, where)
    return builder.formatted()


def verdict(answer: Answer, rank: int) -> str:
    """What to think of an excerpt, in words. A confidence is that of the first for its question, and of no other."""
    excerpt = answer.excerpts[rank - 1]
    if not answer.found or excerpt.part in answer.unanswered:
        return "The nearest passage; it may not answer the question."
    if excerpt.confidence is not None:
        return messages.answered(excerpt.confidence)
    if rank == 1:
        return messages.verdict(answer)
    best = next(one for one in answer.excerpts if one.part == excerpt.part)
    if best is excerpt:  # in an answer of an earlier version, which kept one confidence
        return "The likeliest answer to this part."
    return f"Source {rank} of {len(answer.excerpts)}; source {best.rank} is likelier to answer."


def refused(answer: Answer, where: Filter | None = None) -> Formatted:
    """The honest no, which says when only some documents were asked."""
    builder = Builder().add(messages.NOT_FOUND, MessageEntity.BOLD)
    notes = [messages.corrected(answer.corrections), messages.missing(answer), messages.unanswered(answer)]
    for note in notes:
        if note:
            builder.add("\n" + note)
    _say_of_filter(builder, where)
    return builder.formatted()


def buttons(kept: KeptAnswer, rank: int, message: Formatted) -> InlineKeyboardMarkup:
    """The buttons under a message with the excerpt of this rank; they name the answer, so they never show another's."""
    number = kept.id
    rows = [
        [
            InlineKeyboardButton("More context", callback_data=f"m:{number}:{rank}"),
            InlineKeyboardButton("Verify quote", callback_data=f"v:{number}:{rank}"),
            InlineKeyboardButton("Get file", callback_data=f"f:{number}:{rank}"),
        ]
    ]
    total = len(kept.answer.excerpts)
    if total > 1:
        following = rank % total + 1
        label, data = f"Next source ({following} of {total})", _showing(kept, following, message)
        rows.append([InlineKeyboardButton(label, callback_data=data)])
    rows.append(
        [
            InlineKeyboardButton("👍", callback_data=f"g:{number}:{rank}"),
            InlineKeyboardButton("👎", callback_data=f"b:{number}:{rank}"),
        ]
    )
    return InlineKeyboardMarkup(rows)


def nearest_button(kept: KeptAnswer, message: Formatted) -> InlineKeyboardMarkup | None:
    """The buttons under an honest no."""
    if not kept.answer.excerpts:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Show the nearest passages", callback_data=_showing(kept, 1, message))],
            [InlineKeyboardButton("👎", callback_data=f"b:{kept.id}:1")],
        ]
    )


def _showing(kept: KeptAnswer, rank: int, message: Formatted) -> str:
    """What a button holds that shows the excerpt of this rank: also of how many parts the message above it is."""
    return f"n:{kept.id}:{rank}:{len(split(message))}"


def context(excerpt: Excerpt, wider: Excerpt, note: str = "") -> Formatted:
    """A wider slice with the quote in it marked, and a note on it."""
    start = excerpt.citation.start - wider.citation.start
    builder = Builder()
    quote(builder, wider.text, (Span(start, start + len(excerpt.text)),))
    builder.add("\n")
    _cite(builder, wider.citation, wider.text)
    if note:
        builder.add("\n\n").add(note, MessageEntity.ITALIC)
    return builder.formatted()


def inline_results(answer: Answer) -> list[InlineQueryResultArticle]:
    """Excerpts to choose from, in any chat."""
    results = []
    for excerpt in answer.excerpts if answer.found else ():
        if excerpt.part in answer.unanswered:
            continue
        builder = Builder()
        _say_of_words(builder, answer)
        _tell(builder, excerpt)
        builder.add("\n\n").add(verdict(answer, excerpt.rank), MessageEntity.ITALIC)
        part = split(builder.formatted())[0]
        sentences = " ".join(span.of(excerpt.text) for span in excerpt.highlights) or excerpt.text
        results.append(
            InlineQueryResultArticle(
                str(excerpt.rank),
                shortened(sendable(in_line(excerpt.citation.title)), 100),
                InputTextMessageContent(part.text, entities=part.entities),
                description=shortened(" ".join(sendable(sentences).split()), 200),
            )
        )
    return results


def quote(builder: Builder, text: str, highlights: Sequence[Span], answer: Span | None = None) -> None:
    """`text` as a block quote, folded when it is long: its highlights bold, the words that answer underlined too."""
    start, at, bold = builder.length, 0, None
    for span, is_answer in pieces(len(text), highlights, answer):
        if bold is None or span.start > at:
            if bold is not None:
                builder.style(MessageEntity.BOLD, bold)
            builder.add(text[at : span.start])
            bold = builder.length
        builder.add(span.of(text), *((MessageEntity.UNDERLINE,) if is_answer else ()))
        at = span.end
    if bold is not None:
        builder.style(MessageEntity.BOLD, bold)
    builder.add(text[at:])
    builder.style(MessageEntity.EXPANDABLE_BLOCKQUOTE if len(text) > _LONG else MessageEntity.BLOCKQUOTE, start)


def _of_other_parts(answer: Answer) -> list[Excerpt]:
    """Of an answer to several questions, the best excerpt for each that the first one does not answer."""
    best: dict[str | None, Excerpt] = {}
    for excerpt in answer.excerpts if answer.found else ():
        if excerpt.part not in answer.unanswered:
            best.setdefault(excerpt.part, excerpt)
    return list(best.values())[1:]


def _say_of_words(builder: Builder, answer: Answer) -> None:
    """Which words of the question were read as others, and which stand nowhere."""
    for note in (messages.corrected(answer.corrections), messages.missing(answer)):
        if note:
            builder.add(note, MessageEntity.ITALIC).add("\n")


def _say_of_filter(builder: Builder, where: Filter | None) -> None:
    """Which documents alone were asked, and how all are."""
    if where:
        builder.add("\nOnly these documents were asked: ").add(in_line(describe(where)), MessageEntity.CODE)
        builder.add(". /filter off asks all.")


def _tell(builder: Builder, excerpt: Excerpt) -> None:
    """An excerpt under the part of the question that it answers, where it stands, and what else says the same."""
    if excerpt.part:
        builder.add(excerpt.part, MessageEntity.ITALIC).add("\n")
    quote(builder, excerpt.text, excerpt.highlights, excerpt.answer)
    builder.add("\n")
    _cite(builder, excerpt.citation, excerpt.text)
    for number, one in enumerate(excerpt.also_in):
        builder.add(", " if number else "\nalso in ").add(in_line(messages.file_and_line(one)), MessageEntity.CODE)


def _cite(builder: Builder, citation: Citation, text: str) -> None:
    """Where a text stands. The path is code, because Telegram makes a link of whatever ends like a domain (`a.md`)."""
    builder.add("📄 ").add(in_line(shortened(citation.title, 200)), MessageEntity.BOLD).add("\n")
    last = citation.line + text.rstrip("\n").count("\n")
    lines = f"line {citation.line}" if last == citation.line else f"lines {citation.line}–{last}"
    page = f"page {citation.page}" if citation.page else ""
    headings = in_line(shortened(" › ".join(citation.headings), 200))
    builder.add("".join(f"{part} · " for part in (citation.date, page, headings) if part))
    builder.add(in_line(citation.document), MessageEntity.CODE).add(f" · {lines}")


def _source(excerpt: Excerpt) -> str:
    place = excerpt.citation
    heading = f" › {shortened(place.headings[-1], 60)}" if place.headings else ""
    page = f", page {place.page}" if place.page else ""
    return in_line(f"{shortened(place.title, 80)}{heading}{page}, line {place.line}")
