"""A question made ready for ranking: read as what it means, encoded, and its words weighed and told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Embedder
from retrieval.evidence import pool_words, term_key, unit
from retrieval.function_words import functional, general_share, is_contraction
from retrieval.measures import Query
from retrieval.other_forms import in_all_forms
from retrieval.searcher import Searcher, Worded
from retrieval.spelling import is_name, respell
from retrieval.terms import QueryTerm, is_capital
from retrieval.types import Correction, Filter

PER_INDEX = 60
"""So many candidates are asked of each index."""

_AHEAD = 20
"""So many of the passages that are found by words may be read from the library while the question is encoded."""

_LIKELY = 0.5
"""A passage found by words is read ahead where BM25 gives it at least this share of what it gives the first."""

_TELLING = 4
"""A word of at least so many characters says by itself what is missing."""

_EVERYDAY = 0.02
"""A word that stands in at least this share of the passages of general text is taken for no name."""

_MOST_NAMES = 16
"""At most so many words of a question without capitals are looked up, to see whether the documents write them so."""

_PRIOR_PASSAGES = 200
"""The counts of a library are mixed with those of so many passages of general text."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as ranking sees it; `text` is the one asked with its `corrections` made.

    `named[i]` says that term `i` is a name or a number, `absent[i]` that no document holds it, `corrected[i]` that
    another word was typed; `missing` are the absent terms that are names, numbers, or uncommon in their language, and
    no short words, as typed. `worded` are the passages that its words find among those that `where` lets through.
    """

    text: str
    terms: tuple[QueryTerm, ...]
    query: Query
    named: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    corrected: NDArray[np.bool_]
    missing: tuple[str, ...]
    corrections: tuple[Correction, ...]
    where: Filter
    worded: Worded


def prepare(typed: str, embedder: Embedder, searcher: Searcher, where: Filter) -> Question:
    """Encodes a question, analyses it in the languages of the library, and weighs its words by how rare they are there.

    Words that no document holds are read as those they are a misspelling of (`retrieval.spelling`). All that needs
    words alone is done while the question is encoded. Raises QuestionError for a filter that matches no document.
    """
    encoding = embedder.begin_query(typed)
    terms = in_all_forms(typed, searcher.languages)
    read_as = respell(typed, terms, searcher, embedder)
    text = read_as.text
    if text != typed:
        encoding, terms = embedder.begin_query(text), in_all_forms(text, searcher.languages)
    forms = [form for term in terms for form in term.forms]
    worded = searcher.best_by_words(forms, PER_INDEX, where)
    counts = [sum(searcher.document_frequency(form) for form in term.forms) for term in terms]
    shares = [general_share(text, term) for term in terms]
    idf = np.array([_rarity(s, c, searcher.passages) for s, c in zip(shares, counts, strict=True)], np.float32)
    keys = tuple(tuple(term_key(form) for form in term.forms) for term in terms)
    held = [count or any(map(searcher.is_about, term.forms)) for term, count in zip(terms, counts, strict=True)]
    absent = np.array([not one for one in held], bool)
    common = np.array(shares, np.float32) > 0
    capital = _capitals(text, terms) if _has_capitals(typed) else _written_with_capitals(text, terms, shares, searcher)
    named = _named(text, terms, common, capital)
    missing = _worth_a_mention(text, terms, absent & (named | ~common), capital & ~common)
    corrected = np.array([term.start in read_as.starts for term in terms], bool)
    ids, bm25 = worded
    searcher.entries(ids[:_AHEAD][bm25[:_AHEAD] >= _LIKELY * bm25.max(initial=0.0)].tolist())  # to be measured soon
    encoded = encoding()
    words = unit(pool_words(terms, encoded.tokens, encoded.offsets) @ embedder.basis)
    query = Query(keys, idf, words, encoded.vector)
    return Question(
        text, terms, query, named, absent, corrected, tuple(dict.fromkeys(missing)), read_as.corrections, where, worded
    )


def _rarity(share: float, count: int, passages: int) -> float:
    """Inverse document frequency, counting as if the library held some general text besides, which has the word in this
    share of its passages.
    """
    with_prior = min(count + share * _PRIOR_PASSAGES, passages + _PRIOR_PASSAGES)
    return float(np.log1p((passages + _PRIOR_PASSAGES - with_prior + 0.5) / (with_prior + 0.5)))


def _has_capitals(text: str) -> bool:
    return any(character.isupper() for character in text)


def _written_with_capitals(
    text: str, terms: Sequence[QueryTerm], shares: Sequence[float], searcher: Searcher
) -> NDArray[np.bool_]:
    """Which terms the documents mostly write with a capital, where they are no words of everyday English."""
    names: dict[tuple[str, ...], bool] = {}
    for term, share in zip(terms, shares, strict=True):
        lookup = share < _EVERYDAY and text[term.start].islower() and len(names) < _MOST_NAMES
        if lookup and term.forms not in names:
            names[term.forms] = is_name(term.forms, searcher)
    return np.array([names.get(term.forms, False) for term in terms], bool)


def _capitals(text: str, terms: Sequence[QueryTerm]) -> NDArray[np.bool_]:
    """Which terms are capitalised within a sentence, but for the "I" of whoever asks and contractions."""
    return np.array([is_capital(text, one.start, one.end) and not is_contraction(text, one) for one in terms], bool)


def _named(
    text: str, terms: Sequence[QueryTerm], common: NDArray[np.bool_], capital: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which terms have a capital or hold a digit.

    Only where most of the other words are common English ones: German writes every noun with a capital.
    """
    words = [text[term.start : term.end] for term in terms]
    digits = np.array([any(character.isdigit() for character in word) for word in words], bool)
    small = ~capital & ~digits
    if not small.any() or common[small].mean() < 0.5:
        return digits
    return np.asarray(capital | digits, bool)


def _worth_a_mention(
    text: str, terms: Sequence[QueryTerm], unknown: NDArray[np.bool_], name: NDArray[np.bool_]
) -> list[str]:
    """Those of the `unknown` words that say by themselves what is missing: long ones, those with a digit, and shorter
    ones in capitals or with the capital of a `name`; none that names nothing.
    """
    if not unknown.any():
        return []
    functions = functional(text, terms)
    words = ((text[terms[i].start : terms[i].end], bool(name[i])) for i in np.flatnonzero(unknown).tolist())
    return [w for w, is_name in words if _is_telling(w, is_name) and (w not in functions or w.isdigit())]


def _is_telling(word: str, is_name: bool) -> bool:
    if len(word) >= _TELLING or any(character.isdigit() for character in word):
        return True
    return len(word) > 1 and (is_name or word.isupper())
