"""Fits the coefficients of ranking and confidence: `python benchmarks/fit.py SETS --work FOLDER`.

SETS is a folder with the question sets `wiki-train` and `tales-train`; nothing else is looked at. Ranking weights make
the passage that holds the answer the likeliest of a question's candidates (softmax, as in ListNet, Cao et al. 2007);
sentence weights do the same among the sentences of that passage. Confidence is a logistic regression of whether the
first excerpt covers the answer, over libraries that hold the answer's document, or not, or all of it but the paragraph
that was asked about, and of questions in which a name was exchanged for one of another question, which nothing answers.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.sets import library_over
from retrieval import coefficients as package
from retrieval.answering import confidence_features, window
from retrieval.embedding import Embedder, open_embedder
from retrieval.library import Library
from retrieval.measures import FEATURES, SENTENCE_FEATURES
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.ranking import Hit, measured, prepare, rank
from retrieval.settings import EmbeddingSettings
from retrieval.store import Entry
from retrieval.terms import analyse
from retrieval.types import Filter

Floats = NDArray[np.float64]

_PER_SET = 3000
_COMMON_SHARE = 0.005
_CHARACTERS = 500
_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+(?: [A-Z]\w+)*|\b[12]\d{3}\b")  # capitalised within a question, or a year


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for the libraries, kept between runs")
    parser.add_argument("--only-confidence", action="store_true", help="keep the ranking weights as they are")
    arguments = parser.parse_args()
    embedder = open_embedder(EmbeddingSettings(), arguments.work / "model")
    fitter = _Fitter(arguments.sets, arguments.work, embedder)
    if not arguments.only_confidence:
        _write_common_words(fitter.open("wiki-train"), fitter.open("tales-train"))
        package.common_words.cache_clear()
        fitter.ranking()
        package.coefficients.cache_clear()
    fitter.confidence()


@dataclass(frozen=True, slots=True)
class _Fitter:
    sets: Path
    work: Path
    embedder: Embedder

    def open(self, name: str, only: Sequence[str] | None = None, label: str = "whole") -> Library:
        return library_over(self.sets / name, self.work / name / label, self.embedder, only)

    def ranking(self) -> None:
        """Fits the ranking and the sentence weights."""
        groups: list[tuple[Floats, NDArray[np.bool_]]] = []
        sentence_groups: list[tuple[Floats, NDArray[np.bool_]]] = []
        for name in ("wiki-train", "tales-train"):
            questions = _questions(self.sets / name)
            with self.open(name) as library:
                for passages, sentences in _training_rows(library, self.embedder, sample(questions, _PER_SET)):
                    groups.append(passages)
                    if sentences is not None:
                        sentence_groups.append(sentences)
        record = _read()
        record["ranking"] = dict(zip(FEATURES, _rounded(_fit_softmax(groups)), strict=True))
        record["sentence"] = dict(zip(SENTENCE_FEATURES, _rounded(_fit_softmax(sentence_groups)), strict=True))
        zeros = dict.fromkeys([*package.CONFIDENCE_FEATURES, "bias"], 0.0)
        record.setdefault("confidence", zeros)  # until it is fitted, on what the new ranking ranks
        record["ranking_from"] = f"{len(groups)} questions of wiki-train and tales-train; benchmarks/fit.py"
        _write(record)

    def confidence(self) -> None:
        """Fits the confidence."""
        rows: list[tuple[NDArray[np.float32], bool]] = []
        for name, count in (("wiki-train", 3000), ("tales-train", 1500)):
            questions = sample(_questions(self.sets / name), count)
            names = {str(q.document) for q in questions}
            with self.open(name, sorted(half(names)), "half") as library:
                asked = [*questions, *_with_other_names(questions, questions, count // 4)]
                rows += list(_confidence_rows(library, self.embedder, asked))
        rows += list(self._small_libraries())
        values = np.array([row for row, _ in rows], np.float64)
        right = np.array([label for _, label in rows])
        weights, bias = _fit_logistic(values, right)
        record = _read()
        record["confidence"] = dict(zip(package.CONFIDENCE_FEATURES, _rounded(weights), strict=True)) | {
            "bias": round(bias, 4)
        }
        record["confidence_from"] = (
            f"{len(rows)} answers: half of wiki-train and of tales-train indexed and all their questions asked; "
            "libraries of one document, with and without the paragraph that was asked about; questions in which a name "
            "was exchanged; benchmarks/fit.py"
        )
        _write(record)

    def _small_libraries(self) -> Iterator[tuple[NDArray[np.float32], bool]]:
        """Libraries of one document each, asked about it, about what was taken out, and about other documents."""
        for name, documents, each in (("wiki-train", 13, 60), ("tales-train", 40, 12)):
            questions = _questions(self.sets / name)
            for document in sorted({str(q.document) for q in questions})[:documents]:
                own = sample([q for q in questions if q.document == document], each)
                others = sample([q for q in questions if q.document != document], each // 3)
                with self.open(name, [document], f"one-{document}") as library:
                    yield from _confidence_rows(library, self.embedder, [*own, *others])
                    yield from _confidence_rows(library, self.embedder, own[: each // 3], without_paragraph=True)
                    yield from _confidence_rows(library, self.embedder, _with_other_names(own, others, each // 3))


def _questions(folder: Path) -> list[EvalQuestion]:
    """The questions of a set that have a verbatim answer."""
    return [question for question in read_questions(folder / "questions.jsonl") if question.answers]


def _training_rows(
    library: Library, embedder: Embedder, questions: Sequence[EvalQuestion]
) -> Iterator[tuple[tuple[Floats, NDArray[np.bool_]], tuple[Floats, NDArray[np.bool_]] | None]]:
    """For each question whose answer is among the candidates: their measures, and those of the sentences around it."""
    searcher = library.searcher()
    for question in questions:
        prepared = prepare(question.text, embedder.encode_query(question.text), embedder.basis, searcher)
        found = measured(prepared, searcher, Filter())
        if found is None:
            continue
        entries, measures = found
        right = np.array([question.covered_by(e.document.path, e.passage.span) for e in entries])
        if not right.any() or right.all():
            continue
        yield (measures.passages.astype(np.float64), right), _sentence_rows(question, entries, measures, right)


def _sentence_rows(
    question: EvalQuestion, entries: Sequence[Entry], measures: Any, right: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]] | None:
    index = int(np.flatnonzero(right)[0])
    entry = entries[index]
    first, last = measures.first_sentence[index : index + 2]
    in_document = [answer.span for answer in question.answers if answer.doc == entry.document.path]
    touches = np.array([any(a.start < s.end and a.end > s.start for a in in_document) for s in entry.passage.sentences])
    if not touches.any() or touches.all():
        return None
    return measures.sentences[first:last].astype(np.float64), touches


def _confidence_rows(
    library: Library, embedder: Embedder, questions: Sequence[EvalQuestion], *, without_paragraph: bool = False
) -> Iterator[tuple[NDArray[np.float32], bool]]:
    searcher = library.searcher()
    for question in questions:
        prepared = prepare(question.text, embedder.encode_query(question.text), embedder.basis, searcher)
        hits = rank(prepared, searcher, Filter())
        if without_paragraph:
            hits = [hit for hit in hits if not _overlaps(question, hit)]
        if hits:
            span = window(hits[0], _CHARACTERS).span
            yield confidence_features(prepared, hits, searcher), question.covered_by(hits[0].entry.document.path, span)


def _with_other_names(
    questions: Sequence[EvalQuestion], others: Sequence[EvalQuestion], count: int
) -> list[EvalQuestion]:
    """Questions with their last name replaced by one from a question about another document: nothing answers them."""
    random = Random(1)
    names = [(other.document, match[0]) for other in others for match in _NAME.finditer(other.text)]
    made = []
    for question in questions:
        found = list(_NAME.finditer(question.text))
        document, name = random.choice(names) if names else (None, "")
        if found and document != question.document and name not in question.text:
            text = question.text[: found[-1].start()] + name + question.text[found[-1].end() :]
            made.append(replace(question, text=text, answers=()))
    return sample(made, count)


def _overlaps(question: EvalQuestion, hit: Hit) -> bool:
    gold, span = question.paragraph, hit.entry.passage.span
    if gold is None or gold.doc != hit.entry.document.path:
        return False
    return span.start < gold.span.end and span.end > gold.span.start


def _fit_softmax(groups: Sequence[tuple[Floats, NDArray[np.bool_]]], penalty: float = 1e-3) -> Floats:
    """Weights that maximise the probability of the right rows of each group, with a small L2 penalty."""
    spread = np.concatenate([rows for rows, _ in groups]).std(axis=0) + 1e-9
    sizes = [len(rows) for rows, _ in groups]
    rows = np.concatenate([rows for rows, _ in groups]) / spread
    right = np.concatenate([labels for _, labels in groups])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    group = np.repeat(np.arange(len(groups)), sizes)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = rows @ weights
        scores -= np.maximum.reduceat(scores, starts)[group]
        mass = np.exp(scores)
        all_mass = np.add.reduceat(mass, starts)
        right_mass = np.add.reduceat(mass * right, starts)
        slope = mass / all_mass[group] - mass * right / right_mass[group]
        value = -np.log(right_mass / all_mass).mean() + penalty * weights @ weights
        return float(value), rows.T @ slope / len(groups) + 2 * penalty * weights

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / spread, np.float64)


def _fit_logistic(values: Floats, right: NDArray[np.bool_], penalty: float = 1e-4) -> tuple[Floats, float]:
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    rows = np.hstack([(values - centre) / spread, np.ones((len(values), 1))])

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = rows @ weights
        value = np.logaddexp(0, logits).mean() - (logits * right).mean() + penalty * weights[:-1] @ weights[:-1]
        slope = rows.T @ (1 / (1 + np.exp(-logits)) - right) / len(rows)
        slope[:-1] += 2 * penalty * weights[:-1]
        return float(value), slope

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ centre)


def _write_common_words(*libraries: Library) -> None:
    """The share of passages in which each English stem stands, averaged over the sets."""
    shares: Counter[str] = Counter()
    for library in libraries:
        with library:
            texts = [row[2] for row in library.searcher().store.indexed()]
        counts = Counter(word for text in texts for word in {term.text for term in analyse(text, "en")})
        for word, count in counts.items():
            shares[word] += count / len(texts) / len(libraries)
    common = {word: round(share, 4) for word, share in shares.most_common() if share >= _COMMON_SHARE}
    path = package.PATH.with_name("common_words.json")
    path.write_text(json.dumps(common, ensure_ascii=False, indent=0) + "\n", "utf-8")


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _read() -> dict[str, Any]:
    return json.loads(package.PATH.read_text("utf-8")) if package.PATH.exists() else {}


def _write(record: dict[str, Any]) -> None:
    package.PATH.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
