"""How well passages fit a question, as numbers between about 0 and 1: the evidence that ranking weighs.

All candidates of a question are measured together, on flat arrays: words belong to sentences, sentences to passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Floats
from retrieval.evidence import Evidence

FEATURES = (
    "cosine",
    "bm25",
    "coverage",
    "sentence_coverage",
    "sentence_cosine",
    "late",
    "sentence_late",
    "pairs",
    "length",
)
"""Of a passage: cosine of its vector; BM25 over the best candidate's; share of the question's IDF mass found in it or
its title and headings; the best sentence's share, cosine and late interaction; late interaction of the passage; share
of neighbouring question words that stand side by side; logarithm of its words over that of 1,000."""

SENTENCE_FEATURES = ("coverage", "cosine", "late")

_K1, _B = 1.2, 0.75  # the usual constants of BM25 (Robertson and Zaragoza, 2009)


@dataclass(frozen=True, slots=True)
class Query:
    """A question ready to be measured: for each of its words, term keys, inverse document frequency and vector.

    `keys[i]` are the forms of word `i`; `idf` is `[t]`, `words` `[t, b]` of unit length, `vector` `[d]`.
    """

    keys: tuple[tuple[int, ...], ...]
    idf: Floats
    words: Floats
    vector: Floats


@dataclass(frozen=True, slots=True)
class Measures:
    """`passages` is `[c, FEATURES]`, `sentences` `[s, SENTENCE_FEATURES]`; passage `i` has those at
    `first_sentence[i]:first_sentence[i + 1]`.
    """

    passages: Floats
    sentences: Floats
    first_sentence: NDArray[np.intp]


@np.errstate(invalid="ignore")  # which a product of sound numbers reports now and then, for what lies beside them
def measure(
    query: Query,
    evidence: Sequence[Evidence],
    cosines: Floats,
    contexts: Sequence[frozenset[int]],
    average_words: float,
) -> Measures:
    """Measures every candidate. `contexts[i]` holds the keys of its title and headings; `cosines` is `[c]`."""
    flat = _Flat.of(evidence)
    hits = _Hits.of(query, flat)
    total = max(float(query.idf.sum()), 1e-6)
    near = flat.best_per_sentence(_cosines(flat.word_vectors, query.words.T))
    sentences = np.stack(
        [
            hits.in_sentences @ query.idf / total,
            _cosines(flat.sentence_vectors, query.vector[:, None])[:, 0],
            near @ query.idf / total,
        ],
        axis=1,
    ).astype(np.float32)
    best, near = (np.maximum.reduceat(of, flat.first_sentence[:-1], axis=0) for of in (sentences, near))
    held = {one: [not one.isdisjoint(keys) for keys in query.keys] for one in set(contexts)}
    in_context = np.array([held[one] for one in contexts], np.float32).reshape(hits.counts.shape)
    bm25 = _bm25(query.idf, hits.counts, flat.lengths, average_words)
    passages = np.stack(
        [
            cosines,
            bm25 / max(float(bm25.max(initial=0.0)), 1e-6),
            np.maximum(hits.counts > 0, in_context) @ query.idf / total,
            best[:, 0],
            best[:, 1],
            near @ query.idf / total,
            best[:, 2],
            hits.pairs,
            np.log(flat.lengths) / np.log(1000.0),
        ],
        axis=1,
    )
    return Measures(passages.astype(np.float32), sentences, flat.first_sentence)


@dataclass(frozen=True, slots=True)
class _Flat:
    """The words and sentences of all candidates laid end to end."""

    keys: NDArray[np.uint32]
    word_vectors: Floats
    sentence_vectors: Floats
    first_word: NDArray[np.intp]  # of each passage, and the end
    first_sentence: NDArray[np.intp]
    sentence_of: NDArray[np.intp]  # of each word, counted over all passages
    lengths: NDArray[np.intp]  # words of each passage

    @classmethod
    def of(cls, evidence: Sequence[Evidence]) -> _Flat:
        words = np.array([len(one.keys) for one in evidence], np.intp)
        sentences = np.array([len(one.sentence_vectors) for one in evidence], np.intp)
        first_sentence = np.concatenate([[0], np.cumsum(sentences)])
        return cls(
            keys=np.concatenate([one.keys for one in evidence]),
            word_vectors=np.concatenate([one.word_vectors for one in evidence], dtype=np.float32),
            sentence_vectors=np.concatenate([one.sentence_vectors for one in evidence], dtype=np.float32),
            first_word=np.concatenate([[0], np.cumsum(words)]),
            first_sentence=first_sentence,
            sentence_of=np.concatenate([one.sentence_of for one in evidence], dtype=np.intp)
            + np.repeat(first_sentence[:-1], words),
            lengths=np.maximum(words, 1),
        )

    def best_per_sentence(self, by_word: Floats) -> Floats:
        """The largest value of each column over the words of each sentence; 0 for a sentence without words."""
        best = np.zeros((int(self.first_sentence[-1]), by_word.shape[1]), np.float32)
        if len(self.keys):
            starts = np.flatnonzero(np.diff(self.sentence_of, prepend=-1))
            best[self.sentence_of[starts]] = np.maximum.reduceat(by_word, starts, axis=0)
        return best


@dataclass(frozen=True, slots=True)
class _Hits:
    """Where words of the passages are forms of words of the question, which few are.

    `in_sentences` `[s, t]` is 1 where a sentence has a word, `counts` `[c, t]` says how often a passage has it, and
    `pairs` `[c]` which share of the question's neighbouring words stand side by side there.
    """

    in_sentences: Floats
    counts: Floats
    pairs: Floats

    @classmethod
    def of(cls, query: Query, flat: _Flat) -> _Hits:
        asked, passages = len(query.keys), len(flat.lengths)
        forms = np.array([form for forms in query.keys for form in forms], np.uint32)
        column_of = np.array([column for column, forms in enumerate(query.keys) for _ in forms], np.intp)
        form, word = np.divmod(np.flatnonzero(forms[:, None] == flat.keys), max(len(flat.keys), 1))
        # A number for each word and the word of the question that it is; in Python, because there are few.
        places = set((word * asked + column_of[form]).tolist())
        followed = [one for one in places if one + asked + 1 in places and one % asked < asked - 1]
        words, columns = np.divmod(np.array([*places, *followed], np.intp), max(asked, 1))
        passage_of = np.searchsorted(flat.first_word, words, side="right") - 1
        found = len(places)
        in_sentences = np.zeros((int(flat.first_sentence[-1]), asked), np.float32)
        in_sentences[flat.sentence_of[words[:found]], columns[:found]] = 1.0
        times = np.bincount(passage_of[:found] * asked + columns[:found], minlength=passages * asked)
        side_by_side = np.zeros((passages, max(asked - 1, 1)), np.float32)
        within = words[found:] + 1 < flat.first_word[passage_of[found:] + 1]  # not with the next passage's first word
        side_by_side[passage_of[found:][within], columns[found:][within]] = 1.0
        counts = times.reshape(passages, asked).astype(np.float32)
        return cls(in_sentences, counts, side_by_side.mean(axis=1))


def _cosines(rows: Floats, columns: Floats) -> Floats:
    """Of rows `[n, d]` of any length and columns `[d, m]` of unit length, `[n, m]`; 0 for a row of zeros."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows @ columns / np.maximum(lengths, 1e-9)[:, None], np.float32)


def _bm25(idf: Floats, counts: Floats, lengths: NDArray[np.intp], average_words: float) -> Floats:
    norm = _K1 * (1 - _B + _B * lengths / max(average_words, 1.0))
    return np.asarray((counts * (_K1 + 1) / (counts + norm[:, None])) @ idf, np.float32)
