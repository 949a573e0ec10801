"""One library size, measured in steps: `benchmarks.speed` runs each as a process of its own, so that memory is honest.

As a program, `python -m benchmarks.sizes STEP JSON` runs one step of the `Size` in JSON and prints its figures as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.flat import NEAREST, WARM_QUESTIONS, memory, percentiles, timed
from benchmarks.made_text import Model, texts_of
from benchmarks.sets import progress_on_stderr
from retrieval.embedding import open_embedder
from retrieval.library import Library
from retrieval.models import DEFAULT_MODEL, locate
from retrieval.settings import AnswerSettings, EmbeddingSettings, EngineSettings
from retrieval.types import Filter

STEPS = ("text", "build", "baseline", "recall", "ask", "ask and read", "cold", "change")
"""In their order: each works on what those before it left in the folder."""

_CALIBRATED_ON = 20  # documents that tell how many characters make a passage
_SETTLED_SECONDS = 2.5  # files fresher than this would be read again
_COLD_RUNS = 5
_CHANGES = 3
_ASKED = 60  # candidates, as ranking asks
_SAME_COSINE = 1e-5  # what the order of additions may make of one

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured: about `passages` made of the texts under `source`, with the model or without it."""

    passages: int
    source: str
    work: str
    questions: int
    with_model: bool

    @property
    def folder(self) -> Path:
        """Where this size is kept."""
        return Path(self.work) / f"{self.passages}"

    @property
    def model(self) -> Path:
        """The exported model, which all sizes share."""
        return Path(self.work) / "model"

    @property
    def mixture(self) -> Path:
        """The fitted mixture, which all sizes share."""
        return Path(self.work) / "mixture.npz"

    def text(self) -> Model:
        """What the text is made from."""
        return Model.of(texts_of(Path(self.source)))

    def settings(self, *, read: bool = True) -> EngineSettings:
        """Those of the library."""
        answer = AnswerSettings() if read else AnswerSettings(read=0)
        return EngineSettings(seeds=self.folder / "seeds", library=self.folder / "library", answer=answer)

    def asked(self) -> list[str]:
        """The questions, the same in every step; the first are for warming up.

        They are made once, so that a process that asks them does not hold what they are made from.
        """
        path, count = self.folder / "questions.json", self.questions + WARM_QUESTIONS
        if path.exists() and len(kept := json.loads(path.read_text("utf-8"))) == count:
            return list(kept)
        documents = sum(1 for _ in (self.folder / "seeds").rglob("*.txt"))
        made = self.text().questions(documents, count)
        path.write_text(json.dumps(made), "utf-8")
        return made


def run(step: str, size: Size) -> Figures:
    """The figures of a step, run in a fresh process. Raises RuntimeError where it failed."""
    return _printed(step, size, "benchmarks.sizes", step, json.dumps(asdict(size)))


