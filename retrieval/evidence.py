"""What ranking needs to know of a passage, made once at build time and kept as a few kilobytes.

From the model's token vectors, which the passage's own embedding yields for nothing, come a vector for each sentence
(their mean; all dimensions, one byte each) and one for each word (projected on `basis`, one byte a dimension), so that
a question can be held against words in their context: late interaction, as in ColBERT (Khattab and Zaharia, 2020).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Floats
from retrieval.terms import QueryTerm, Term
from retrieval.types import Span

VERSION = 1
"""Raised when the packed form changes, so that libraries are analysed again."""

Words = NDArray[np.uint32]
_HEADER = struct.Struct("<IIHH")  # words, sentences, dimensions of a word, of a sentence


@lru_cache(maxsize=1 << 16)
def term_key(term: str) -> int:
    """A term as 32 bits, the same on every machine."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage: `keys[w]` its words, `sentence_of[w]` their sentence, vectors of unit length up to rounding.

    Shapes: keys and sentence_of `[words]`, word_vectors `[words, b]`, sentence_vectors `[sentences, d]`, as int8.
    """

    keys: Words
    sentence_of: NDArray[np.uint16]
    word_vectors: NDArray[np.int8]
    sentence_vectors: NDArray[np.int8]


def pack(
    terms: Sequence[Term], sentences: Sequence[Span], tokens: Floats, offsets: NDArray[np.int32], basis: Floats
) -> bytes:
    """The evidence of one passage; all offsets count from the start of the passage.

    `tokens` is `[t, d]`, `offsets` `[t, 2]`, `basis` `[d, b]`.
    """
    keys = np.array([term_key(term.text) for term in terms], np.uint32)
    word_starts = np.array([term.start for term in terms], np.int32)
    sentence_starts = np.array([sentence.start for sentence in sentences], np.int32)
    sentence_of = np.maximum(np.searchsorted(sentence_starts, word_starts, side="right") - 1, 0)
    words = pool_words(terms, tokens @ basis, offsets)  # the projection of a sum is the sum of the projections
    of_token = np.maximum(np.searchsorted(sentence_starts, offsets[:, 0], side="right") - 1, 0)
    sums = np.zeros((len(sentences), tokens.shape[1]), np.float32)
    if len(tokens):
        first = np.flatnonzero(np.diff(of_token, prepend=-1))
        sums[of_token[first]] = np.add.reduceat(tokens, first, axis=0)
    header = _HEADER.pack(len(terms), len(sentences), basis.shape[1], tokens.shape[1])
    parts = (keys, sentence_of.astype(np.uint16), _as_bytes(words), _as_bytes(sums))
    return header + b"".join(part.tobytes() for part in parts)


def unpack(packed: bytes) -> Evidence:
    """The inverse of `pack`, without copying."""
    words, sentences, word_size, sentence_size = _HEADER.unpack_from(packed)
    at = _HEADER.size
    keys = np.frombuffer(packed, np.uint32, words, at)
    at += keys.nbytes
    sentence_of = np.frombuffer(packed, np.uint16, words, at)
    at += sentence_of.nbytes
    word_vectors = np.frombuffer(packed, np.int8, words * word_size, at).reshape(words, word_size)
    at += word_vectors.nbytes
    sentence_vectors = np.frombuffer(packed, np.int8, sentences * sentence_size, at)
    return Evidence(keys, sentence_of, word_vectors, sentence_vectors.reshape(sentences, sentence_size))


def pool_words(terms: Sequence[Term] | Sequence[QueryTerm], tokens: Floats, offsets: NDArray[np.int32]) -> Floats:
    """For each term the sum of the vectors of the tokens that touch it, `[terms, d]`; zero where none does."""
    pooled = np.zeros((len(terms), tokens.shape[1]), np.float32)
    if not len(offsets) or not len(terms):
        return pooled
    starts = np.array([term.start for term in terms], np.int32)
    ends = np.array([term.end for term in terms], np.int32)
    first = np.searchsorted(offsets[:, 1], starts, side="right")
    last = np.searchsorted(offsets[:, 0], ends, side="left")
    last = np.maximum(last, first)
    longest = int((last - first).max())
    for step in range(longest):  # words are of few tokens
        inside = np.flatnonzero(first + step < last)
        pooled[inside] += tokens[first[inside] + step]
    return pooled


def unit(vectors: Floats) -> Floats:
    """The rows of `vectors` at length one; rows of zeros stay zero."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return np.asarray(vectors / np.maximum(lengths, 1e-9)[:, None], np.float32)


def _as_bytes(vectors: Floats) -> NDArray[np.int8]:
    """Directions at one byte a dimension; their length is not kept."""
    largest = np.abs(vectors).max(axis=1, initial=1e-9, keepdims=True)
    return np.asarray(np.rint(vectors * (127.0 / largest)), np.int8)
