"""Measuring quality: every program can be loaded, and a small set comes to figures."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks import quality
from retrieval.testing import FakeEmbedder

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
    rows.append({"question": "Who keeps the lighthouse?", "answerable": False, "answers": []})
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(quality, "open_embedder", lambda *_: FakeEmbedder())
    monkeypatch.setattr(sys, "argv", ["quality", str(tmp_path), "--without-baselines", "--json"])
    quality.main()
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in printed] == ["Seedbot", "without reader"]
    assert all(row["figures"]["hit@1"]["value"] == 1 for row in printed)
    assert set(printed[0]["figures"]) == set(quality._COLUMNS)