def _printed(step: str, size: Size, program: str, *arguments: str) -> Figures:
    """The figures that a module of ours prints, run as a program. Raises RuntimeError where it failed."""
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", program, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    if done.returncode != 0:
        raise RuntimeError(f"The step {step!r} of {size.passages} passages failed; what it said stands above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _sample(size: Size) -> Figures:
    """What does not depend on the size, and the mixture for sizes without the model."""
    from benchmarks.limit import gemm_rates
    from benchmarks.sample import measured, rates

    gemm = gemm_rates()  # first, because the embedder holds NumPy to one thread
    embedder = open_embedder(EmbeddingSettings(), size.model)
    figures = measured(size.text(), texts_of(Path(size.source)), embedder, size.mixture)
    return {"gemm": gemm, **figures, "rates": rates(size.text(), size.model)}


def _text(size: Size) -> Figures:
    """Writes the documents."""
    from benchmarks.sample import passages_of

    model, embedder, seeds = size.text(), open_embedder(EmbeddingSettings(), size.model), size.folder / "seeds"
    texts = [model.document(number) for number in range(_CALIBRATED_ON)]
    pieces = sum(len(passages_of(text, embedder)) for text in texts)
    shutil.rmtree(size.folder, ignore_errors=True)
    files = model.write(seeds, size.passages * sum(map(len, texts)) // pieces)
    time.sleep(_SETTLED_SECONDS)
    return {"files": files, "megabytes": sum(path.stat().st_size for path in seeds.rglob("*.txt")) / 1e6}


def _build(size: Size) -> Figures:
    """Builds the library; the time that vectors take is told apart from the rest.

    A build that was killed goes on with what it had embedded: then the rate is left out of the table.
    """
    from benchmarks.made_vectors import Mixture, WatchedEmbedder

    settings = size.settings()
    if _is_built(settings):
        shutil.rmtree(settings.library)
    shutil.copytree(size.model, settings.library / "model", dirs_exist_ok=True)
    mixture = None if size.with_model else Mixture.load(size.mixture)
    embedder = WatchedEmbedder(open_embedder(EmbeddingSettings(), size.model), mixture)
    with Library.open(settings, embedder=embedder) as library:
        report = library.sync(progress=progress_on_stderr(str(size.passages)))
        status = library.status()
    return {
        "passages": status.passages,
        "resumed": report.reused > 0,
        "seconds": report.seconds,
        "vectors_seconds": embedder.seconds,
        "peak_megabytes": memory("VmHWM:"),
        "database_bytes": status.database_bytes / status.passages,
        "index_bytes": status.index_bytes / status.passages,
    }


def _is_built(settings: EngineSettings) -> bool:
    with Library.open(settings) as library:
        return library.ready


def _baseline(size: Size) -> Figures:
    """sentence-transformers and a flat FAISS index over the library's vectors, in a process without Seedbot."""
    size.asked()
    with Library.open(size.settings()) as library, (size.folder / "vectors.f32").open("wb") as file:
        for _, vectors in library.searcher().store.all_vectors():
            vectors.astype(np.float32).tofile(file)
    figures = _printed("baseline", size, "benchmarks.flat", locate(DEFAULT_MODEL), str(size.folder))
    (size.folder / "vectors.f32").unlink()
    return figures


def _recall(size: Size) -> Figures:
    """How many of the really nearest the library offers for the very vectors that the baseline was asked.

    Told by their cosines: as good as those is good enough.
    """
    asked = np.load(size.folder / "nearest.npz")
    shares = []
    with Library.open(size.settings()) as library:
        searcher = library.searcher()
        no_words = searcher.best_by_words([], 0, Filter())
        for vector, exact in zip(asked["vectors"], asked["scores"], strict=True):
            found = searcher.candidates(vector, no_words, _ASKED, Filter()).cosines
            shares.append(min(float((found >= exact[-1] - _SAME_COSINE).sum()), len(exact)) / len(exact))
    return {f"recall@{NEAREST}": statistics.fmean(shares)}


def _ask(size: Size, *, read: bool = False) -> Figures:
    from benchmarks.stages import measured

    with Library.open(size.settings(read=read)) as library:
        rows = list(measured(library, size.asked()))[WARM_QUESTIONS:]
    stages = {name: percentiles([row[name] for row in rows]) for name in rows[0]}
    return {"stages": stages, "peak_megabytes": memory("VmHWM:"), "own_megabytes": memory("RssAnon:")}


def _cold(size: Size) -> Figures:
    own, baseline = cold_times(size.settings(), size.asked()[:1] * _COLD_RUNS)
    seconds, other = statistics.median(own), statistics.median(baseline)
    return {"seconds": seconds, "import_seconds": other, "ratio": seconds / other}


def cold_times(settings: EngineSettings, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """The seconds of a whole `seedbot ask` for each question and of importing sentence-transformers, in turn.

    Raises RuntimeError where a question cannot be asked.
    """
    where = ["--seeds", str(settings.seeds), "--library", str(settings.library)]
    ask = [str(Path(sys.executable).with_name("seedbot")), "ask", *where]
    imported = [sys.executable, "-c", "import sentence_transformers"]
    own, baseline = [], []
    for question in questions:
        own.append(timed(lambda q=question: _answered(subprocess.run([*ask, q], capture_output=True)))[0])
        baseline.append(timed(lambda: subprocess.run(imported, capture_output=True, check=True))[0])
    return own, baseline


def _answered(done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode not in (0, 3):  # 3: it found nothing, which is an answer
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-300:])


def _change(size: Size) -> Figures:
    """From the moment a file is saved to the first answer from it, by a library that was open all the while."""
    settings = size.settings(read=False)
    files = sorted((size.folder / "seeds").rglob("*.txt"))
    path = files[len(files) // 2]
    before = path.read_text("utf-8")
    whole, syncs, embedded = [], [], []
    with Library.open(settings) as asked, Library.open(settings) as builder:
        asked.ask("Which ledger?")
        for _ in range(_CHANGES):
            number = f"{builder.generation}{int(time.time())}"
            path.write_text(f"{before}\nThe ledger of Quillon Varga counts {number} copper kettles.\n", "utf-8")
            started = time.perf_counter()
            seconds, report = timed(builder.sync)
            asked.refresh()
            answer = asked.ask("How many copper kettles does the ledger of Quillon Varga count?")
            whole.append(time.perf_counter() - started)
            syncs.append(seconds)
            embedded.append(report.embedded)
            if not any(number in excerpt.text for excerpt in answer.excerpts):
                raise RuntimeError(f"The change of {path} cannot be seen in the answer.")
    path.write_text(before, "utf-8")
    middle = int(np.argsort(whole)[len(whole) // 2])
    return {"seconds": whole[middle], "sync_seconds": syncs[middle], "embedded": embedded[middle]}


_RUN: dict[str, Callable[[Size], Figures]] = {
    "sample": _sample,
    "text": _text,
    "build": _build,
    "baseline": _baseline,
    "recall": _recall,
    "ask": _ask,
    "ask and read": lambda size: _ask(size, read=True),
    "cold": _cold,
    "change": _change,
}


if __name__ == "__main__":
    print(json.dumps(_RUN[sys.argv[1]](Size(**json.loads(sys.argv[2])))))
