"""Speed and memory as ratios against what most people write, sentence-transformers with FAISS, in the same run.

`python -m benchmarks.speed SET` measures the documents of a question set, a folder with `docs/*.txt` and
`questions.jsonl`. `python -m benchmarks.speed [SET] --passages 1e3 1e4 …` measures libraries of so many passages, of
text made from that of SET, or of the sample documents (`benchmarks.made_text`). Up to `--model-up-to` passages are
embedded by the model; above, their vectors are made without it (`benchmarks.made_vectors`), and how like real ones
these are is printed too. Each step is a process of its own. With `--json FILE` every size is a line there, and a size
that stands there is not measured again; with `--work FOLDER` a size that was interrupted goes on with the step it had
come to. Absolute times depend on the machine; the ratios are what is compared.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import growth, sizes
from benchmarks.flat import timed
from benchmarks.made_text import Model, texts_of
from benchmarks.sets import question_set
from retrieval.embedding import open_embedder
from retrieval.errors import SeedbotError
from retrieval.library import Library
from retrieval.question_sets import EvalQuestion, read_questions, sample
from retrieval.settings import AnswerSettings, EmbeddingSettings, EngineSettings

_ROOT = Path(__file__).resolve().parent.parent
_SEEDS = _ROOT / "seeds"
_FEWEST, _MOST = 100, 10_000_000  # passages
_FILES = 2000
_QUESTIONS = 200
_ROUNDS, _WARMING = 3, 20
_FIRST_QUESTIONS = (
    "Who was it?",
    "Who were the twenty-five thousand?",
    "What did Norway and its capital say?",
    "Who was the presidant?",
    "What does E-13 mean?",
    "Where did it begin? When did it end?",
    "How many people died?",
    "What colour has the harbor?",
)  # each loads or compiles something that is needed when it is first met: numbers, countries, codes and so on

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
    about, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=about, epilog=more)
    parser.add_argument(
        "set", type=Path, nargs="?", help="a question set, or with --passages any folder of English texts"
    )
    parser.add_argument("--passages", type=_count, nargs="+", metavar="N", help="sizes of library, as 1000 or 1e6")
    parser.add_argument("--questions", type=int, default=_QUESTIONS, help="how many are asked")
    parser.add_argument(
        "--model-up-to",
        type=_count,
        default=20_000,
        metavar="N",
        help="the largest size whose passages the model embeds",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to add a line for each size, and look first")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the libraries are kept between runs")
    arguments = parser.parse_args()
    if arguments.questions < 1:
        parser.error("--questions must be at least 1")
    if arguments.set is None and not arguments.passages:
        parser.error("name a question set, or sizes with --passages")
    try:
        if not arguments.passages:
            question_set(str(arguments.set))
        with TemporaryDirectory() as temporary:
            work = arguments.work or Path(temporary)
            open_embedder(EmbeddingSettings(), work / "model")
            if arguments.passages:
                _sizes(arguments, work)
            else:
                _set(arguments.set, work, arguments.questions)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    except (OSError, RuntimeError, ValueError, SeedbotError) as error:
        sys.exit(f"Speed cannot be measured: {error}")


def _count(text: str) -> int:
    """A number of passages as people write it."""
    try:
        count = float(text.replace(",", "").replace("_", ""))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of passages: write 1000 or 1e6") from error
    if not (_FEWEST <= count <= _MOST and count == int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number between {_FEWEST} and {_MOST:,}")
    return int(count)


def _sizes(arguments: argparse.Namespace, work: Path) -> None:
    """Measures what is not measured yet, smallest first, and prints all that is."""
    kept = arguments.json or work / "speed.jsonl"
    Model.of(texts_of(arguments.set or _SEEDS))  # raises where it cannot be done
    for passages in sorted(set(arguments.passages)):
        size = sizes.Size(
            passages=passages,
            source=str(arguments.set or _SEEDS),
            work=str(work),
            questions=arguments.questions,
            with_model=passages <= arguments.model_up_to,
        )
        rows = growth.read(kept)
        if not size.mixture.exists() or not any(row["kind"] == "sample" for row in rows):
            sample = {"kind": "sample", **_stamp(), **sizes.run("sample", size)}
            growth.add(kept, sample, [row for row in rows if row["kind"] != "sample"])
        if not any(row["kind"] == "size" and row["asked"] == passages for row in rows):
            growth.add(kept, {"kind": "size", "asked": passages, **_steps(size)})
    rows = growth.read(kept)
    print(growth.tables([row for row in rows if row["kind"] == "sample" or row["asked"] in arguments.passages]))


def _steps(size: sizes.Size) -> dict[str, object]:
    """The figures of every step and the code it ran; those of an interrupted run are kept beside its folder."""
    path = Path(size.work) / f"{size.passages}.json"
    begun = {"with_model": size.with_model, "source": size.source, "questions": size.questions}
    done = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if {name: done.get(name) for name in begun} != begun:
        done = begun
    for step in sizes.STEPS:
        if step not in done:
            print(f"{size.passages:,} passages: {step}", file=sys.stderr, flush=True)
            done[step] = {**_stamp(), **sizes.run(step, size)}
            path.write_text(json.dumps(done), "utf-8")
    path.unlink()
    return done


def _stamp() -> dict[str, str]:
    """Which code is measured."""
    git = ["git", "-C", str(_ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout.strip()
    return {"commit": commit + ("+" if changed else "")}


def _set(folder: Path, work: Path, count: int) -> None:
    """A question set, built anew."""
    settings = EngineSettings(seeds=folder / "docs", library=work / "speed")
    shutil.rmtree(settings.library, ignore_errors=True)
    shutil.copytree(work / "model", settings.library / "model")
    questions = sample(read_questions(folder / "questions.jsonl"), count)
    _building(settings)
    _asking(settings, questions)
    _cold(settings)
    _unchanged(work, work / "model")
    _memory(settings, questions)


def _building(settings: EngineSettings) -> None:
    """Building from nothing, the export aside, against `SentenceTransformer.encode` of the same passages."""
    with Library.open(settings) as library:
        seconds, report = timed(library.sync)
        passages = [row[2] for row in library.searcher().store.indexed()]
    with _alone() as process:
        baseline = process.submit(_encoding, passages).result()
    own, other = report.embedded / seconds, len(passages) / baseline
    print(f"build: {own:.0f} passages/s with reading, evidence and indexes; SentenceTransformer.encode {other:.0f}/s")
    print(f"  ratio {own / other:.2f} (≥ 1.5), {report.embedded} passages")


def _encoding(passages: list[str]) -> float:
    """The seconds that sentence-transformers takes for passages, warm."""
    from benchmarks.baselines import load_model

    transformer = load_model()
    transformer.encode(passages[:32])
    return timed(lambda: transformer.encode(passages))[0]


def _alone() -> ProcessPoolExecutor:
    """A process of its own, since the threads of one side slow the other down."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _asking(settings: EngineSettings, questions: list[EvalQuestion]) -> None:
    """A warm question against encoding it with sentence-transformers and searching FAISS over paragraphs.

    Each way is a process of its own, and they take turns.
    """
    asked = [question.text for question in questions]
    times: dict[str, list[float]] = {way: [] for way in ("own", "read", "baseline")}
    for _ in range(_ROUNDS):
        for way, found in times.items():
            with _alone() as process:
                found += process.submit(_answered, way, settings, asked).result()
    _compare("question without the reader", times["own"], times["baseline"], 0.5)
    _compare("question with the reader", times["read"], times["baseline"])


