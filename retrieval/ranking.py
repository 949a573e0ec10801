"""Candidates to ordered hits: every measure of a passage, weighed and added up; then the best are read.

The weights were fitted (`retrieval.coefficients`), so that the right passage of a training question comes first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.coefficients import Coefficients
from retrieval.embedding import Embedder
from retrieval.evidence import pool_words, term_key, unit
from retrieval.function_words import functional, general_share, is_contraction
from retrieval.measures import FEATURES, Measures, Query, measure
from retrieval.other_forms import in_all_forms
from retrieval.reader import LANGUAGE, Reader, Reading
from retrieval.rows import Entry
from retrieval.searcher import Searcher, Worded
from retrieval.spelling import is_name, respell
from retrieval.terms import QueryTerm, analyse, is_capital
from retrieval.types import Correction, Filter

Floats = NDArray[np.float32]

_PER_INDEX = 60  # candidates asked of each index
_MEASURED = 30  # best of them by the sum of cosine and BM25, whose evidence is read; of these
_NEAR = 0.7  # those whose sum is at most so far below the best, since what is further hardly ever comes out ahead;
_FEWEST = 8  # so many at least, and more where more are asked for
_AHEAD = 20  # of those found by words, read while the question is encoded, where BM25 gives them
_LIKELY = 0.5  # of what it gives the first
_LEAD = 0.2  # of the best that was read before the next that is not, from which no more are read
_TELLING = 4  # characters of the shortest word whose absence is worth a mention
_EVERYDAY = 0.02  # share of passages of general text from which a word is taken for no name
_MOST_NAMES = 16  # of one question without capitals
_ASKED = re.compile(r"\w+(?:'\w+)?")
_ASKING = frozenset(
    {"what", "who", "whom", "whose", "when", "where", "which", "how", "why", "does", "did", "the", "there", "with"}
    | {"should", "would", "could", "from", "this", "that", "about"}
)
"""Words of an English question that mean nothing in most other languages."""

_PRIOR_PASSAGES = 200  # how many passages of general text the counts of a library are mixed with


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage. `measures` is `[FEATURES]`; `sentences` `[s]` rates each sentence, in logits.

    `score` orders hits; `reading` is what the reader made of the passage, where it was read. `gain` is what that added
    to the score, or that others were read and it was not.
    """

    entry: Entry
    score: float
    measures: Floats
    sentences: Floats
    reading: Reading | None = None
    gain: float = 0.0


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
    worded = searcher.best_by_words(forms, _PER_INDEX, where)
    counts = [sum(searcher.document_frequency(form) for form in term.forms) for term in terms]
    shares = [general_share(text, term) for term in terms]
    weights = np.array([_rarity(s, c, searcher.passages) for s, c in zip(shares, counts, strict=True)], np.float32)
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
    query = Query(keys, weights, words, encoded.vector)
    return Question(
        text, terms, query, named, absent, corrected, tuple(dict.fromkeys(missing)), read_as.corrections, where, worded
    )


def measured(
    question: Question, searcher: Searcher, least: int = 0, *, further: bool = False
) -> tuple[list[Entry], Measures] | None:
    """The candidates near the best by the sum of cosine and BM25, at least 8 or `least` of them, with their measures;
    with `further` those of the 30 best that are not among them. None where there are none.
    """
    found = searcher.candidates(question.query.vector, question.worded, _PER_INDEX, question.where)
    fused = found.cosines + found.bm25 / max(float(found.bm25.max(initial=0.0)), 1e-6)
    near = max(int((fused >= fused.max(initial=0.0) - _NEAR).sum()), _FEWEST, least)
    best = np.argsort(-fused, kind="stable")[:_MEASURED]
    best = best[near:] if further else best[:near]
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


def rank(question: Question, searcher: Searcher, weights: Coefficients, least: int = 0) -> list[Hit]:
    """The best passages for a question, best first: those near the best, and at least 8 or `least`."""
    return _ranked(measured(question, searcher, least), weights)


