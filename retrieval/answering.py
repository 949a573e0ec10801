"""A question to its answer: found, ranked, read, quoted, and how sure one can be."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.coefficients import Coefficients
from retrieval.confidence import confidence
from retrieval.doubts import gravest_doubt
from retrieval.embedding import Embedder
from retrieval.errors import QuestionError
from retrieval.excerpts import excerpts_of, is_new
from retrieval.parts import split_questions
from retrieval.preparing import Question, prepare
from retrieval.ranking import rank, rank_further
from retrieval.reader import Reader
from retrieval.reading import read
from retrieval.referents import with_referents
from retrieval.searcher import Searcher
from retrieval.settings import AnswerSettings
from retrieval.topics import topic
from retrieval.types import Answer, Excerpt, Filter
from retrieval.windows import leading, pieces

_UNTYPED = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
"""Characters that nobody sees and nobody means: control characters, soft hyphens and what joins or breaks no word."""

_LONGEST = 20_000  # characters of a question


@dataclass(frozen=True, slots=True)
class Engine:
    """What answers: one generation of a library, the models, and the weights; without `reader`, ranking alone."""

    searcher: Searcher
    embedder: Embedder
    reader: Reader | None
    weights: Coefficients

    def prepare(self, text: str, where: Filter | None = None) -> Question:
        """A question, or what it asks about, as ranking sees it. Raises QuestionError for a filter that matches no
        document.
        """
        return prepare(topic(cleaned(text)), self.embedder, self.searcher, where or Filter())


def answer(
    text: str, engine: Engine, settings: AnswerSettings, top: int | None, where: Filter, most_read: int | None = None
) -> Answer:
    """Answers one question, or several in one, for each of which at most `most_read` passages are read.

    Raises QuestionError for an empty question or a filter that matches nothing.
    """
    started = time.perf_counter()
    text = cleaned(text)
    if not text.strip():
        raise QuestionError("The question is empty: type some words to look for.")
    if len(text) > _LONGEST:
        raise QuestionError(f"The question has {len(text):,} characters: ask in at most {_LONGEST:,}.")
    parts = with_referents(split_questions(text))
    answers = [_answer_one(part, engine, settings, top, where, most_read) for part in parts]
    whole = answers[0] if len(answers) == 1 else _together(text, answers, top or settings.excerpts)
    return replace(whole, elapsed_ms=round((time.perf_counter() - started) * 1000, 2))


def cleaned(text: str) -> str:
    """A question as it can be read: without what nobody sees, and with a question mark for what is no character."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # bytes that were no text arrive as lone surrogates
    return _UNTYPED.sub("", text)


def _answer_one(
    text: str, engine: Engine, settings: AnswerSettings, top: int | None, where: Filter, most_read: int | None
) -> Answer:
    searcher, weights = engine.searcher, engine.weights
    question = engine.prepare(text, where)
    hits = rank(question, searcher, weights, 2 * settings.read)
    if engine.reader is not None:
        hits = read(question, hits, engine.reader, settings.read, weights, most_read)
    count, characters = top or settings.excerpts, settings.excerpt_characters
    ordered = pieces(hits, characters)
    excerpts = excerpts_of(ordered, searcher, count, weights, characters)
    if hits and len(excerpts) < count:
        further = rank_further(question, searcher, weights, hits, ordered[-1].score)
        excerpts = excerpts_of([*ordered, *pieces(further, characters)], searcher, count, weights, characters)
    doubt = gravest_doubt(question, ordered, engine.reader)
    sure = confidence(question, leading(ordered), searcher, weights) * (1.0 if doubt is None else doubt.share)
    return Answer(
        question=text,
        found=bool(excerpts) and sure >= settings.found_from(weights.caution),
        confidence=round(sure, 4),
        excerpts=tuple(
            replace(excerpt, rank=place, doubt=doubt if place == 1 else None)
            for place, excerpt in enumerate(excerpts, 1)
        ),
        generation=searcher.generation,
        elapsed_ms=0.0,
        missing=question.missing,
        corrections=question.corrections,
    )


def _together(text: str, answers: Sequence[Answer], count: int) -> Answer:
    """One answer to several questions: what was found first, and of every question its best excerpt first.

    Its confidence is that of its first excerpt; the first for every other question that is answered has its own too.
    Every question is represented, even where that makes more than `count`.
    """
    ordered = sorted(answers, key=lambda one: not one.found)
    first = ordered[0]
    queues = [_of_part(one) for one in ordered if one.excerpts]
    excerpts: list[Excerpt] = []
    for depth in range(max(map(len, queues), default=0)):
        for excerpt in (queue[depth] for queue in queues if depth < len(queue)):
            if depth == 0 or (len(excerpts) < count and is_new(excerpt, excerpts)):
                excerpts.append(replace(excerpt, rank=len(excerpts) + 1))
    return replace(
        first,
        question=text,
        excerpts=tuple(excerpts),
        missing=tuple(dict.fromkeys(word for one in answers for word in one.missing)),
        unanswered=tuple(one.question for one in answers if not one.found) if first.found else (),
        corrections=tuple(dict.fromkeys(one for each in answers for one in each.corrections)),
    )


def _of_part(answer: Answer) -> list[Excerpt]:
    """The excerpts of an answer to one of several questions, the first with the confidence of one that was found."""
    first, *others = (replace(excerpt, part=answer.question) for excerpt in answer.excerpts)
    return [replace(first, confidence=answer.confidence if answer.found else None), *others]
