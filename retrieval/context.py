"""What surrounds a quote: whole sentences where some are near, else whole words."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.types import Excerpt, Outline, Span

_LONGEST_WORD = 40  # characters in which the end of a word is looked for; some languages have no spaces


def around(document: Outline, quote: Span, characters: int) -> Span:
    """The quote with `characters` more on either side, within the body of its document."""
    start, end = max(document.body_start, quote.start - characters), min(document.characters, quote.end + characters)
    return Span(min(start, quote.start), max(end, quote.end))


def whole(document: Outline, read: Excerpt, span: Span, quote: Span, sentences: Sequence[Span]) -> Span:
    """`span`, drawn in to sentences, or to white space that is near, but never into `quote`.

    `sentences` are the document's thereabouts; `read` is the text of `span` and a character more on either side.
    """
    words = _whole_words(document, read, span, quote.start, quote.end)
    start = min((one.start for one in sentences if span.start <= one.start < quote.start), default=words.start)
    end = max((one.end for one in sentences if quote.end < one.end <= span.end), default=words.end)
    return Span(start, end)


def _whole_words(document: Outline, read: Excerpt, span: Span, first: int, last: int) -> Span:
    text, offset, start, end = read.text, read.citation.start, span.start, span.end
    if start > document.body_start:
        near = range(start, min(start + _LONGEST_WORD, first))
        start = next((at for at in near if text[at - 1 - offset].isspace()), start)
    if end < document.characters:
        near = range(end, max(end - _LONGEST_WORD, last), -1)
        end = next((at for at in near if text[at - offset].isspace()), end)
    before, after = text[start - offset : first - offset], text[last - offset : end - offset]
    return Span(first - len(before.lstrip()), last + len(after.rstrip()))
