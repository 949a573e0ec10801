"""Candidates to ordered hits: every measure of a passage, weighed and added up.

The weights were fitted (`retrieval.coefficients`), so that the right passage of a training question comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.coefficients import coefficients, common_words
from retrieval.embedding import Encoding
from retrieval.evidence import pool_words, term_key, unit
from retrieval.measures import FEATURES, Measures, Query, measure
from retrieval.searcher import Searcher
from retrieval.store import Entry
from retrieval.terms import QueryTerm, analyse, analyse_query
from retrieval.types import Filter

Floats = NDArray[np.float32]

_PER_INDEX = 60  # candidates asked of each index
_MEASURED = 30  # best of them by the sum of cosine and BM25, whose evidence is read
_TELLING = 4  # characters of the shortest word whose absence is worth a mention
_PRIOR_PASSAGES = 200  # how many passages of general text the counts of a library are mixed with


@dataclass(frozen=True, slots=True)
class Question:
    """A question as ranking sees it. `named[i]` says that term `i` is a name or a number, `absent[i]` that no document
    holds it; `missing` are the absent terms that are neither common nor short words, as typed.
    """

    text: str
    terms: tuple[QueryTerm, ...]
    query: Query
    named: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage. `measures` is `[FEATURES]`; `sentences` `[s]` rates each sentence, in logits."""

    entry: Entry
    score: float
    measures: Floats
    sentences: Floats


def prepare(text: str, encoding: Encoding, basis: Floats, searcher: Searcher) -> Question:
    """Analyses a question in the languages of the library, and weighs its words by how rare they are there."""
    terms = tuple(analyse_query(text, searcher.languages))
    counts = [sum(searcher.document_frequency(form) for form in term.forms) for term in terms]
    weights = np.array([_rarity(t, c, searcher.passages) for t, c in zip(terms, counts, strict=True)], np.float32)
    words = unit(pool_words(terms, encoding.tokens, encoding.offsets) @ basis)
    keys = tuple(tuple(term_key(form) for form in term.forms) for term in terms)
    absent = np.array([not count for count in counts], bool)
    common = np.array([_is_common(term) for term in terms], bool)
    unknown = [text[terms[i].start : terms[i].end] for i in np.flatnonzero(absent & ~common)]
    missing = [word for word in unknown if len(word) >= _TELLING or word.isdigit()]
    query = Query(keys, weights, words, encoding.vector)
    return Question(text, terms, query, _named(text, terms, common), absent, tuple(dict.fromkeys(missing)))


def measured(question: Question, searcher: Searcher, where: Filter) -> tuple[list[Entry], Measures] | None:
    """The best candidates by the sum of cosine and BM25, at most 30, with their measures; None where there are none.

    Raises QuestionError for a filter that matches no document.
    """
    forms = [form for term in question.terms for form in term.forms]
    found = searcher.candidates(question.query.vector, forms, _PER_INDEX, where)
    fused = found.cosines + found.bm25 / max(float(found.bm25.max(initial=0.0)), 1e-6)
    best = np.argsort(-fused, kind="stable")[:_MEASURED]
    cosine_of = dict(zip(found.ids[best].tolist(), found.cosines[best].tolist(), strict=True))
    entries = searcher.entries(list(cosine_of))
    if not entries:
        return None
    measures = measure(
        question.query,
        [entry.evidence for entry in entries],
        np.array([cosine_of[entry.id] for entry in entries], np.float32),
        [context_keys(entry) for entry in entries],
        searcher.average_words,
    )
    return entries, measures


def rank(question: Question, searcher: Searcher, where: Filter) -> list[Hit]:
    """The best passages for a question, best first; at most 30. Raises QuestionError as `measured`."""
    found = measured(question, searcher, where)
    if found is None:
        return []
    entries, measures = found
    weights = coefficients()
    scores = measures.passages @ weights.ranking / float(weights.ranking[weights.ranking > 0].sum())
    sentences = measures.sentences @ weights.sentence
    first = measures.first_sentence
    order = np.argsort(-scores, kind="stable").tolist()
    return [Hit(entries[i], float(scores[i]), measures.passages[i], sentences[first[i] : first[i + 1]]) for i in order]


def met(question: Question, entry: Entry) -> NDArray[np.bool_]:
    """Which terms of the question stand in a passage, its title or its headings."""
    there = set(entry.evidence.keys.tolist()) | context_keys(entry)
    return np.array([any(key in there for key in keys) for keys in question.query.keys], bool)


def context_keys(entry: Entry) -> frozenset[int]:
    """The keys of the words of a passage's title and headings."""
    return _keys_of(entry.document.title, entry.passage.headings, entry.document.language)


def contributions(hit: Hit) -> dict[str, float]:
    """What each measure added to the score of a hit."""
    weights = coefficients().ranking
    added = hit.measures * weights / float(weights[weights > 0].sum())
    return {name: round(float(value), 4) for name, value in zip(FEATURES, added, strict=True)}


def _rarity(term: QueryTerm, count: int, passages: int) -> float:
    """Inverse document frequency, counting as if the library held some general text besides."""
    share = max(common_words().get(form, 0.0) for form in term.forms)
    with_prior = min(count + share * _PRIOR_PASSAGES, passages + _PRIOR_PASSAGES)
    return float(np.log1p((passages + _PRIOR_PASSAGES - with_prior + 0.5) / (with_prior + 0.5)))


def _named(text: str, terms: Sequence[QueryTerm], common: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which terms are capitalised within the question, or hold a digit.

    Only where most of the other words are common English ones: German writes every noun with a capital.
    """
    words = [text[term.start : term.end] for term in terms]
    capital = np.array([number > 0 and word[0].isupper() for number, word in enumerate(words)], bool)
    digits = np.array([any(character.isdigit() for character in word) for word in words], bool)
    small = ~capital & ~digits
    if not small.any() or common[small].mean() < 0.5:
        return digits
    return np.asarray(capital | digits, bool)


def _is_common(term: QueryTerm) -> bool:
    return any(form in common_words() for form in term.forms)


@lru_cache(maxsize=4096)
def _keys_of(title: str, headings: tuple[str, ...], language: str) -> frozenset[int]:
    return frozenset(term_key(term.text) for term in analyse("\n".join([title, *headings]), language))
