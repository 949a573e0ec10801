"""Quality on question sets, against baselines in the same run: `python benchmarks/quality.py SETS... [--sample N]`.

Each of SETS is a folder with `docs/*.txt` and `questions.jsonl`. Seedbot runs with its default settings and is judged
by its excerpts of at most 500 characters; the baselines (`benchmarks.baselines`) are judged by whole paragraphs. The
half-corpus test indexes a random half of the documents (fixed seed) and asks the same questions: those whose document
is missing have no answer there, and AUROC says how well the confidence, or the first score, tells them apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.baselines import Bm25, Dense, Paragraph, Ranked, best, load_model, paragraphs, weighted_sum
from benchmarks.sets import library_over
from retrieval.embedding import OnnxEmbedder, open_embedder
from retrieval.evaluation import DEPTH, auroc, evaluate, run
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.settings import EmbeddingSettings

_PARTS = ("dense", "BM25", "weighted sum")


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one set. Shares between 0 and 1; None where it was not measured."""

    set: str
    system: str
    hit_at_1: float
    hit_at_3: float
    mrr: float
    auroc: float | None
    coverage_at_95: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--sample", type=int, default=3000, help="questions of each set, drawn with a fixed seed")
    parser.add_argument("--work", type=Path, help="folder for the libraries, kept between runs")
    parser.add_argument("--within", action="store_true", help="ask each question in its gold document only")
    parser.add_argument("--without-baselines", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        embedder = open_embedder(EmbeddingSettings(), work / "model")
        rows: list[Row] = []
        for folder in arguments.sets:
            questions = _answerable(folder, arguments.sample)
            rows.append(_seedbot(folder, work, embedder, questions, within=arguments.within))
            if not arguments.without_baselines:
                rows += _baselines(folder, questions, within=arguments.within)
    if arguments.json:
        for row in rows:
            print(json.dumps({name: getattr(row, name) for name in Row.__slots__}))
    else:
        _show(rows)


def _answerable(folder: Path, count: int) -> list[EvalQuestion]:
    questions = [q for q in read_questions(folder / "questions.jsonl") if q.answerable and q.answers]
    if not questions:
        sys.exit(f"{folder} holds no question with a verbatim answer.")
    return sample(questions, count)


def _seedbot(folder: Path, work: Path, embedder: OnnxEmbedder, questions: list[EvalQuestion], *, within: bool) -> Row:
    whole = _asked(folder, work / folder.name / "whole", embedder, questions, None, within=within)
    names = half([path.name for path in (folder / "docs").iterdir()])
    halved = _asked(folder, work / folder.name / "half", embedder, questions, names, within=False)
    figures, halves = evaluate(whole, len(questions)).figures, evaluate(halved, len(questions)).figures
    return Row(
        folder.name,
        "Seedbot",
        figures["hit@1"].value or 0.0,
        figures["hit@3"].value or 0.0,
        figures["mrr"].value or 0.0,
        halves["auroc"].value,
        halves["coverage@95"].value,
    )


def _asked(
    folder: Path,
    work: Path,
    embedder: OnnxEmbedder,
    questions: list[EvalQuestion],
    only: set[str] | None,
    *,
    within: bool,
) -> list:
    with library_over(folder, work, embedder, only) as library:
        documents = frozenset(one.path for one in library.documents())
        return run(questions, documents, lambda text, where: library.ask(text, top=DEPTH, where=where), within=within)


def _baselines(folder: Path, questions: Sequence[EvalQuestion], *, within: bool) -> Iterator[Row]:
    files = sorted((folder / "docs").iterdir())
    names = half([path.name for path in files])
    model = load_model()
    dense = Dense(paragraphs(files), model)
    vectors = dense.encode([question.text for question in questions])
    whole = _rank_all(paragraphs(files), dense.vectors, questions, vectors, within=within)
    kept = [i for i, one in enumerate(paragraphs(files)) if one.document in names]
    of_half = [paragraphs(files)[i] for i in kept]
    halved = _rank_all(of_half, dense.vectors[kept], questions, vectors, within=False)
    for part in _PARTS:
        ranks = np.array([_rank(q, one[part]) for q, one in zip(questions, whole, strict=True)])
        scores = np.array([one[part].score for one in halved])
        there = np.array([q.document in names for q in questions])
        yield Row(
            folder.name,
            part,
            round(float((ranks == 1).mean()), 4),
            round(float(((ranks > 0) & (ranks <= 3)).mean()), 4),
            round(float(np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0).mean()), 4),
            round(auroc(scores[there], scores[~there]), 4),
            None,
        )


def _rank_all(
    found: list[Paragraph],
    passages: np.ndarray,
    questions: Sequence[EvalQuestion],
    vectors: np.ndarray,
    *,
    within: bool,
) -> list[dict[str, Ranked]]:
    bm25 = Bm25(found)
    documents = np.array([one.document for one in found])
    ranked = []
    for question, vector in zip(questions, vectors, strict=True):
        cosines, words = passages @ vector, bm25.scores(question.text)
        if within:
            outside = documents != question.document
            cosines, words = np.where(outside, -1, cosines), np.where(outside, 0, words)
        scores = {"dense": cosines, "BM25": words, "weighted sum": weighted_sum(cosines, words)}
        ranked.append({part: best(found, values, DEPTH) for part, values in scores.items()})
    return ranked


def _rank(question: EvalQuestion, ranked: Ranked) -> int:
    for place, one in enumerate(ranked.paragraphs, 1):
        if question.covered_by(one.document, one.span):
            return place
    return 0


def _show(rows: Sequence[Row]) -> None:
    table = Table("set", "system")
    number: Callable[[float | None], str] = lambda value: "" if value is None else f"{value:.3f}"  # noqa: E731 - one line
    for name in ("hit@1", "hit@3", "MRR", "half-corpus AUROC", "answered at 95%"):
        table.add_column(name, justify="right")
    for row in rows:
        values = (row.hit_at_1, row.hit_at_3, row.mrr, row.auroc, row.coverage_at_95)
        style = "bold" if row.system == "Seedbot" else ""
        table.add_row(row.set, row.system, *map(number, values), style=style)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