def rank_further(
    question: Question, searcher: Searcher, weights: Coefficients, found: Sequence[Hit], most: float
) -> list[Hit]:
    """More passages to stand behind those that `rank` found, with scores of `most` at most; 30 with them."""
    more = _ranked(measured(question, searcher, len(found), further=True), weights)
    known = {hit.entry.id for hit in found}  # a passage that went meanwhile moves the rest up
    return [replace(hit, score=min(hit.score, most)) for hit in more if hit.entry.id not in known]


def _ranked(found: tuple[list[Entry], Measures] | None, weights: Coefficients) -> list[Hit]:
    if found is None:
        return []
    entries, measures = found
    scores = measures.passages @ weights.ranking / weights.best_ranking
    sentences = measures.sentences @ weights.sentence
    first = measures.first_sentence
    order = np.argsort(-scores, kind="stable").tolist()
    return [Hit(entries[i], float(scores[i]), measures.passages[i], sentences[first[i] : first[i + 1]]) for i in order]


def met(question: Question, entry: Entry) -> NDArray[np.bool_]:
    """Which terms of the question stand in a passage, its title or its headings."""
    there = set(entry.evidence.keys.tolist()) | context_keys(entry)
    return np.array([any(key in there for key in keys) for keys in question.query.keys], bool)


def context_keys(entry: Entry) -> frozenset[int]:
    """The keys of the words of a passage's title and headings, and of the year that its document is dated."""
    year = (entry.document.date or "")[:4]
    return _keys_of(f"{entry.document.title}\n{year}", entry.passage.headings, entry.document.language)


def read(
    question: Question, hits: Sequence[Hit], reader: Reader, count: int, weights: Coefficients, most: int | None = None
) -> list[Hit]:
    """The hits with the best of them read and put in the order that ranking and reader together find best.

    They are read one after the other, half as many again as `count` but never more than `most`, until one leads the
    next by so much that this would hardly come out ahead. What was not read gains as much as the least of what was; a
    copy of what was read counts as read. Passages in another language than the reader's are not read, nor is a copy in
    a document that is in another; where one of the first is in another, nothing is read unless the question is in the
    reader's.
    """
    foreign = any(hit.entry.document.language != LANGUAGE for hit in hits[:count])
    scores: dict[str, float] = {}
    for hit in hits:
        if hit.entry.document.language == LANGUAGE:
            scores.setdefault(hit.entry.text, hit.score)
    texts = list(scores)[: count + (count + 1) // 2][:most]
    if not texts or (foreign and not _asks_in_english(question.text)):
        return list(hits)
    read_as: dict[str, tuple[Reading, float]] = {}
    best = -math.inf
    for text in texts:
        if best - scores[text] >= _LEAD:
            break
        (made,) = reader.read(question.text, [text])
        read_as[text] = made, gain(made, weights)
        best = max(best, scores[text] + read_as[text][1])
    unread = None, min(more for _, more in read_as.values())
    ordered = []
    for hit in hits:
        reading, more = read_as.get(hit.entry.text, unread) if hit.entry.document.language == LANGUAGE else unread
        ordered.append(replace(hit, score=hit.score + more, reading=reading, gain=more))
    return sorted(ordered, key=lambda hit: -hit.score)


def _asks_in_english(text: str) -> bool:
    """Whether a word of an English question begins the text, or stands in it without a capital."""
    words = [word.partition("'")[0] for word in _ASKED.findall(text.replace("\u2019", "'"))]
    first = [word.casefold() for word in words[:1] if not word.isupper() or text.isupper()]
    return not _ASKING.isdisjoint([*first, *words[1:]])


def gain(reading: Reading, weights: Coefficients) -> float:
    """What a reading adds to the score of a passage."""
    return float(np.array([reading.score, reading.span], np.float32) @ weights.reading)


def contributions(hit: Hit, weights: Coefficients) -> dict[str, float]:
    """What each measure, and the reader, added to the score of a hit."""
    added = (hit.measures * (weights.ranking / weights.best_ranking)).tolist()
    parts = {name: round(value, 4) for name, value in zip(FEATURES, added, strict=True)}
    parts["reader" if hit.reading is not None else "unread"] = round(hit.score - sum(added), 4)
    return parts


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


@lru_cache(maxsize=4096)
def _keys_of(title: str, headings: tuple[str, ...], language: str) -> frozenset[int]:
    return frozenset(term_key(term.text) for term in analyse("\n".join([title, *headings]), language))
