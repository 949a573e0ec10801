"""Measuring quality: every program can be loaded, and a small set comes to figures."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import benchmarks
from benchmarks import quality
from benchmarks.baselines import Paragraph, best, paragraphs, weighted_sum
from retrieval.question_sets import EvalQuestion, Gold
from retrieval.testing import FakeEmbedder
from retrieval.types import Span

_TEXTS = {"bridge.txt": "The bridge crosses the Rhine.\n", "tower.txt": "The tower is 60 metres high.\n"}


@pytest.mark.parametrize("name", [one.name for one in pkgutil.iter_modules(benchmarks.__path__)])
def test_every_program_that_measures_can_be_loaded(name: str) -> None:
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def test_a_set_of_two_documents_comes_to_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    rows = []
    for name, text in _TEXTS.items():
        (tmp_path / "docs" / name).write_text(text)
        gold = {"doc": name, "start": 0, "end": len(text) - 1, "text": text.strip()}
        rows.append({"question": f"What is said of the {name[:-4]}?", "answerable": True, "answers": [gold]})
    rows.append(rows[0] | {"answers": rows[1]["answers"]})  # the answer to another question, which comes second
    rows.append({"question": "Who keeps the lighthouse?", "answerable": False, "answers": []})
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(quality, "open_embedder", lambda *_: FakeEmbedder())
    monkeypatch.setattr(sys, "argv", ["quality", str(tmp_path), "--without-baselines", "--json"])
    quality.main()
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in printed] == ["Seedbot", "without reader"]
    shares = [[row["figures"][name]["value"] for name in ("hit@1", "hit@3")] for row in printed]
    assert shares == [[pytest.approx(2 / 3, abs=1e-4), 1]] * 2
    assert set(printed[0]["figures"]) == set(quality._COLUMNS)


def test_a_paragraph_is_what_stands_between_blank_lines(tmp_path: Path) -> None:
    text = "\n\n  Title\n \t\nTwo lines,\nthe second.\n\n\n\nÜ – the last. \n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    found = paragraphs([tmp_path / "a.txt"])
    assert [one.text for one in found] == ["Title", "Two lines,\nthe second.", "Ü – the last."]
    assert [one.span.of(text) for one in found] == [one.text for one in found]
    assert {one.document for one in found} == {"a.txt"}


def _question(text: str, *golds: tuple[str, int, int]) -> EvalQuestion:
    answers = tuple(Gold(name, Span(start, end)) for name, start, end in golds)
    return EvalQuestion("1", text, True, answers, None, 1)


_PARAGRAPHS = [
    Paragraph("sea.txt", Span(0, 20), "The tide is highest."),
    Paragraph("sea.txt", Span(22, 40), "Gulls eat herring."),
    Paragraph("port.txt", Span(0, 26), "The ferry brings the gulls"),
]


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (False, {"dense": [2, 0, 1], "BM25": [1, 2, 0], "weighted sum": [1, 2, 0]}),
        (True, {"dense": [0, 1, 2], "BM25": [1, 0, 2], "weighted sum": [1, 0, 2]}),
    ],
)
def test_baselines_rank_by_cosine_by_words_and_by_both(within: bool, expected: dict[str, list[int]]) -> None:
    """With `within`, paragraphs of other documents come last."""
    vectors = np.array([[0.6, 0.8], [0.4, 0.3], [1.0, 0.0]], np.float32)
    (ranked,) = quality._rank_all(
        _PARAGRAPHS, vectors, [_question("Do gulls eat?", ("sea.txt", 22, 40))], np.array([[1.0, 0.0]]), within=within
    )
    found = {part: [_PARAGRAPHS.index(one) for one in ranks.paragraphs] for part, ranks in ranked.items()}
    assert found == expected
    assert ranked["dense"].score == pytest.approx(0.6 if within else 1.0)
    assert ranked["weighted sum"].score == pytest.approx(0.4 + 1.0)


def test_the_sum_scales_words_by_their_best() -> None:
    assert weighted_sum(np.array([0.5, 0.2]), np.array([2.0, 8.0])).tolist() == pytest.approx([0.75, 1.2])
    assert weighted_sum(np.array([0.5, 0.2]), np.zeros(2)).tolist() == pytest.approx([0.5, 0.2])
    assert best(_PARAGRAPHS, np.array([1.0, 3.0, 3.0]), 2).paragraphs == tuple(_PARAGRAPHS[1:])


class _Model:
    """What the baselines call of sentence-transformers."""

    def encode(self, texts: Sequence[str], normalize_embeddings: bool) -> np.ndarray:
        assert normalize_embeddings
        return np.array([FakeEmbedder().encode_query(text).vector for text in texts])


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize(("cut", "share"), [((), 1.0), ((1,), 0.5), ((0, 1), 0.0)])
def test_a_baseline_is_right_where_its_paragraph_holds_the_answer_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: bool, cut: tuple[int, ...], share: float
) -> None:
    """Of two questions, those in `cut` have an answer that goes beyond a paragraph."""
    monkeypatch.setattr(quality, "load_model", _Model)
    monkeypatch.setattr("retrieval.evaluation._RESAMPLES", 20)
    (tmp_path / "docs").mkdir()
    asked = []
    for number, (name, text) in enumerate(_TEXTS.items()):
        (tmp_path / "docs" / name).write_text(text + "\nNothing else.\n")
        asked.append(_question(f"{text[:-2]}?", (name, 4, len(text) + (5 if number in cut else -1))))
    judged = quality._Judged(tmp_path, tmp_path, FakeEmbedder(), asked, [], within)
    figures = {row.system: row.figures for row in judged.baselines()}
    assert {name: one["hit@1"].value for name, one in figures.items()} == dict.fromkeys(quality._PARTS, share)
    assert {name: one["hit@3"].value for name, one in figures.items()} == dict.fromkeys(quality._PARTS, share)
    assert {"AUROC" in one for one in figures.values()} == {not within}
