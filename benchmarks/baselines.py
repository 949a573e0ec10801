"""What most people write, on paragraphs: sentence-transformers with FAISS, BM25, and the weighted sum of their scores.

A paragraph is what stands between blank lines; it is embedded as a whole, cut off where the model stops reading, and
returned as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.arrays import Floats
from retrieval.types import Span

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


_PARAGRAPH = re.compile(r"\S.*?(?=\n\s*\n|\s*\Z)", re.DOTALL)
_QUESTION_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph and its place."""

    document: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """The first paragraphs for a question, best first, and the score of the first."""

    paragraphs: tuple[Paragraph, ...]
    score: float


def paragraphs(documents: Sequence[Path]) -> list[Paragraph]:
    """The paragraphs of text files, in order."""
    found = []
    for path in documents:
        text = path.read_bytes().decode("utf-8")
        found += [Paragraph(path.name, Span(*match.span()), match.group()) for match in _PARAGRAPH.finditer(text)]
    return found


def load_model() -> SentenceTransformer:
    """The default model in sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer

    from retrieval.models import DEFAULT_MODEL, locate

    return SentenceTransformer(locate(DEFAULT_MODEL), device="cpu")


class Dense:
    """Sentence-transformers and a flat FAISS index."""

    def __init__(self, found: Sequence[Paragraph], model: SentenceTransformer) -> None:
        import faiss

        self._paragraphs, self._model = found, model
        self.vectors: Floats = model.encode([one.text for one in found], normalize_embeddings=True)
        self._index: Any = faiss.IndexFlatIP(self.vectors.shape[1])
        self._index.add(self.vectors)

    def encode(self, questions: Sequence[str]) -> Floats:
        """The vectors of questions, `[q, d]`."""
        return np.asarray(self._model.encode(list(questions), normalize_embeddings=True), np.float32)

    def rank(self, vector: Floats, depth: int) -> Ranked:
        """The nearest paragraphs of one question vector `[d]`."""
        scores, ids = self._index.search(vector[None], depth)
        return Ranked(tuple(self._paragraphs[i] for i in ids[0] if i >= 0), float(scores[0][0]))


class Bm25:
    """Tantivy with its English stemmer."""

    def __init__(self, found: Sequence[Paragraph]) -> None:
        import tantivy

        self._paragraphs = found
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("number", stored=True, fast=True)
        builder.add_text_field("body", tokenizer_name="en_stem")
        self._index: Any = tantivy.Index(builder.build())
        writer = self._index.writer(heap_size=50_000_000, num_threads=1)
        for number, one in enumerate(found):
            row = tantivy.Document()
            row.add_unsigned("number", number)
            row.add_text("body", one.text)
            writer.add_document(row)
        writer.commit()
        self._index.reload()
        self._searcher: Any = self._index.searcher()

    def scores(self, question: str, depth: int = 100) -> Floats:
        """The BM25 score of every paragraph, `[p]`; 0 beyond the first `depth`."""
        query, _ = self._index.parse_query_lenient(" ".join(_QUESTION_WORD.findall(question)), ["body"])
        found = np.zeros(len(self._paragraphs), np.float32)
        hits = self._searcher.search(query, depth).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        found[np.array(numbers, np.intp)] = [score for score, _ in hits]
        return found

    def rank(self, scores: Floats, depth: int) -> Ranked:
        """The best paragraphs by `scores`."""
        return best(self._paragraphs, scores, depth)


def weighted_sum(cosines: Floats, bm25: Floats) -> Floats:
    """The cosine and BM25 scaled by its best score, `[p]`."""
    return np.asarray(cosines + bm25 / max(float(bm25.max(initial=0.0)), 1e-6), np.float32)


def best(found: Sequence[Paragraph], scores: Floats, depth: int) -> Ranked:
    """The first paragraphs by score."""
    order = np.argsort(-scores, kind="stable")[:depth]
    return Ranked(tuple(found[i] for i in order), float(scores[order[0]]))
