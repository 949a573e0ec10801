"""The reader: a small model that reads a question and a passage together and says where in it the answer stands.

Its weights lie in `retrieval/reader_model/` with a card that says how they came to be; `training/` makes them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.governments import asked_otherwise
from retrieval.machine import cores
from retrieval.numbers import as_written_in
from retrieval.runtimes import onnx_session
from retrieval.types import Span

FOLDER = Path(__file__).with_name("reader_model")

LONGEST, LONGEST_QUESTION = 264, 56
"""Tokens of question, context and passage together, and of the question, that are read."""

LONGEST_CONTEXT = 40
"""Tokens of what stands above a passage that are read, the last of them."""

SPECIAL = ("<s>", "</s>")
"""The tokens that stand before the question, and behind it and behind the passage; the context stands before that."""

LANGUAGE = "en"
"""The language of the texts that it learnt from."""

_LONGEST_ANSWER = 24  # tokens
_LONGEST_TEXT = 4000  # characters of a passage or a question that are looked at

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one passage; all offsets are code points of its text.

    `score`, `answers` and `span` are logits: how well the passage answers beside others, that it answers at all, and of
    the likeliest answer in it, `answer`. `certainty`, between 0 and 1, is the share of the probability over all spans
    that `answer` holds. `starts` `[t]` are the offsets of the passage's tokens and `begins` `[t]` the probability that
    the answer begins there.
    """

    score: float
    answers: float
    span: float
    answer: Span
    certainty: float
    starts: NDArray[np.int32]
    begins: Floats


@lru_cache(maxsize=2)
def open_reader(threads: int = 0) -> Reader:
    """The package's reader, opened once a process; 0 threads means all cores."""
    return Reader(FOLDER, threads or cores())


class Reader:
    """A reader model with its tokenizer. Safe to use from several threads.

    One passage is read at a time, with one question, by all `threads`: nothing is padded, what is made of it does not
    depend on others, and whoever asks can stop after any of them.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        """Loads `model.onnx` and `tokenizer.json`; raises whatever onnxruntime or tokenizers raise."""
        from tokenizers import Tokenizer

        # texts differ in length: what was learnt of one would be kept for nothing
        self._session = onnx_session(folder / "model.onnx", threads, keeps_patterns=False)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._open, self._close = (self._tokenizer.token_to_id(token) for token in SPECIAL)

    def read(self, question: str, passage: str, context: str = "") -> Reading:
        """The best reading of a passage with the question or, where it is about a government, with the names that the
        passage has for that. `context` says what the passage is about: the title and headings above it.
        """
        question = question[:_LONGEST_TEXT]
        made = self.read_again([question, *asked_otherwise(question, passage)], passage, context)
        return max(made, key=lambda one: one.score)

    def read_again(self, questions: Sequence[str], passage: str, context: str = "") -> list[Reading]:
        """Reads one passage with each of several questions, in no other names but with their numbers written as they
        are there; what goes beyond `LONGEST` tokens is not looked at.
        """
        asked = [as_written_in(passage, question[:_LONGEST_TEXT]) for question in questions]
        heads = self._tokenizer.encode_batch(asked, add_special_tokens=False)
        texts = [context[-_LONGEST_TEXT:], passage[:_LONGEST_TEXT]]
        above, text = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [self._read(passage, head, above.ids[-LONGEST_CONTEXT:], text) for head in heads]

    def _read(self, passage: str, head: Any, above: Sequence[int], text: Any) -> Reading:
        opening = [self._open, *head.ids[:LONGEST_QUESTION], self._close, *above]
        room = LONGEST - len(opening) - 1
        offsets = _without_space(passage, text.offsets[:room])
        ids = np.array([[*opening, *text.ids[:room], self._close]], np.int64)
        kinds = np.zeros_like(ids)
        kinds[0, len(opening) : -1] = 1
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
        scores, spans = self._session.run(None, feed)
        score, answers = map(float, scores[0])
        return _reading(score, answers, spans[0, len(opening) : -1], offsets)


def _without_space(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where tokens stand without the white space before them, which the tokenizer counts to the word."""
    return [(end - len(text[start:end].lstrip()), end) for start, end in offsets]


def _reading(score: float, answers: float, spans: Floats, offsets: Sequence[tuple[int, int]]) -> Reading:
    """The likeliest span of at most `_LONGEST_ANSWER` tokens; `spans` is `[t, 2]`, logits of begin and end."""
    count = len(spans)
    starts = np.array([start for start, _ in offsets[:count]], np.int32)
    if not count:
        return Reading(score, answers, min(score, 0.0), Span(0, 0), 0.0, starts, np.zeros(0, np.float32))
    pairs = spans[:, None, 0] + spans[None, :, 1]
    allowed = np.triu(np.ones((count, count), bool)) & ~np.triu(np.ones((count, count), bool), _LONGEST_ANSWER)
    pairs = np.where(allowed, pairs, -np.inf)
    begin, end = divmod(int(np.argmax(pairs)), count)
    best = float(pairs[begin, end])
    masses = np.exp(pairs - best).sum(axis=1)
    begins = np.asarray(masses / masses.sum(), np.float32)
    answer = Span(offsets[begin][0], offsets[end][1])
    return Reading(score, answers, best, answer, float(1.0 / masses.sum()), starts, begins)