def _answered(way: str, settings: EngineSettings, questions: list[str]) -> list[float]:
    """The seconds that each question takes in one of these ways, warm."""
    if way == "baseline":
        from benchmarks.baselines import Dense, load_model, paragraphs

        dense = Dense(paragraphs(sorted(settings.seeds.iterdir())), load_model())
        return _each(lambda text: dense.rank(dense.encode([text])[0], 3), questions)
    if way == "own":
        settings = settings.model_copy(update={"answer": AnswerSettings(read=0)})
    with Library.open(settings) as library:
        return _each(library.ask, questions)


def _each(ask: Callable[[str], object], questions: list[str]) -> list[float]:
    for text in questions[:_WARMING]:
        ask(text)
    return [timed(lambda text=text: ask(text))[0] for text in questions]  # type: ignore[misc]


def _cold(settings: EngineSettings) -> None:
    """A whole `seedbot ask` on a built library against importing sentence-transformers."""
    own, baseline = sizes.cold_times(settings, _FIRST_QUESTIONS)
    _compare("cold ask", own, baseline, 0.25)
    worst = max(own)
    print(f"  the longest {worst * 1000:.1f} ms, for {_FIRST_QUESTIONS[own.index(worst)]!r}")


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
        first, _ = timed(library.sync)
    with Library.open(settings) as library:
        again, report = timed(library.sync)
    assert report.unchanged == _FILES
    print(f"nothing changed in {_FILES} files: {again:.3f} s against {first:.1f} s; 1/{first / again:.0f} (≤ 1/50)")


def _memory(settings: EngineSettings, questions: list[EvalQuestion]) -> None:
    asked = "\n".join(question.text for question in questions)
    command = [sys.executable, "-c", _ANSWERING, str(settings.seeds), str(settings.library)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    print(f"peak memory while answering: {float(done.stdout):.0f} MB (≤ 350)")


if __name__ == "__main__":
    main()
