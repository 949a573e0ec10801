"""Measuring by size: what is made is like what is real, stages add up, and nothing is measured twice."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import growth, sizes, speed
from benchmarks.made_text import Model, statistics, texts_of
from benchmarks.made_vectors import Mixture, WatchedEmbedder, compared
from benchmarks.stages import STAGES, measured
from retrieval.library import Library
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from tests.conftest import REPOSITORY, SEEDS, Write
from tests.systems import on_linux

_STAGED = {name: [2.0, 3.0, 4.0] for name in (*STAGES, "whole")}
_FIGURES: dict[str, dict[str, Any]] = {
    "text": {"files": 9},
    "build": {
        "passages": 1003, "seconds": 20.0, "vectors_seconds": 10.0, "peak_megabytes": 300.0, "database_bytes": 5000.0,
        "index_bytes": 900.0,
    },
    "baseline": {"question": [10.0, 11.0, 12.0], "peak_megabytes": 500.0},
    "recall": {"recall@20": 1.0},
    "ask": {"stages": _STAGED, "peak_megabytes": 200.0, "own_megabytes": 90.0},
    "ask and read": {"stages": _STAGED, "peak_megabytes": 250.0, "own_megabytes": 90.0},
    "cold": {"seconds": 0.5, "ratio": 0.1},
    "change": {"seconds": 0.4, "sync_seconds": 0.3, "embedded": 1},
    "sample": {
        "text": {"real": {"words": 1}, "made": {"words": 2}}, "vectors": {"cosine": [0.1, 0.2]}, "gemm": {"x": 4e9},
        "tokens": 100.0, "operations": 1e9, "passages_per_second": 2.0, "baseline_per_second": 1.0,
        "rates": {"int8": 4.0},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.of(texts_of(SEEDS))


def test_made_text_is_the_same_at_every_run_and_as_long_as_asked(model: Model, tmp_path: Path) -> None:
    files = model.write(tmp_path, 50_000)
    texts = [path.read_text("utf-8") for path in sorted(tmp_path.rglob("*.txt"))]
    assert texts == [Model.of(texts_of(SEEDS)).document(number) for number in range(files)]
    assert sum(map(len, texts[:-1])) < 50_000 <= sum(map(len, texts))
    assert model.questions(files, 5) == model.questions(files, 5)


def test_made_text_has_the_lengths_of_real_text_and_a_vocabulary_that_grows(model: Model) -> None:
    real = statistics(texts_of(SEEDS))
    made = [model.document(number) for number in range(200)]
    for name in ("words a sentence", "words a paragraph"):
        assert statistics(made)[name] == pytest.approx(real[name], rel=0.2)
    assert len(_words(made)) > 1.3 * len(_words(made[:100]))


def _words(texts: list[str]) -> set[str]:
    return {word for text in texts for word in text.split()}


def test_too_little_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too little English text"):
        Model.of(["One paragraph."])


@pytest.fixture(scope="module")
def pieces(model: Model) -> list[str]:
    return [one for number in range(40) for one in model.document(number).split("\n\n") if len(one) > 80]


def test_made_vectors_have_the_neighbours_of_those_they_were_fitted_to(pieces: list[str]) -> None:
    embedder = FakeEmbedder()
    encodings = [embedder.encode_query(piece) for piece in pieces]
    mixture = Mixture.fitted(pieces[::2], encodings[::2])
    made = [mixture.encoding(p, e.offsets) for p, e in zip(pieces[1::2], encodings[1::2], strict=True)]
    likeness = compared(np.array([e.vector for e in encodings[1::2]]), np.array([e.vector for e in made]))
    assert likeness["the same among the nearest 10"][1] > 0.25  # chance has 10 in some 150
    real, ours = likeness["dimensions in effect"]
    assert 0.7 < ours / real < 1.4


def test_vectors_compared_with_themselves_differ_in_nothing(pieces: list[str]) -> None:
    vectors = np.array([FakeEmbedder().encode_query(piece).vector for piece in pieces])
    assert all(real == made for real, made in compared(vectors, vectors).values())


def test_a_mixture_that_was_kept_makes_the_same_vectors(pieces: list[str], tmp_path: Path) -> None:
    encodings = [FakeEmbedder().encode_query(piece) for piece in pieces]
    mixture = Mixture.fitted(pieces, encodings)
    mixture.save(tmp_path / "mixture.npz")
    again = Mixture.load(tmp_path / "mixture.npz").encoding(pieces[0], encodings[0].offsets)
    assert np.array_equal(again.tokens, mixture.encoding(pieces[0], encodings[0].offsets).tokens)


def test_a_watched_embedder_makes_the_same_vectors_and_counts_the_time(pieces: list[str]) -> None:
    real = FakeEmbedder()
    watched = WatchedEmbedder(real, None)
    made = [one.vector for _, one in watched.encode_passages(pieces[:3])]
    assert np.array_equal(made, [one.vector for _, one in real.encode_passages(pieces[:3])])
    assert watched.fingerprint == real.fingerprint
    assert watched.seconds > 0


def _small(tmp_path: Path) -> sizes.Size:
    size = sizes.Size(100, str(SEEDS), str(tmp_path), 3, with_model=True)
    Model.of(texts_of(SEEDS)).write(size.folder / "seeds", 30_000)
    size.model.mkdir()
    return size


@on_linux
def test_a_killed_build_goes_on_and_its_rate_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = _small(tmp_path)
    embedder = FakeEmbedder()
    monkeypatch.setattr(sizes, "open_embedder", lambda *_: embedder)
    whole = sizes._build(size)
    assert not whole["resumed"]
    assert growth._rate({"build": whole})
    again = sizes._build(size)
    assert not again["resumed"], "a library that is complete is built anew"
    every = embedder.encoded // 2
    shutil.rmtree(size.settings().library)

    class Killed(BaseException):
        """No error that anything catches."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("retrieval.sync.write_indexes", killed)
        with pytest.raises(Killed):
            sizes._build(size)
    assert embedder.encoded == 3 * every
    resumed = sizes._build(size)
    assert embedder.encoded == 3 * every
    assert resumed["resumed"]
    assert resumed["passages"] == whole["passages"]
    assert growth._rate({"build": resumed}) == ""


