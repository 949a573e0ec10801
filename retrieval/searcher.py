"""The seam between finding and ranking: candidates, passages and word counts of one generation.

Ranking knows nothing of SQLite, FAISS or tantivy; whatever offers these few methods can stand behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from retrieval.arrays import Floats, Ids
from retrieval.filtering import let_through
from retrieval.indexes import Indexes
from retrieval.rows import Entry
from retrieval.store import Store
from retrieval.types import Filter, Span

Worded = tuple[Ids, Floats]  # passages found by their words, and their BM25 scores, best first

_KEPT_ENTRIES = 1000  # some ten megabytes
_KEPT_FILTERS = 16
_KEPT_FREQUENCIES = 65_536


@dataclass(frozen=True)
class Candidates:
    """Passages that may answer: ids `[n]`, cosines to the question `[n]` and BM25 scores `[n]`, 0 where unknown."""

    ids: Ids
    cosines: Floats
    bm25: Floats


@dataclass(frozen=True)
class Searcher:
    """One generation of a library, ready to be asked. Safe to use from several threads."""

    store: Store
    indexes: Indexes
    languages: frozenset[str] = field(default_factory=frozenset)

    @property
    def generation(self) -> int:
        """The generation that answers."""
        return self.indexes.generation

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return len(self.indexes.dense)

    @cached_property
    def _known(self) -> dict[int, Entry]:
        """Passages that were read lately; those that were read first go first."""
        return {}

    @cached_property
    def _frequencies(self) -> dict[str, int]:
        """In how many passages the terms of late stand."""
        return {}

    @cached_property
    def _filtered(self) -> dict[Filter, tuple[set[int], Ids]]:
        """What the filters of late let through."""
        return {}

    def document_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        known = self._frequencies.get(term)
        if known is None:
            if len(self._frequencies) >= _KEPT_FREQUENCIES:
                self._frequencies.clear()
            known = self._frequencies[term] = self.indexes.lexical.document_frequency(term)
        return known

    def is_in_context(self, term: str) -> bool:
        """Whether a term stands in a title or a heading."""
        return self.indexes.lexical.is_in_context(term)

    def is_about(self, term: str) -> bool:
        """Whether a term stands in a title or a heading, or is the year that a document is dated."""
        return self.is_in_context(term) or (term.isdigit() and term in self._years)

    @cached_property
    def _years(self) -> frozenset[str]:
        return frozenset(row.date[:4] for row in self.store.documents() if row.date)

    def known(self, terms: Iterable[str]) -> list[str]:
        """Those of `terms` that a passage, a title or a heading may hold; quick, for hundreds of them."""
        return self.indexes.lexical.known(terms)

    def passages_with(self, forms: Sequence[str], count: int) -> list[Entry]:
        """The `count` best passages by one of these terms."""
        return self.entries(self.indexes.lexical.search(forms, count, 0.0)[0].tolist())

    def passages_near(self, term: str, edits: int, count: int) -> list[Entry]:
        """Some `count` passages that hold a term at most `edits` from this one."""
        return self.entries(self.indexes.lexical.near(term, edits, count).tolist())

    def best_by_words(self, terms: Sequence[str], count: int, where: Filter) -> Worded:
        """The `count` best passages by BM25 on these terms. Raises QuestionError for a filter that matches nothing."""
        documents, _ = self._allowed(where)
        return self.indexes.lexical.search(terms, count, 1.0, documents)

    def candidates(self, vector: Floats, worded: Worded, count: int, where: Filter) -> Candidates:
        """The `count` nearest passages by vector, and those that were found by words, together."""
        _, allowed = self._allowed(where)
        near, cosines = self.indexes.dense.search(vector, count, allowed)
        by_words = dict(zip(*(one.tolist() for one in worded), strict=True))
        others = np.array(list(by_words.keys() - set(near.tolist())), np.int64)
        ids = np.concatenate([near, others])
        cosines = np.concatenate([cosines, self.indexes.dense.vectors(others) @ vector])
        order = np.argsort(ids)  # what ties is in one order however it was found
        ids = ids[order]
        return Candidates(ids, cosines[order], np.array([by_words.get(i, 0.0) for i in ids.tolist()], np.float32))

    @cached_property
    def average_words(self) -> float:
        """The average number of words of a passage."""
        return self.store.average_words()

    def text(self, document: int, span: Span) -> str:
        """A slice of a document's text."""
        return self.store.text(document, span)

    def sentences_around(self, entry: Entry, reach: Span) -> list[Span]:
        """The sentences within `reach` of a passage and of some before and behind it under the same headings."""
        return self.store.sentences_around(entry.id, entry.document.id, reach)

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """The passages with these ids, in their order, without those that are gone."""
        known = {i: entry for i in ids if (entry := self._known.get(i)) is not None}
        for entry in self.store.entries([i for i in ids if i not in known]):
            known[entry.id] = self._known[entry.id] = entry
        for oldest in list(self._known)[: max(len(self._known) - _KEPT_ENTRIES, 0)]:
            self._known.pop(oldest, None)
        return [known[i] for i in ids if i in known]

    def holds(self, document: int, forms: Sequence[str]) -> bool:
        """Whether a document has one of these terms anywhere in its passages."""
        return bool(len(self.indexes.lexical.search(forms, 1, 1.0, {document})[0]))

    def count_documents(self, where: Filter) -> int:
        """How many documents a filter lets through. Raises QuestionError where it is none."""
        documents, _ = self._allowed(where)
        return len(self.store.documents()) if documents is None else len(documents)

    def _allowed(self, where: Filter) -> tuple[set[int] | None, Ids | None]:
        """The documents and the passages that a filter lets through; None for all. Raises QuestionError."""
        if not where:
            return None, None
        known = self._filtered.get(where)
        if known is None:
            documents = {row.id for row in let_through(self.store.documents(), where)}
            known = documents, self.store.passage_ids(documents)
            if len(self._filtered) >= _KEPT_FILTERS:
                self._filtered.clear()
            self._filtered[where] = known
        return known
