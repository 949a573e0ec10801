"""Quality on question sets, against baselines in the same run: `python -m benchmarks.quality SETS... [--sample N]`.

Each of SETS is a folder with `docs/*.txt` and `questions.jsonl`. Seedbot runs with its default settings, and once more
without the reader, and is judged by its excerpts of at most 500 characters; the baselines (`benchmarks.baselines`) are
judged by whole paragraphs. The half-corpus test indexes a random half of the documents (fixed seed) and asks the same
questions: those whose document is missing have no answer there, and AUROC says how well the confidence, or the first
score, tells them apart. "At 95%" is the share answered at a cut that is chosen on these very answers, so that 95% of
them are right; "answered" and "right of these" are what the settings' own cut gives. "Own" is AUROC for the questions
that the set itself marks as unanswerable. Calibration error is that of the half-corpus answers. Intervals hold 95%, by
bootstrap over questions.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.baselines import Bm25, Dense, Paragraph, Ranked, best, load_model, paragraphs, weighted_sum
from benchmarks.perturbed import PERTURBATIONS
from benchmarks.sets import library_over, question_set
from retrieval.calibration import expected_calibration_error, reliability
from retrieval.embedding import OnnxEmbedder, open_embedder
from retrieval.evaluation import DEPTH, Figure, Outcome, auroc, evaluate, interval, run
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.settings import AnswerSettings, EmbeddingSettings

_PARTS = ("dense", "BM25", "weighted sum")
_AT_THE_CUT = {"answered": "answered", "right of these": "precision"}  # of the settings, by the names of `FIGURES`
_COLUMNS = ("hit@1", "hit@3", "highlight", "AUROC", "at 95%", *_AT_THE_CUT, "calibration error", "own AUROC", "ms")
_TIMED = 100  # questions of a baseline whose time is taken


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one set; `figures` by the names of `_COLUMNS`: shares between 0 and 1, median milliseconds."""

    set: str
    system: str
    figures: dict[str, Figure]


