"""Speed and memory as ratios against a baseline in the same run: `python benchmarks/speed.py SET [--work FOLDER]`.

SET is a folder with `docs/*.txt` and `questions.jsonl`. The baseline is what most people write: sentence-transformers
with FAISS. Absolute times depend on the machine; the ratios are what is compared.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from retrieval.embedding import open_embedder
from retrieval.library import Library
from retrieval.question_sets import EvalQuestion, read_questions, sample
from retrieval.settings import AnswerSettings, EmbeddingSettings, EngineSettings

_FILES = 2000
_QUESTIONS = 200
_COLD_RUNS = 5
T = TypeVar("T")

_ANSWERING = """
import sys
from pathlib import Path
from retrieval.library import Library
from retrieval.settings import EngineSettings
with Library.open(EngineSettings(seeds=Path(sys.argv[1]), library=Path(sys.argv[2]))) as library:
    for question in sys.stdin.read().splitlines():
        library.ask(question)
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("--work", type=Path, help="folder for the libraries, kept between runs")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        model = work / "model"
        open_embedder(EmbeddingSettings(), model)
        settings = EngineSettings(seeds=arguments.set / "docs", library=work / "speed")
        shutil.rmtree(settings.library, ignore_errors=True)
        shutil.copytree(model, settings.library / "model")
        questions = sample(read_questions(arguments.set / "questions.jsonl"), _QUESTIONS)
        _building(settings)
        _asking(settings, questions)
        _cold(settings)
        _unchanged(work, model)
        _memory(settings, questions)


def _building(settings: EngineSettings) -> None:
    """Building from nothing, the export aside, against `SentenceTransformer.encode` of the same passages."""
    from benchmarks.baselines import load_model

    with Library.open(settings) as library:
        seconds, report = _timed(library.sync)
        passages = [row[2] for row in library.searcher().store.indexed()]
    transformer = load_model()
    transformer.encode(passages[:32])
    baseline, _ = _timed(lambda: transformer.encode(passages))
    own, other = report.embedded / seconds, len(passages) / baseline
    print(f"build: {own:.0f} passages/s with reading, evidence and indexes; SentenceTransformer.encode {other:.0f}/s")
    print(f"  ratio {own / other:.2f} (≥ 1.5), {report.embedded} passages")


def _asking(settings: EngineSettings, questions: list[EvalQuestion]) -> None:
    """A warm question against encoding it with sentence-transformers and searching FAISS over paragraphs."""
    from benchmarks.baselines import Dense, load_model, paragraphs

    dense = Dense(paragraphs(sorted(settings.seeds.iterdir())), load_model())
    unread = settings.model_copy(update={"answer": AnswerSettings(read=0)})
    with Library.open(settings) as library, Library.open(unread) as plain:
        ways: dict[str, Callable[[str], object]] = {
            "own": plain.ask,
            "read": library.ask,
            "baseline": lambda text: dense.rank(dense.encode([text])[0], 3),
        }
        times: dict[str, list[float]] = {}
        for name, ask in ways.items():  # one after the other: threads of the baseline spin on when it has answered
            time.sleep(1)
            for question in questions[:20]:
                ask(question.text)
            times[name] = [_timed(lambda ask=ask, text=question.text: ask(text))[0] for question in questions]
    _compare("question without the reader", times["own"], times["baseline"], 0.5)
    _compare("question with the reader", times["read"], times["baseline"])


def _cold(settings: EngineSettings) -> None:
    """A whole `seedbot ask` on a built library against importing sentence-transformers, in turn."""
    where = ["--seeds", str(settings.seeds), "--library", str(settings.library)]
    ask = [str(Path(sys.executable).with_name("seedbot")), "ask", "Who was it?", *where]
    imported = [sys.executable, "-c", "import sentence_transformers"]
    own, baseline = [], []
    for _ in range(_COLD_RUNS):
        own.append(_timed(lambda: subprocess.run(ask, capture_output=True))[0])
        baseline.append(_timed(lambda: subprocess.run(imported, capture_output=True, check=True))[0])
    _compare("cold ask", own, baseline, 0.25)


def _compare(what: str, own: list[float], baseline: list[float], wanted: float | None = None) -> None:
    first, second = statistics.median(own), statistics.median(baseline)
    ratio = f"ratio {first / second:.2f}" + ("" if wanted is None else f" (≤ {wanted})")
    print(f"{what}: median {first * 1000:.1f} ms against {second * 1000:.1f} ms; {ratio}")


def _unchanged(work: Path, model: Path) -> None:
    """A build with nothing changed over many files against the first."""
    seeds, folder = work / "many", work / "many-library"
    shutil.rmtree(seeds, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    seeds.mkdir(parents=True)
    for number in range(_FILES):
        words = " ".join(f"word{(number * 31 + i * 7) % 4999}" for i in range(60))
        (seeds / f"{number}.txt").write_text(f"Note {number} says: {words}.\n")
    shutil.copytree(model, folder / "model")
    time.sleep(2.5)  # files this fresh would be read again
    settings = EngineSettings(seeds=seeds, library=folder)
    with Library.open(settings) as library:
        first, _ = _timed(library.sync)
    with Library.open(settings) as library:
        again, report = _timed(library.sync)
    assert report.unchanged == _FILES
    print(f"nothing changed in {_FILES} files: {again:.3f} s against {first:.1f} s; 1/{first / again:.0f} (≤ 1/50)")


def _memory(settings: EngineSettings, questions: list[EvalQuestion]) -> None:
    asked = "\n".join(question.text for question in questions)
    command = [sys.executable, "-c", _ANSWERING, str(settings.seeds), str(settings.library)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    print(f"peak memory while answering: {float(done.stdout):.0f} MB (≤ 350)")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
