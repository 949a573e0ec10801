"""What makes an answer unsure however well it fits: its numbers, its words, or that it speaks of something else."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.amounts import lacks_amount
from retrieval.counting import counted_otherwise
from retrieval.governments import asked_of_another
from retrieval.numbered import names_absent_number, names_another
from retrieval.preparing import Question
from retrieval.reader import LANGUAGE, Reader
from retrieval.repeating import repeats
from retrieval.types import Doubt
from retrieval.windows import Piece, leading

_BETTER = 1.5
"""A passage that answers better by so many logits when asked about another government is about that one."""

_FAR_BETTER = 3.5
"""A passage that answers better by so many logits when asked with a verb of its sentence counts something else."""


def gravest_doubt(question: Question, ordered: Sequence[Piece], reader: Reader | None) -> Doubt | None:
    """What makes an answer that begins with the first piece most unsure; without `reader`, the numbers alone can."""
    doubts = [doubt(question, ordered)]
    if reader is not None and ordered:
        doubts.append(doubt_as_read(question, ordered[0], reader))
    return min((one for one in doubts if one is not None), key=lambda one: one.share, default=None)


def doubt(question: Question, ordered: Sequence[Piece]) -> Doubt | None:
    """What makes an answer that begins with the first piece unsure, by the numbers in question and passage."""
    if not ordered:
        return None
    first = ordered[0]
    hit, sentence = first.hit, first.text(first.best)
    if names_absent_number(question, leading(ordered)):
        return Doubt.NUMBER_NOWHERE
    if hit.entry.document.language == LANGUAGE and lacks_amount(question.text, sentence):
        return Doubt.NO_AMOUNT
    return Doubt.ANOTHER_NUMBER if names_another(question, hit, sentence) else None


def doubt_as_read(question: Question, piece: Piece, reader: Reader) -> Doubt | None:
    """What the reader makes unsure of an answer: its words only repeat the question, or its sentence speaks of another
    government or counts something else, and asked about that instead the passage answers better by far.
    """
    hit, sentence = piece.hit, piece.text(piece.best)
    if hit.reading is None:
        return None
    if piece.answer is not None and repeats(question.text, piece.text(piece.answer)):
        return Doubt.REPEATS
    words = hit.entry.text[hit.reading.answer.start : hit.reading.answer.end]
    elsewhere = asked_of_another(question.text, sentence, words)
    otherwise = counted_otherwise(question.text, question.terms, sentence, words)
    if not (elsewhere or otherwise):
        return None
    again = reader.read_again([*elsewhere, *otherwise], hit.entry.text, hit.entry.context)
    gains = [one.answers - hit.reading.answers for one in again]
    if max(gains[: len(elsewhere)], default=0.0) >= _BETTER:
        return Doubt.OF_ANOTHER
    return Doubt.COUNTS_ELSE if max(gains[len(elsewhere) :], default=0.0) >= _FAR_BETTER else None
