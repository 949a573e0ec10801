"""The baseline of a library size, in a process that holds nothing of Seedbot: sentence-transformers and FAISS, flat.

`python -m benchmarks.flat MODEL FOLDER` fills the index with the vectors that `benchmarks.sizes` left in FOLDER, asks
the questions there, keeps what is nearest to each in `nearest.npz`, and prints its figures as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

WARM_QUESTIONS = 20  # asked before times count
NEAREST = 20

_TOGETHER = 10_000  # vectors read at once


def main(model_folder: str, folder: Path) -> dict[str, Any]:
    """Times in seconds and milliseconds, memory in megabytes."""
    import faiss
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder, device="cpu")
    size = model.encode(["a"]).shape[1]
    index: Any = faiss.IndexFlatIP(size)
    added = 0.0
    with (folder / "vectors.f32").open("rb") as file:
        while len(some := np.fromfile(file, np.float32, _TOGETHER * size)):
            added += timed(lambda some=some: index.add(some.reshape(-1, size)))[0]
    times, vectors, scores = [], [], []
    for question in json.loads((folder / "questions.json").read_text("utf-8")):
        seconds, (vector, found) = timed(lambda q=question: _nearest(model, index, q))
        times.append(seconds)
        vectors.append(vector)
        scores.append(found)
    np.savez(folder / "nearest.npz", vectors=np.array(vectors), scores=np.array(scores))
    question_times = percentiles(times[WARM_QUESTIONS:])
    return {"index_seconds": added, "question": question_times, "peak_megabytes": memory("VmHWM:")}


def _nearest(model: Any, index: Any, question: str) -> tuple[Any, Any]:
    """The vector of a question and the cosines of what is nearest to it."""
    vector = model.encode([question], normalize_embeddings=True)
    return vector[0], index.search(vector, NEAREST)[0][0]


def percentiles(seconds: Sequence[float]) -> list[float]:
    """The 50th, 95th and 99th percentile, in milliseconds."""
    return [float(value) for value in np.percentile(seconds, (50, 95, 99)) * 1000]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """How many seconds it took, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def memory(name: str) -> float:
    """What Linux says of this process, in megabytes."""
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index(name) + 1]) / 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