def main() -> None:
    """Reads the command line, measures, and prints one table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__.split(":")[0] + ".",
        epilog=__doc__.partition("\n\n")[2],
    )
    parser.add_argument("sets", type=question_set, nargs="+", help="folders with docs/*.txt and questions.jsonl")
    parser.add_argument("--sample", type=int, default=3000, help="questions of each set, drawn with a fixed seed")
    parser.add_argument("--work", type=Path, help="folder for the libraries, kept between runs")
    parser.add_argument("--within", action="store_true", help="ask each question in its gold document only")
    parser.add_argument("--held-out", action="store_true", help="only documents that the reader was not trained on")
    parser.add_argument("--perturbed", action="store_true", help="ask mistyped copies of the questions too")
    parser.add_argument("--without-baselines", action="store_true")
    parser.add_argument("--without-reader", action="store_true", help="leave out the run without the reader")
    parser.add_argument("--reliability", type=Path, metavar="FILE", help="write the half-corpus bins as JSON lines")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        embedder = open_embedder(EmbeddingSettings(), work / "model")
        for folder in arguments.sets:
            judged = _Judged.of(folder, work, embedder, arguments.sample, arguments)
            rows += judged.seedbot("Seedbot", AnswerSettings(), arguments.reliability)
            if not arguments.without_reader:
                rows += judged.seedbot("without reader", AnswerSettings(read=0), None)
            if arguments.perturbed:
                rows += judged.perturbed()
            if not arguments.without_baselines:
                rows += judged.baselines()
    if arguments.json:
        for row in rows:
            print(json.dumps(asdict(row)))
    else:
        _show(rows)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A question set, as it is asked of every system."""

    folder: Path
    work: Path
    embedder: OnnxEmbedder
    answerable: list[EvalQuestion]
    deceiving: list[EvalQuestion]
    within: bool

    @classmethod
    def of(cls, folder: Path, work: Path, embedder: OnnxEmbedder, count: int, arguments: argparse.Namespace) -> _Judged:
        questions = read_questions(folder / "questions.jsonl")
        if arguments.held_out:
            from training.examples import held_out

            held = held_out(folder.name, sorted({str(q.document) for q in questions}))
            questions = [q for q in questions if q.document in held]
        answerable = sample([q for q in questions if q.answerable and q.answers], count)
        if not answerable:
            sys.exit(f"{folder} holds no question with a verbatim answer.")
        deceiving = sample([q for q in questions if not q.answerable], count)
        return cls(folder, work, embedder, answerable, deceiving, arguments.within)

    def seedbot(self, label: str, settings: AnswerSettings, bins: Path | None) -> Iterator[Row]:
        """Seedbot's own figures."""
        whole = self._asked("whole", [*self.answerable, *self.deceiving], None, settings)
        found = evaluate(whole, len(whole)).figures
        figures = {"hit@1": found["hit@1"], "hit@3": found["hit@3"], "highlight": found["highlight_accuracy"]}
        if self.deceiving:
            figures["own AUROC"] = found["auroc"]
        figures["ms"] = Figure(round(float(np.median([one.milliseconds for one in whole])), 1))
        if not self.within:
            names = half([path.name for path in (self.folder / "docs").iterdir()])
            halved = self._asked("half", self.answerable, names, settings)
            of_half = evaluate(halved, len(halved)).figures
            sure = np.array([one.confidence for one in halved])
            right = np.array([one.rank == 1 for one in halved])
            error = interval(lambda rows: expected_calibration_error(sure[rows], right[rows]), len(halved))
            figures |= {"AUROC": of_half["auroc"], "at 95%": of_half["coverage@95"], "calibration error": error}
            figures |= {shown: of_half[name] for shown, name in _AT_THE_CUT.items()}
            if bins is not None:
                line = {"set": self.folder.name, "bins": reliability(sure, right)}
                with bins.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        yield Row(self.folder.name, label, figures)

    def perturbed(self) -> Iterator[Row]:
        """Seedbot asked the same questions as people mistype them."""
        for name, change in PERTURBATIONS.items():
            chance = Random(1)
            asked = [replace(q, text=change(q.text, chance)) for q in self.answerable]
            found = evaluate(self._asked("whole", asked, None, AnswerSettings()), len(asked)).figures
            yield Row(self.folder.name, f"Seedbot, {name}", {name: found[name] for name in ("hit@1", "hit@3")})

    def _asked(
        self, label: str, questions: list[EvalQuestion], only: set[str] | None, settings: AnswerSettings
    ) -> list[Outcome]:
        work = self.work / self.folder.name / label
        with library_over(self.folder, work, self.embedder, only, settings) as library:
            documents = frozenset(one.path for one in library.documents())
            ask: Callable = lambda text, where: library.ask(text, top=DEPTH, where=where)  # noqa: E731 - one line
            return run(questions, documents, ask, within=self.within)

    def baselines(self) -> Iterator[Row]:
        """What others get, by whole paragraphs."""
        questions, files = self.answerable, sorted((self.folder / "docs").iterdir())
        found, names = paragraphs(files), half([path.name for path in files])
        dense = Dense(found, load_model())
        vectors = dense.encode([question.text for question in questions])
        whole = _rank_all(found, dense.vectors, questions, vectors, within=self.within)
        kept = [i for i, one in enumerate(found) if one.document in names]
        halved = _rank_all([found[i] for i in kept], dense.vectors[kept], questions, vectors, within=False)
        there = np.array([q.document in names for q in questions])
        times = [_timed(lambda q=q: dense.rank(dense.encode([q.text])[0], 3)) for q in questions[:_TIMED]]
        for part in _PARTS:
            ranks = np.array([_rank(q, one[part]) for q, one in zip(questions, whole, strict=True)])
            scores = np.array([one[part].score for one in halved])
            figures = {
                "hit@1": _share(ranks == 1),
                "hit@3": _share((ranks > 0) & (ranks <= 3)),
            }
            if not self.within:
                figures["AUROC"] = interval(_auroc_of(scores, there), len(scores))
            if part == "dense":
                figures["ms"] = Figure(round(float(np.median(times)), 1))
            yield Row(self.folder.name, part, figures)


def _share(values: np.ndarray) -> Figure:
    return interval(lambda rows: float(values[rows].mean()), len(values))


def _auroc_of(scores: np.ndarray, there: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda rows: auroc(scores[rows][there[rows]], scores[rows][~there[rows]])


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


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
    table = Table("set", "system", box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [name for name in _COLUMNS if any(name in row.figures for row in rows)]
    for name in shown:
        table.add_column(name, justify="right")
    for row in rows:
        cells = [_cell(name, row.figures.get(name)) for name in shown]
        table.add_row(row.set, row.system, *cells, style="bold" if row.system == "Seedbot" else "")
    Console(width=190).print(table)


def _cell(name: str, figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return ""
    if name == "ms":
        return f"{figure.value:.1f}"
    return f"{figure.value:.3f}" + ("" if figure.low is None else f" {figure.low:.2f}–{figure.high:.2f}")


if __name__ == "__main__":
    main()
