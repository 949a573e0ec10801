"""Hits to an answer: excerpts of whole sentences, the answering one highlighted, and how sure one can be."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from retrieval.coefficients import coefficients
from retrieval.embedding import Embedder
from retrieval.errors import QuestionError
from retrieval.ranking import Hit, Question, contributions, met, prepare, rank
from retrieval.searcher import Searcher
from retrieval.settings import AnswerSettings
from retrieval.types import Answer, Citation, Excerpt, Filter, Span

_JOINED = 8  # hits that may join an excerpt or be named by it
_SAME = 0.9  # share of common words from which two documents say the same; all of them, in less than ten words


def answer(
    text: str, searcher: Searcher, embedder: Embedder, settings: AnswerSettings, top: int | None, where: Filter
) -> Answer:
    """Answers one question. Raises QuestionError for an empty question or a filter that matches nothing."""
    started = time.perf_counter()
    text = text.encode("utf-8", "replace").decode("utf-8")  # bytes that were no text arrive as lone surrogates
    if not text.strip():
        raise QuestionError("The question is empty: type some words to look for.")
    question = prepare(text, embedder.encode_query(text), embedder.basis, searcher)
    hits = rank(question, searcher, where)
    excerpts = _excerpts(hits, searcher, top or settings.excerpts, settings.excerpt_characters)
    sure = confidence(question, hits, searcher)
    return Answer(
        question=text,
        found=bool(excerpts) and sure >= settings.found_at,
        confidence=round(sure, 4),
        excerpts=tuple(replace(excerpt, rank=place) for place, excerpt in enumerate(excerpts, 1)),
        generation=searcher.generation,
        elapsed_ms=round((time.perf_counter() - started) * 1000, 2),
        missing=question.missing,
    )


def confidence(question: Question, hits: Sequence[Hit], searcher: Searcher) -> float:
    """The calibrated probability that the first excerpt answers the question."""
    if not hits:
        return 0.0
    weights = coefficients()
    logit = float(confidence_features(question, hits, searcher) @ weights.confidence) + weights.confidence_bias
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))


def confidence_features(
    question: Question, hits: Sequence[Hit], searcher: Searcher
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The values of `coefficients.CONFIDENCE_FEATURES` for an answer that begins with `hits[0]`."""
    lead = hits[0].score - hits[1].score if len(hits) > 1 else 0.0
    words = np.log1p(len(question.terms))
    weights, named, is_met = question.query.weights, question.named, met(question, hits[0].entry)
    missing = float(weights[question.absent].sum() / max(float(weights.sum()), 1e-6))
    names_absent = min(int((question.absent & named).sum()), 2)
    unmet = np.flatnonzero(~is_met & named)
    document = hits[0].entry.document.id
    foreign = sum(not searcher.holds(document, question.terms[i].forms) for i in unmet)
    names = max(int(named.sum()), 1)
    own = (hits[0].score, lead, missing, words, names_absent, len(unmet) / names, foreign / names)
    return np.array([*hits[0].measures, *own], np.float32)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of whole sentences of a hit, in document offsets, and the sentence of it that answers best."""

    hit: Hit
    span: Span
    best: Span

    @property
    def document(self) -> int:
        return self.hit.entry.document.id

    def words(self) -> frozenset[int]:
        """The keys of its words."""
        evidence = self.hit.entry.evidence
        starts = [sentence.start for sentence in self.hit.entry.passage.sentences]
        first, last = bisect_right(starts, self.span.start) - 1, bisect_left(starts, self.span.end)
        inside = (evidence.sentence_of >= first) & (evidence.sentence_of < last)
        return frozenset(evidence.keys[inside].tolist())


@dataclass(slots=True)
class _Kept:
    """An excerpt in the making. `words` are those of the piece it began with."""

    piece: _Piece
    words: frozenset[int]
    also_in: list[Citation] = field(default_factory=list)


def _excerpts(hits: Sequence[Hit], searcher: Searcher, count: int, characters: int) -> list[Excerpt]:
    """At most `count` excerpts that differ: those that say the same are named by the first of them.

    Only the first `_JOINED` hits join excerpts before them, whatever `count` is, so that the first excerpts stay the
    same when more are asked for.
    """
    kept: list[_Kept] = []
    for place, hit in enumerate(hits):
        if place >= max(_JOINED, count) and len(kept) >= count:
            break
        piece = window(hit, characters)
        words = piece.words()
        same = next((one for one in kept if _says_the_same(one, piece, words)), None)
        if same is not None and place < _JOINED:
            same.also_in.append(_cite(piece.hit, piece.span))
        elif same is None and not (place < _JOINED and _extend(kept, piece, searcher, characters)):
            kept.append(_Kept(piece, words))
    return [_excerpt(one.piece, one.also_in, searcher) for one in kept[:count]]


def window(hit: Hit, characters: int) -> _Piece:
    """The run of whole sentences of at most `characters` that most likely holds the answer.

    A sentence that is longer alone is cut at white space, around nothing: its beginning is kept.
    """
    sentences = hit.entry.passage.sentences
    likely = np.exp(hit.sentences - hit.sentences.max())
    best_mass, chosen = -1.0, (0, 0)
    for first in range(len(sentences)):
        mass = 0.0
        for last in range(first, len(sentences)):
            if last > first and sentences[last].end - sentences[first].start > characters:
                break
            mass += float(likely[last])
            if mass > best_mass + 1e-9:
                best_mass, chosen = mass, (first, last)
    first, last = chosen
    best = first + int(np.argmax(hit.sentences[first : last + 1]))
    span = Span(sentences[first].start, sentences[last].end)
    if len(span) > characters:
        span = _cut_at_space(hit, span, characters)
        return _Piece(hit, span, span)
    return _Piece(hit, span, sentences[best])


def _cut_at_space(hit: Hit, span: Span, characters: int) -> Span:
    offset = hit.entry.passage.span.start
    text = hit.entry.text[span.start - offset : span.start - offset + characters + 1]
    space = max(text.rfind(" "), text.rfind("\n"))
    return Span(span.start, span.start + (space if space > characters // 2 else characters))


def _says_the_same(one: _Kept, other: _Piece, words: frozenset[int]) -> bool:
    fewer, more = sorted((len(one.words), len(words)))
    if fewer < _SAME * more or not fewer or one.piece.document == other.document:
        return False
    return len(one.words & words) >= _SAME * more


def _extend(kept: Sequence[_Kept], piece: _Piece, searcher: Searcher, characters: int) -> bool:
    """Joins `piece` to an excerpt it directly follows or precedes, where both together are short enough."""
    for one in kept:
        other = one.piece
        if other.document != piece.document:
            continue
        joined = Span(min(other.span.start, piece.span.start), max(other.span.end, piece.span.end))
        gap = Span(min(other.span.end, piece.span.end), max(other.span.start, piece.span.start))
        if len(joined) <= characters and searcher.text(piece.document, gap).strip() == "":
            one.piece = _Piece(other.hit, joined, other.best)
            return True
    return False


def _excerpt(piece: _Piece, also_in: Iterable[Citation], searcher: Searcher) -> Excerpt:
    entry = piece.hit.entry
    inside = entry.passage.span.start <= piece.span.start and piece.span.end <= entry.passage.span.end
    offset = entry.passage.span.start
    if inside:
        text = entry.text[piece.span.start - offset : piece.span.end - offset]
    else:
        text = searcher.text(entry.document.id, piece.span)
    highlight = Span(piece.best.start - piece.span.start, piece.best.end - piece.span.start)
    return Excerpt(
        rank=1,
        text=text,
        highlights=(highlight,),
        score=round(piece.hit.score, 4),
        citation=_cite(piece.hit, piece.span, text),
        also_in=tuple(also_in),
        evidence=contributions(piece.hit),
    )


def _cite(hit: Hit, span: Span, text: str = "") -> Citation:
    entry = hit.entry
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
        entry.passage.page,
        entry.passage.headings,
        document.sha256,
    )
