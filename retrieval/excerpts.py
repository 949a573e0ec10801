"""Pieces to excerpts: what differs, with what fits around it, each cited where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from retrieval.coefficients import Coefficients
from retrieval.headings import page_at
from retrieval.ranking import contributions
from retrieval.rows import Entry
from retrieval.searcher import Searcher
from retrieval.types import Citation, Excerpt, Span
from retrieval.windows import WORD, Piece, leading

_JOINED = 8  # hits whose pieces may join an excerpt or be named by it
_SAME = 0.9  # share of common words from which two documents say the same; all of them, in less than ten words
_NEGATIONS = frozenset(
    {"no", "not", "none", "never", "without", "cannot", "nicht", "kein", "keine", "keinen", "nie", "ohne"}
    | {"sin", "nunca", "pas", "jamais", "не", "нет"}
)


def is_new(excerpt: Excerpt, before: Sequence[Excerpt]) -> bool:
    """Whether its answering sentence stands in no excerpt before it."""
    place, marked = excerpt.citation, excerpt.highlights[0]
    sentence = Span(place.start + marked.start, place.start + marked.end)
    others = [one.citation for one in before if one.citation.document == place.document]
    return not any(_within(sentence, Span(one.start, one.end)) for one in others)


@dataclass(slots=True)
class _Kept:
    """An excerpt in the making, and the piece it `began` with."""

    piece: Piece
    began: Piece
    also_in: list[Citation] = field(default_factory=list)


def excerpts_of(
    ordered: Sequence[Piece], searcher: Searcher, count: int, weights: Coefficients, characters: int
) -> list[Excerpt]:
    """At most `count` excerpts that differ, each with what fits of the sentences around it: those that say the same,
    the answering sentence word for word, are named by the first of them, and what one shows whole is none of its own.

    Only the pieces of the first `_JOINED` hits join excerpts before them, whatever `count` is, so that the first
    excerpts stay the same when more are asked for.
    """
    hits = {hit.entry.id for hit in leading(ordered)[:_JOINED]}
    first, rest = ([piece for piece in ordered if (piece.hit.entry.id in hits) is within] for within in (True, False))
    kept: list[_Kept] = []
    for piece in first:
        same = next((one for one in kept if _says_the_same(one.began, piece)), None)
        if same is not None:
            same.also_in.append(_cite(piece, piece.span, searcher))
        elif not _extend(kept, piece, searcher, characters):
            kept.append(_Kept(piece, piece))
    shown: list[_Kept] = []
    for one in chain(kept, (_Kept(piece, piece) for piece in rest)):
        if len(shown) == count:
            break
        before = [other.piece.span for other in shown if other.piece.document == one.piece.document]
        known = not one.also_in and any(_within(one.piece.best, other) for other in before)
        if not known and not any(_says_the_same(other.began, one.began) for other in shown):
            piece = _rest(one.piece, before, searcher)
            if not one.also_in:  # what stands around the copies nobody compared
                piece = _widened(piece, before, searcher, characters)
            shown.append(replace(one, piece=piece))
    return [_excerpt(one.piece, one.also_in, searcher, weights) for one in shown]


def _within(one: Span, other: Span) -> bool:
    return other.start <= one.start and one.end <= other.end


def _rest(piece: Piece, before: Sequence[Span], searcher: Searcher) -> Piece:
    """The piece without what was shown `before`, at either side of its answering sentence."""
    start = max([one.end for one in before if one.end <= piece.best.start], default=0)
    end = min([one.start for one in before if one.start >= piece.best.end], default=piece.span.end)
    if start <= piece.span.start and end >= piece.span.end:
        return piece
    span = Span(max(start, piece.span.start), min(end, piece.span.end))
    text = searcher.text(piece.document, span)
    if len(text) != len(span):  # the document went meanwhile
        return piece
    start = span.end - len(text.lstrip())
    return replace(piece, span=Span(start, start + len(text.strip())))


def _widened(piece: Piece, before: Sequence[Span], searcher: Searcher, characters: int) -> Piece:
    """The piece with as many whole sentences around it as fit, of its section and evenly on both sides; none that is
    shown `before`, and none where every line is a record.
    """
    entry, room = piece.hit.entry, characters - len(piece.span)
    if room <= 0 or entry.document.rows:
        return piece
    reach = Span(max(piece.span.start - room, 0), piece.span.end + room)
    text = searcher.text(entry.document.id, reach)
    sentences = searcher.sentences_around(entry, reach)
    earlier = [one for one in sentences if one.end <= piece.span.start]
    later = [one for one in reversed(sentences) if piece.span.end <= one.start]
    span = piece.span
    while earlier or later:
        onward = not earlier or (bool(later) and span.end - piece.best.end <= piece.best.start - span.start)
        side = later if onward else earlier
        one = side.pop()
        wider = Span(min(span.start, one.start), max(span.end, one.end))
        added = Span(span.end, one.end) if onward else Span(one.start, span.start)
        more = text[added.start - reach.start : added.end - reach.start]
        joins = len(more.strip()) == len(one)  # nothing but white space between
        if joins and len(wider) <= characters and not any(_overlap(added, other) for other in before):
            span = wider
        else:
            side.clear()
    return replace(piece, span=span)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _says_the_same(one: Piece, other: Piece) -> bool:
    """Whether two documents have one answering sentence, word for word, and say nearly the same in the rest: most
    words, and every number, name and "not".
    """
    if one.document == other.document or one.answering != other.answering:
        return False
    words, others = one.words(), other.words()
    most = max(len(words), len(others))
    return bool(words) and len(words & others) >= _SAME * most and _telling(one) == _telling(other)


def _telling(piece: Piece) -> Counter[str]:
    """The words that change what a text says."""
    return Counter(word for word in WORD.findall(piece.text(piece.span)) if _tells(word))


def _tells(word: str) -> bool:
    if any(character.isdigit() or character.isupper() for character in word):
        return True
    return word in _NEGATIONS or word.endswith(("n't", "n\u2019t"))


def _extend(kept: Sequence[_Kept], piece: Piece, searcher: Searcher, characters: int) -> bool:
    """Joins `piece` to an excerpt it directly follows or precedes, where both together are short enough, but never two
    records of a table.
    """
    if piece.hit.entry.document.rows:
        return False
    for one in kept:
        other = one.piece
        if other.document != piece.document or other.headings != piece.headings:
            continue
        start, end = min(other.span.start, piece.span.start), max(other.span.end, piece.span.end)
        if end - start > characters:
            continue
        gap = Span(min(other.span.end, piece.span.end), max(other.span.start, piece.span.start))
        if _is_blank(searcher.text(piece.document, gap), gap):
            one.piece = replace(other, span=Span(start, end))
            return True
    return False


def _is_blank(text: str, gap: Span) -> bool:
    """Whether nothing but white space stands there; of a document that went meanwhile nobody knows."""
    return len(text) == len(gap) and not text.strip()


def _shown(piece: Piece, searcher: Searcher) -> tuple[Span, str]:
    """What is quoted: the piece, or what its own passage has of it where the document went meanwhile."""
    entry, own = piece.hit.entry, piece.hit.entry.passage.span
    if not own.start <= piece.span.start <= piece.span.end <= own.end:
        text = searcher.text(entry.document.id, piece.span)
        if len(text) == len(piece.span):
            return piece.span, text
    span = Span(max(piece.span.start, own.start), min(piece.span.end, own.end))
    return span, entry.text[span.start - own.start : span.end - own.start]


def _excerpt(piece: Piece, also_in: Iterable[Citation], searcher: Searcher, weights: Coefficients) -> Excerpt:
    span, text = _shown(piece, searcher)
    highlight, words = _relative(piece.best, span), piece.answer and _relative(piece.answer, span)
    return Excerpt(
        rank=1,
        text=text,
        highlights=(highlight,),
        answer=words,
        score=round(piece.score, 4),
        citation=_cite(piece, span, searcher, text),
        also_in=tuple(also_in),
        evidence=contributions(piece.hit, weights) | {"part": round(piece.part_score, 4)},
    )


def _relative(span: Span, within: Span) -> Span:
    return Span(span.start - within.start, span.end - within.start)


def _cite(piece: Piece, span: Span, searcher: Searcher, text: str = "") -> Citation:
    entry = piece.hit.entry
    offset = entry.passage.span.start
    if span.start >= offset:
        line = entry.line + entry.text[: span.start - offset].count("\n")
    else:  # joined with what stands before the passage
        line = entry.line - text[: offset - span.start].count("\n")
    document = entry.document
    return Citation(
        document.path,
        document.title,
        document.date,
        span.start,
        span.end,
        line,
        _page(entry, piece.best, searcher),
        entry.passage.headings,
        document.sha256,
    )


def _page(entry: Entry, sentence: Span, searcher: Searcher) -> int | None:
    """The page on which the answering sentence begins: its passage's, or, where it begins elsewhere, what the document
    says.
    """
    passage, document = entry.passage, entry.document
    if passage.page is None or sentence.start == passage.span.start:
        return passage.page
    about = searcher.store.outline(document.path)
    if about is None or about.sha256 != document.sha256:  # it went or changed meanwhile
        return passage.page
    return page_at(about, sentence.start)
