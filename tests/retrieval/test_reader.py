"""The shipped reader: what it finds, and that it never points outside of what it was given."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.answering import answer
from retrieval.coefficients import CONFIDENCE_FEATURES, READ_CONFIDENCE_FEATURES, coefficients
from retrieval.confidence import confidence, confidence_features
from retrieval.library import Library
from retrieval.preparing import prepare
from retrieval.ranking import rank
from retrieval.reader import FOLDER, LONGEST, Reader, Reading, open_reader
from retrieval.reading import read
from retrieval.settings import AnswerSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Filter, Span
from tests.conftest import REPOSITORY, Write

PASSAGES = [
    "The Forth Bridge crosses the estuary north of the city. It carries trains and is painted red.",
    "The bridge was designed by John Fowler and Benjamin Baker. It was opened on 4 March 1890 by the Prince of Wales.",
    "Bakers rise early. Their ovens are lit before the first tram passes.",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return open_reader()


def test_the_passage_that_answers_scores_highest_and_the_answer_is_marked(reader: Reader) -> None:
    readings = [reader.read("When was the bridge opened?", one) for one in PASSAGES]
    best = max(range(3), key=lambda i: readings[i].score)
    assert best == 1
    assert "4 March 1890" in PASSAGES[1][readings[1].answer.start : readings[1].answer.end]


def test_other_questions_point_elsewhere_in_the_same_passage(reader: Reader) -> None:
    answer = reader.read("Who designed the bridge?", PASSAGES[1]).answer
    assert "John Fowler" in PASSAGES[1][answer.start : answer.end]


def test_a_passage_is_read_again_with_each_of_several_questions(reader: Reader) -> None:
    asked = ["Who designed the bridge?", "When was the bridge opened?"]
    again = [one.score for one in reader.read_again(asked, PASSAGES[1])]
    assert again == pytest.approx([reader.read(one, PASSAGES[1]).score for one in asked], abs=1e-5)
    assert reader.read_again([], PASSAGES[1]) == []


def test_numbers_are_read_as_the_passage_writes_them(reader: Reader) -> None:
    for passage in ("Forty-three men went ashore and made a fire.", "The men went ashore, 43 of them."):
        asked = ("What did the 43 men make?", "What did the forty-three men make?")
        in_digits, in_words = (reader.read(question, passage) for question in asked)
        assert in_digits.score == in_words.score


def test_whether_a_passage_answers_is_said_apart(reader: Reader) -> None:
    readings = [reader.read("Who designed the bridge?", one) for one in PASSAGES]
    assert readings[1].answers > max(readings[0].answers, readings[2].answers)
    assert [one.answers for one in readings] != pytest.approx([one.score for one in readings], abs=1e-3)


def test_what_goes_beyond_the_limit_is_not_looked_at(reader: Reader) -> None:
    passage = "the lamp is lit " * 400 + "by Ada."
    reading = reader.read("Who lights the lamp?", passage)
    assert len(reading.starts) < LONGEST


def test_what_stands_above_a_passage_says_what_it_is_about(reader: Reader) -> None:
    passage = "It was opened in 1890, after seven years of work."
    own, other = (
        reader.read("When was the Forth Bridge opened?", passage, context)
        for context in ("The Forth Bridge. History", "The Kiel Canal. History")
    )
    assert own.answers > other.answers
    assert passage[own.answer.start : own.answer.end] == "1890"


@given(question=st.text(max_size=60), passage=st.text(max_size=400), context=st.text(max_size=100))
@settings(max_examples=60)
def test_any_text_gives_an_answer_inside_it(question: str, passage: str, context: str) -> None:
    reading = open_reader().read(question, passage, context)
    assert 0 <= reading.answer.start <= reading.answer.end <= len(passage)
    assert 0.0 <= reading.certainty <= 1.0 + 1e-6
    assert len(reading.starts) == len(reading.begins)


def test_confidence_sees_what_ranking_saw_and_what_the_reader_says_beside_it(
    library: Library, embedder: FakeEmbedder, write: Write
) -> None:
    for number in range(5):
        write(f"ferry-{number}.txt", f"The ferry of bay {number} leaves at noon. It takes {number} cars.\n")
    library.sync()
    searcher, weights = library.searcher(), coefficients()
    question = prepare("When does the ferry of bay 3 leave?", embedder, searcher, Filter())
    ranked = rank(question, searcher, weights)
    plain = confidence_features(question, ranked, searcher)
    reader: Any = _Scores(-20.0, 12.0)
    hits = read(question, ranked, reader, 4, weights)
    assert hits[0].entry.id == ranked[1].entry.id
    values = dict(zip(READ_CONFIDENCE_FEATURES, confidence_features(question, hits, searcher).tolist(), strict=True))
    assert values["score"] == pytest.approx(ranked[1].score)
    assert values["lead"] == pytest.approx(ranked[1].score - ranked[0].score)
    assert (values["read"], values["answers"], values["others"]) == (12.0, 24.0, -20.0)
    assert values["answers_score"] == pytest.approx(24 * values["score"])
    assert values["answers_lead"] == pytest.approx(24 * values["lead"])
    assert values["answers_read"] == pytest.approx(24 * 1.2)
    same = confidence_features(question, [replace(hit, gain=0.5, score=hit.score + 0.5) for hit in ranked], searcher)
    assert same.tolist() == pytest.approx(plain.tolist(), abs=1e-6)
    assert plain[CONFIDENCE_FEATURES.index("lead")] == pytest.approx(ranked[0].score - ranked[1].score)


def test_onnxruntime_keeps_no_record_of_its_use_for_its_maker(tmp_path: Path) -> None:
    """It would queue events below the home folder and send them from threads that no Python guard sees."""
    code = "from retrieval.reader import open_reader; open_reader().read('Who?', 'Ada did.')"
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=REPOSITORY, check=True)
    assert list(tmp_path.rglob("*Microsoft*")) == []


def test_the_card_names_the_weights_that_are_shipped() -> None:
    card = json.loads((FOLDER / "card.json").read_text("utf-8"))
    assert card["sha256"] == hashlib.sha256((FOLDER / "model.onnx").read_bytes()).hexdigest()
    assert (FOLDER / "model.onnx").stat().st_size <= 30_000_000


class _Scores:
    """Reads nothing, and gives passages these scores in the order of their coming, and then none a good one."""

    def __init__(self, *scores: float) -> None:
        self._scores = list(scores)

    def read(self, question: str, passage: str, context: str) -> Reading:
        score = self._scores.pop(0) if self._scores else -20.0
        nothing = np.zeros(0)
        return Reading(score, 2 * score, 0.0, Span(0, 0), 0.0, nothing.astype(np.int32), nothing)


@pytest.mark.parametrize(
    ("scores", "read_of_ten"),
    [((15,), 1), ((-3, 15), 2), ((-4, -4, 15), 3), ((-4, -4, 3, -4), 6), ((-2, -3, -4, -5, 7, -9), 6), ((-2,) * 6, 6)],
)
def test_more_are_read_only_while_none_leads_by_far(
    library: Library, embedder: FakeEmbedder, write: Write, scores: tuple[float, ...], read_of_ten: int
) -> None:
    for number in range(10):
        write(f"{number}.txt", f"The tide turns at {number} in the harbour.\n")
    library.sync()
    searcher = library.searcher()
    question = prepare("When does the tide turn?", embedder, searcher, Filter())
    hits = rank(question, searcher, coefficients(), 10)
    reader: Any = _Scores(*scores)
    ordered = read(question, hits, reader, 4, coefficients())
    assert sum(hit.reading is not None for hit in ordered) == read_of_ten
    assert {hit.entry.id for hit in ordered} == {hit.entry.id for hit in hits}
    best = hits[max(range(len(scores)), key=lambda i: scores[i])]
    assert ordered[0].entry.id == best.entry.id or len(set(scores)) == 1
    last = [hit.reading is None for hit in ordered]
    assert last == sorted(last), "what was not read stays behind what was"


@pytest.mark.parametrize(("most", "read_of_ten"), [(0, 0), (1, 1), (2, 2), (3, 3), (9, 6), (None, 6)])
def test_no_more_are_read_than_whoever_asks_has_time_for(
    library: Library, embedder: FakeEmbedder, write: Write, most: int | None, read_of_ten: int
) -> None:
    for number in range(10):
        write(f"{number}.txt", f"The tide turns at {number} in the harbour.\n")
    library.sync()
    reader: Any = _Scores(*[-9.0] * 10)
    engine = replace(library.engine(), reader=reader)
    given = answer("When does the tide turn?", engine, AnswerSettings(), 10, Filter(), most)
    assert sum("reader" in one.evidence for one in given.excerpts) == read_of_ten
    assert len(given.excerpts) == 10
    assert 0.0 < given.confidence < 0.5


@pytest.mark.parametrize(
    ("asked", "read_of_three"),
    [
        ("When does the tide turn in Cuxhaven?", 2),
        ("Who\u2019s measured it in Cuxhaven?", 2),
        ("Is it high in Cuxhaven with the moon?", 2),
        ("WHEN IS IT HIGH IN CUXHAVEN?", 2),
        ("Wann kentert der Strom in Cuxhaven?", 0),
        ("Was sagt die WHO in Cuxhaven?", 0),
        ("WHO in Cuxhaven", 0),
        ("Wer sang The Wall in Cuxhaven?", 0),
    ],
)
def test_a_question_in_english_is_read_beside_passages_in_another_language(
    library: Library, embedder: FakeEmbedder, write: Write, asked: str, read_of_three: int
) -> None:
    write("a.txt", "The tide turns at six in the harbour of Cuxhaven.\n")
    write("b.txt", "The tide of Cuxhaven is the highest on this coast.\n")
    write("c.txt", "In Cuxhaven kentert der Strom um sechs Uhr, und die Schiffe laufen aus dem Hafen aus.\n")
    library.sync()
    searcher = library.searcher()
    question = prepare(asked, embedder, searcher, Filter())
    hits = rank(question, searcher, coefficients(), 10)
    reader: Any = _Scores(-1.0, -2.0)
    read_hits = {
        hit.entry.document.path: hit.reading is not None for hit in read(question, hits, reader, 4, coefficients())
    }
    assert sum(read_hits.values()) == read_of_three
    assert not read_hits["c.txt"]


def test_a_copy_of_what_was_read_counts_as_read(library: Library, embedder: FakeEmbedder, write: Write) -> None:
    for name in "abcd":
        write(f"{name}.txt", "The tide turns at six in the harbour.\n")
    write("other.txt", "The tide is high at noon in the harbour, where the boats lie.\n")
    library.sync()
    searcher = library.searcher()
    question = prepare("When does the tide turn in the harbour?", embedder, searcher, Filter())
    hits = rank(question, searcher, coefficients(), 10)
    reader: Any = _Scores(1.0, -1.0)
    assert all(hit.reading is not None for hit in read(question, hits, reader, 4, coefficients()))


def test_the_same_words_below_another_title_are_no_copy(library: Library, embedder: FakeEmbedder, write: Write) -> None:
    for year in (2023, 2024):
        write(f"{year}.md", f"# Tides of {year}\n\nThe tide turns at six in the harbour.\n")
    library.sync()
    question = prepare("When does the tide turn in the harbour?", embedder, library.searcher(), Filter())
    hits = rank(question, library.searcher(), coefficients(), 10)
    reader: Any = _Scores(1.0, -1.0)
    made = {hit.entry.context: hit.reading for hit in read(question, hits, reader, 4, coefficients())}
    assert sorted(made) == ["Tides of 2023", "Tides of 2024"]
    assert sorted(one.score for one in made.values() if one is not None) == [-1.0, 1.0]


def test_a_copy_in_a_document_in_another_language_is_not_read(
    library: Library, embedder: FakeEmbedder, write: Write
) -> None:
    same = "# Tides\n\nThe tide turns at six in the harbour of Cuxhaven.\n"
    write("a.md", same)
    write("b.md", "# Other\n\nThe tide of Cuxhaven is the highest on this coast.\n")
    write("c.md", f"# Gezeiten\n\n{'Die Schiffe laufen aus dem Hafen aus, sobald der Strom kentert. ' * 9}\n\n{same}")
    library.sync()
    searcher, weights = library.searcher(), coefficients()
    question = prepare("When does the tide turn in Cuxhaven?", embedder, searcher, Filter())
    hits = rank(question, searcher, weights, 10)
    reader: Any = _Scores(3.0, -1.0)
    after = {hit.entry.text: hit for hit in hits if hit.entry.document.path == "c.md"}
    (passage,) = [hit.entry.text for hit in hits if hit.entry.document.path == "a.md"]
    assert after[passage].entry.document.language == "de"
    ordered = read(question, hits, reader, 4, weights)
    foreign = [hit for hit in ordered if hit.entry.document.path == "c.md"]
    assert [hit.reading for hit in foreign] == [None] * len(foreign)
    assert {hit.gain for hit in foreign} == {min(hit.gain for hit in ordered)}
    assert sum(hit.reading is not None for hit in ordered) == 2
    assert 0.0 < confidence(question, [*foreign, *ordered], searcher, weights) < 1.0, "where it leads"


def test_words_are_marked_without_the_space_before_them(reader: Reader) -> None:
    passage = "It  was opened   on  4 March 1890\nby the Prince of Wales."
    answer = reader.read("When was it opened?", passage)
    marked = passage[answer.answer.start : answer.answer.end]
    assert "4 March 1890" in marked
    assert marked == marked.strip()
    assert not any(passage[start].isspace() for start in answer.starts)