def test_the_stages_of_a_question_add_up_and_leave_nothing_behind(library: Library, write: Write) -> None:
    write("a.txt", "The pump was closed in 1854. The handle was taken off.")
    library.sync()
    before = type(library.searcher()).entries
    (row,) = measured(library, ["When was the pump closed?"])
    assert sum(row[stage] for stage in STAGES) == pytest.approx(row["whole"])
    called = ("encode", "candidates dense", "candidates BM25", "reading entries", "measuring and ranking")
    assert all(row[stage] > 0 for stage in called)
    assert type(library.searcher()).entries is before


def _arguments(tmp_path: Path, *passages: int) -> argparse.Namespace:
    return argparse.Namespace(
        passages=list(passages), set=None, json=tmp_path / "rows.jsonl", questions=10, model_up_to=1000
    )


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The steps that were run, none of them for real."""
    steps: list[tuple[str, int]] = []

    def run(step: str, size: sizes.Size) -> dict[str, Any]:
        steps.append((step, size.passages))
        if step == "sample":
            size.mixture.touch()
        return _FIGURES[step]

    monkeypatch.setattr(sizes, "run", run)
    return steps


def test_a_size_that_was_measured_is_not_measured_again(
    ran: list[tuple[str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speed._sizes(_arguments(tmp_path, 1000, 2000), tmp_path)
    assert ran == [("sample", 1000), *((step, n) for n in (1000, 2000) for step in sizes.STEPS)]
    rows = growth.read(tmp_path / "rows.jsonl")
    assert [row.get("with_model") for row in rows] == [None, True, False]
    ran.clear()
    speed._sizes(_arguments(tmp_path, 1000, 2000), tmp_path)
    assert ran == []
    assert "1,003" in capsys.readouterr().out


def test_an_interrupted_size_goes_on_with_the_step_it_had_come_to(
    ran: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sizes.run

    def fail(step: str, size: sizes.Size) -> dict[str, Any]:
        if step == "recall":
            raise RuntimeError(step)
        return whole(step, size)

    monkeypatch.setattr(sizes, "run", fail)
    with pytest.raises(RuntimeError):
        speed._sizes(_arguments(tmp_path, 1000), tmp_path)
    monkeypatch.setattr(sizes, "run", whole)
    monkeypatch.setattr(speed, "_stamp", lambda: {"commit": "later"})
    ran.clear()
    speed._sizes(_arguments(tmp_path, 1000), tmp_path)
    assert [step for step, _ in ran] == list(sizes.STEPS[sizes.STEPS.index("recall") :])
    (row,) = (row for row in growth.read(tmp_path / "rows.jsonl") if row["kind"] == "size")
    assert growth._commits(row).split(", ")[1:] == ["later"], "it says which code it was"


def test_the_process_of_the_baseline_holds_nothing_of_seedbot() -> None:
    code = "import sys, benchmarks.flat; print([name for name in sys.modules if name.split('.')[0] == 'retrieval'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@on_linux
def test_the_baseline_is_given_every_vector_and_every_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = _small(tmp_path)
    monkeypatch.setattr(sizes, "open_embedder", lambda *_: FakeEmbedder())
    passages, opened = sizes._build(size)["passages"], Library.open
    monkeypatch.setattr(Library, "open", lambda settings: opened(settings, embedder=FakeEmbedder()))
    found: list[np.ndarray] = []

    def printed(step: str, size: sizes.Size, program: str, *arguments: str) -> dict[str, Any]:
        assert (step, program, arguments[1]) == ("baseline", "benchmarks.flat", str(size.folder))
        assert len(json.loads((size.folder / "questions.json").read_text("utf-8"))) == 23
        found.append(np.fromfile(size.folder / "vectors.f32", np.float32).reshape(passages, -1))
        return {"peak_megabytes": 1.0}

    monkeypatch.setattr(sizes, "_printed", printed)
    assert sizes._baseline(size) == {"peak_megabytes": 1.0}
    assert np.allclose(np.linalg.norm(found[0], axis=1), 1, atol=1e-3)
    assert not (size.folder / "vectors.f32").exists()


def test_a_cold_question_that_fails_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, b"", b"seedbot: There is no folder.")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match="There is no folder"):
        speed._cold(EngineSettings(seeds=tmp_path, library=tmp_path / "library"))


def test_each_first_question_is_asked_by_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        if "ask" in command:
            asked.append(command[-1])
        return subprocess.CompletedProcess(command, 3, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    speed._cold(EngineSettings(seeds=tmp_path, library=tmp_path / "library"))
    assert asked == list(speed._FIRST_QUESTIONS)
    shown = capsys.readouterr().out
    assert any(repr(question) in shown for question in asked), "it names the slowest"


def test_every_step_can_be_run() -> None:
    assert {"sample", *sizes.STEPS} == set(sizes._RUN)


def test_a_row_that_was_cut_short_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"kind": "size"}\n{"kind": "si', "utf-8")
    growth.add(path, {"kind": "sample"})
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [{"kind": "size"}, {"kind": "sample"}]


def test_the_picture_shows_every_size(tmp_path: Path) -> None:
    rows = [
        {"kind": "size", "asked": n, **_FIGURES, "build": {**_FIGURES["build"], "passages": n}} for n in (1000, 10000)
    ]
    drawn = ElementTree.fromstring(growth.picture(rows))
    circles = [one for one in drawn.iter() if one.tag.endswith("circle")]
    assert len(circles) == 2 * 2 * 4
    width, height = map(float, drawn.attrib["viewBox"].split()[2:])
    assert all(0 < float(c.attrib["cx"]) < width and 0 < float(c.attrib["cy"]) < height for c in circles)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a question set, or sizes with --passages"),
        (["--passages", "many"], "'many' is no number of passages: write 1000 or 1e6"),
        (["--passages", "5"], "must be a whole number between 100 and 10,000,000"),
        (["--passages", "1000", "--questions", "0"], "--questions must be at least 1"),
        (["nowhere"], "'nowhere' is no question set: name a folder with docs/*.txt and questions.jsonl"),
        (["nowhere", "--passages", "1000"], "there is too little English text to make more from"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["speed", *arguments])
    monkeypatch.setattr(speed, "open_embedder", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        speed.main()
    shown = capsys.readouterr().err.splitlines()[-1:] if left.value.code == 2 else [str(left.value.code)]
    assert said in shown[0]


@pytest.mark.parametrize("content", [None, "", "no JSON\n", '["no row"]\n', '{"kind": "sample"}\n'])
def test_a_file_without_sizes_is_told_in_one_sentence(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_text(content, "utf-8")
    monkeypatch.setattr(sys, "argv", ["growth", str(path), "--picture", str(tmp_path / "picture.svg")])
    with pytest.raises(SystemExit, match="holds no size: name a file"):
        growth.main()
