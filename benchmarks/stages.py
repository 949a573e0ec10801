"""Where the time of a question goes: the time each stage takes itself, without those that it calls."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from retrieval import answering
from retrieval.answering import Engine
from retrieval.library import Library

STAGES = (
    "encode",
    "candidates dense",
    "candidates BM25",
    "reading entries",
    "measuring and ranking",
    "reader",
    "answering",
)
"""In the order of a question; encoding is what a question waits for it; the last is the rest: analysing and spelling,
excerpts, confidence."""


class Clock:
    """Seconds a stage since `reset`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Starts at zero."""
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._inner = [0.0]  # for each call under way, the seconds of the timed calls within

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which counts as `stage`."""

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                taken = time.perf_counter() - started
                self.seconds[stage] += taken - self._inner.pop()
                self._inner[-1] += taken

        return call

    def begun(self, stage: str, function: Callable[..., Callable[[], Any]]) -> Callable[..., Callable[[], Any]]:
        """The function, which returns what waits for what it began; beginning and waiting count as `stage`."""

        @functools.wraps(function)
        def begin(*arguments: Any, **named: Any) -> Callable[[], Any]:
            return self.timed(stage, self.timed(stage, function)(*arguments, **named))

        return begin


def measured(library: Library, questions: Sequence[str]) -> Iterator[dict[str, float]]:
    """Asks each question and yields the seconds of every stage and of the whole."""
    clock = Clock()
    with _watched(library.engine(), clock):
        for question in questions:
            clock.reset()
            started = time.perf_counter()
            library.ask(question)
            whole = time.perf_counter() - started
            clock.seconds["answering"] = whole - sum(clock.seconds.values())
            yield {**clock.seconds, "whole": whole}


@contextmanager
def _watched(engine: Engine, clock: Clock) -> Iterator[None]:
    """Nothing of the library knows of stages: its methods are wrapped from outside while it is measured."""
    searcher, lexical = type(engine.searcher), type(engine.searcher.indexes.lexical)
    watched: list[tuple[Any, str, str]] = [
        (searcher, "candidates", "candidates dense"),  # all of it but the words
        *((lexical, name, "candidates BM25") for name in ("search", "document_frequency", "known", "near")),
        (searcher, "entries", "reading entries"),
        (answering, "rank", "measuring and ranking"),
        (answering, "read", "reader"),
    ]
    embedder = type(engine.embedder)
    with ExitStack() as stack:
        stack.enter_context(patch.object(embedder, "begin_query", clock.begun("encode", embedder.begin_query)))
        for owner, name, stage in watched:
            stack.enter_context(patch.object(owner, name, clock.timed(stage, getattr(owner, name))))
        yield
