"""Answers that were given lately, because many people ask a bot the same."""

from __future__ import annotations

import threading
from collections import OrderedDict

from retrieval.coefficients import Coefficients
from retrieval.library import Library
from retrieval.searcher import Searcher
from retrieval.types import Answer, Filter

_KEPT = 256  # answers; one takes a few kilobytes


class Answered:
    """The last answers of a library. They are forgotten as soon as its generation or its weights change."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._answers: OrderedDict[tuple[str, Filter], tuple[Answer, int | None]] = OrderedDict()
        self._of: tuple[Searcher, Coefficients] | None = None
        self._lock = threading.Lock()

    def ask(self, question: str, where: Filter, most_read: int | None = None) -> Answer:
        """The answer of the newest generation, for which `most_read` passages are read, or more where it was given
        before; without a bound, as many as ever. Safe to use from several threads; raises as `Library.ask`.
        """
        self._library.refresh()
        engine = self._library.engine()
        of = (engine.searcher, engine.weights)
        with self._lock:
            if self._of is None or any(a is not b for a, b in zip(of, self._of, strict=True)):
                self._answers.clear()
                self._of = of
            of = self._of
            kept = self._kept(question, where, most_read)
            if kept is not None:
                return kept
        answer = self._library.ask(question, where=where, most_read=most_read)
        with self._lock:
            if answer.generation == engine.searcher.generation and self._of is of:
                kept = self._kept(question, where, most_read)  # one that began later and ended before
                if kept is not None:
                    return kept
                self._answers[question, where] = answer, most_read
                self._answers.move_to_end((question, where))
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
        return answer

    def _kept(self, question: str, where: Filter, most_read: int | None) -> Answer | None:
        """The answer that is there, where as many passages were read for it; it is then the newest."""
        kept, bound = self._answers.get((question, where), (None, None))
        if kept is None or not (bound is None or (most_read is not None and bound >= most_read)):
            return None
        self._answers.move_to_end((question, where))
        return kept
