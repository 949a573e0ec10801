"""The lexical index: BM25 by tantivy over words that `retrieval.terms` made. Derived from the store, kept in a folder.

Every passage has a `body` and a `context` (its title and headings). Words arrive ready-made, so tantivy only splits at
spaces; queries are built from terms, never parsed, so nothing a person types is syntax.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.arrays import Floats, Ids
from retrieval.disk import link

_WRITER_BYTES = 30_000_000
_MOST_TERMS = 256  # of one question
_MUTABLE = (".json", ".lock")  # tantivy's files that change in place; segments never do


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage for the index: its words and those of its title and headings."""

    id: int
    document: int
    body: Sequence[str]
    context: Sequence[str]


class LexicalIndex:
    """A tantivy index. Searching is safe from several threads; one writer at a time."""

    def __init__(self, folder: Path | None) -> None:
        """Opens the index in `folder`, or a new one in memory. Raises ValueError where the folder holds no index."""
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("passage", fast=True, indexed=True)
        builder.add_unsigned_field("document", indexed=True)
        builder.add_text_field("body", tokenizer_name="terms", index_option="freq")
        builder.add_text_field("context", tokenizer_name="terms", index_option="freq")
        self._schema: Any = builder.build()
        self._index: Any = tantivy.Index(self._schema, path=None if folder is None else str(folder))
        self._index.config_reader(reload_policy="manual")  # else a thread reads files that change, mapped into memory
        spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("terms", spaces)
        self._searcher: Any = self._index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def change(self, removed_documents: Iterable[int], added: Iterable[IndexedPassage]) -> None:
        """Removes every passage of some documents, adds others, and waits until all is on the disk. Raises OSError."""
        try:
            self._change(removed_documents, added)
        except ValueError as error:  # tantivy's word for all that can go wrong
            raise OSError(errno.EIO, " ".join(str(error).split())[:200]) from error

    def _change(self, removed_documents: Iterable[int], added: Iterable[IndexedPassage]) -> None:
        import tantivy

        writer = self._index.writer(heap_size=_WRITER_BYTES, num_threads=1)
        removed = list(removed_documents)
        if removed:
            writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "document", removed))
        for one in added:
            row = tantivy.Document()
            row.add_unsigned("passage", one.id)
            row.add_unsigned("document", one.document)
            row.add_text("body", " ".join(one.body))
            row.add_text("context", " ".join(one.context))
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(
        self, terms: Sequence[str], count: int, context_boost: float, documents: Collection[int] | None = None
    ) -> tuple[Ids, Floats]:
        """The `count` best passage ids and their BM25 scores, best first; only in `documents` where given."""
        from tantivy import Occur, Query

        if not terms or not len(self) or (documents is not None and not documents):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        parts: list[tuple[Any, Any]] = []
        for term in dict.fromkeys(terms[:_MOST_TERMS]):
            parts.append((Occur.Should, Query.term_query(self._schema, "body", term, "freq")))
            context = Query.term_query(self._schema, "context", term, "freq")
            parts.append((Occur.Should, Query.boost_query(context, context_boost)))
        query = Query.boolean_query(parts)
        if documents is not None:
            chosen = Query.const_score_query(Query.term_set_query(self._schema, "document", list(documents)), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, chosen)])
        hits = self._searcher.search(query, count, count=False).hits
        ids = self._searcher.fast_field_values("passage", [address for _, address in hits])
        return np.array(ids, np.int64), np.array([score for score, _ in hits], np.float32)

    def near(self, term: str, edits: int, count: int) -> Ids:
        """Some `count` passages with a term that is at most `edits`, 1 or 2, from this one; a swap counts as one."""
        from tantivy import Query

        query = Query.fuzzy_term_query(self._schema, "body", term, edits)
        hits = self._searcher.search(query, count, count=False).hits
        return np.array(self._searcher.fast_field_values("passage", [address for _, address in hits]), np.int64)

    def known(self, terms: Iterable[str]) -> list[str]:
        """Those of `terms` in any passage, title or heading; some may be of passages that are removed by now."""
        frequency = self._searcher.doc_freq
        return [term for term in terms if frequency("body", term) or frequency("context", term)]

    def document_frequency(self, term: str) -> int:
        """How many passages hold `term` in their body; tantivy's own number would still count removed ones."""
        from tantivy import Query

        return int(self._searcher.search(Query.term_query(self._schema, "body", term, "freq"), 1, count=True).count)

    def is_in_context(self, term: str) -> bool:
        """Whether `term` stands in a title or a heading over a passage that is not removed."""
        from tantivy import Query

        return bool(self._searcher.search(Query.term_query(self._schema, "context", term, "freq"), 1).hits)


def copy_index(source: Path, target: Path) -> None:
    """Makes `target` an index of its own that shares the unchanging segment files of `source`."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix in _MUTABLE:
            shutil.copy2(file, target / file.name)
        else:
            link(file, target / file.name)


def passages_on_disk(folder: Path) -> tuple[int, int]:
    """How many of an index's passages are removed but still take room, and how many do. Raises OSError, ValueError."""
    segments = json.loads((folder / "meta.json").read_text("utf-8"))["segments"]
    removed = sum(int((one["deletes"] or {}).get("num_deleted_docs", 0)) for one in segments)
    return removed, sum(int(one["max_doc"]) for one in segments)
