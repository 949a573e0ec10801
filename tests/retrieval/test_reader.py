"""The shipped reader: what it finds, and that it never points outside of what it was given."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.reader import FOLDER, LONGEST, Reader, open_reader
from tests.conftest import REPOSITORY

PASSAGES = [
    "The Forth Bridge crosses the estuary north of the city. It carries trains and is painted red.",
    "The bridge was designed by John Fowler and Benjamin Baker. It was opened on 4 March 1890 by the Prince of Wales.",
    "Bakers rise early. Their ovens are lit before the first tram passes.",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return open_reader()


def test_the_passage_that_answers_scores_highest_and_the_answer_is_marked(reader: Reader) -> None:
    readings = reader.read("When was the bridge opened?", PASSAGES)
    best = max(range(3), key=lambda i: readings[i].score)
    assert best == 1
    assert "4 March 1890" in PASSAGES[1][readings[1].answer.start : readings[1].answer.end]


def test_other_questions_point_elsewhere_in_the_same_passage(reader: Reader) -> None:
    answer = reader.read("Who designed the bridge?", PASSAGES)[1].answer
    assert "John Fowler" in PASSAGES[1][answer.start : answer.end]


def test_a_reading_does_not_depend_on_its_neighbours(reader: Reader) -> None:
    """Eight-bit arithmetic scales by batch, so readings differ a little with their company; never by much."""
    together = reader.read("Who designed the bridge?", PASSAGES)
    alone = [reader.read("Who designed the bridge?", [one])[0] for one in PASSAGES]
    assert [one.score for one in alone] == pytest.approx([one.score for one in together], abs=0.5)


def test_nothing_to_read_gives_nothing(reader: Reader) -> None:
    assert reader.read("Who?", []) == []


def test_what_goes_beyond_the_limit_is_not_looked_at(reader: Reader) -> None:
    passage = "the lamp is lit " * 400 + "by Ada."
    reading = reader.read("Who lights the lamp?", [passage])[0]
    assert reading.answer.end <= 16 * LONGEST


@given(question=st.text(max_size=60), passage=st.text(max_size=400))
@settings(max_examples=60)
def test_any_text_gives_an_answer_inside_it(question: str, passage: str) -> None:
    reading = open_reader().read(question, [passage])[0]
    assert 0 <= reading.answer.start <= reading.answer.end <= len(passage)
    assert 0.0 <= reading.certainty <= 1.0 + 1e-6
    assert len(reading.starts) == len(reading.begins)


def test_onnxruntime_keeps_no_record_of_its_use_for_its_maker(tmp_path: Path) -> None:
    """It would queue events below the home folder and send them from threads that no Python guard sees."""
    code = "from retrieval.reader import open_reader; open_reader().read('Who?', ['Ada did.'])"
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=REPOSITORY, check=True)
    assert list(tmp_path.rglob("*Microsoft*")) == []


def test_the_card_names_the_weights_that_are_shipped() -> None:
    card = json.loads((FOLDER / "card.json").read_text("utf-8"))
    assert card["sha256"] == hashlib.sha256((FOLDER / "model.onnx").read_bytes()).hexdigest()
    assert (FOLDER / "model.onnx").stat().st_size <= 30_000_000
