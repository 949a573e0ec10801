"""The sample documents and the questions over them: every format is read, every gold answer stands where it says."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from retrieval.library import Library
from retrieval.loaders import load, title_of
from retrieval.question_sets import check_against, read_questions
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Document
from tests.conftest import REPOSITORY, SEEDS

QUESTIONS = REPOSITORY / "tests" / "questions.jsonl"
TITLES_AND_DATES = {
    "data/rivers.csv": (None, None),
    "handbook/laboratory-safety.docx": ("Working safely in the teaching laboratory", "2022-09-01"),
    "historia/papa.txt": ("La papa, un viaje desde los Andes", "2018-05-30"),
    "manuals/coffee-grinder.md": ("Burr grinder G40, handbook", "2023-04-11"),
    "nature/arctic-tern.txt": ("The longest journey: how the Arctic tern sees two summers a year", "2019-08-03"),
    "news/xinjiang-statement.txt": (None, "2021-10-22"),
    "reise/bodensee.md": ("Rund um den Bodensee", "2020-06-30"),
    "science/broad-street-pump.pdf": ("The map that stopped an epidemic", "2021-09-08"),
    "science/sourdough.html": ("What happens in a sourdough", "2022-02-18"),
    "stories/two-polar-journeys.epub": ("Two polar journeys", "2022-03-09"),
    "support/library-desk.jsonl": (None, None),
}
"""What each document says of itself; None where it does not."""


@cache
def _document(name: str) -> Document:
    path = SEEDS / name
    return load(path, name, path.read_bytes())


def test_every_sample_is_taken_in_and_none_is_skipped(tmp_path: Path, embedder: FakeEmbedder) -> None:
    with Library.open(EngineSettings(seeds=SEEDS, library=tmp_path / "library"), embedder=embedder) as library:
        report = library.sync()
    assert report.skipped == ()
    assert sorted(report.added) == sorted(TITLES_AND_DATES)


def test_the_samples_are_in_at_least_eight_formats() -> None:
    assert len({Path(name).suffix for name in TITLES_AND_DATES}) >= 8


def test_every_sample_has_its_title_and_its_date() -> None:
    read = {name: _document(name) for name in TITLES_AND_DATES}
    assert {name: (one.title if one.titled else None, one.date) for name, one in read.items()} == TITLES_AND_DATES
    assert all(one.titled or one.title == title_of(name) != "" for name, one in read.items())


def test_the_sample_pdf_has_a_page_for_each_of_its_headings() -> None:
    document = _document("science/broad-street-pump.pdf")
    begins = [document.text[page:].split("\n", 1)[0] for page in document.pages]
    assert begins == ["The pump in Broad Street", "Exceptions that proved the case", "How the well was poisoned"]


def test_menus_and_advertisements_of_the_sample_page_are_left_out() -> None:
    text = _document("science/sourdough.html").text
    assert [word for word in ("All recipes", "newsletter") if word in text] == []


def test_every_answer_is_the_slice_of_its_document() -> None:
    questions = read_questions(QUESTIONS)
    golds = [gold for question in questions for gold in question.answers]
    assert all(gold.text for gold in golds)
    assert [g for g in golds if g.span.of(_document(g.doc).text) != g.text] == []
    assert [g for g in golds if g.span.start < _document(g.doc).body_start] == []
    documents = {gold.doc for gold in golds}
    assert check_against(questions, QUESTIONS, documents, lambda name: _document(name).text) == {}


def test_every_question_is_asked_once() -> None:
    questions = read_questions(QUESTIONS)
    for values in ([q.id for q in questions], [q.text for q in questions]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_a_question_has_answers_and_a_paragraph_around_one_or_neither() -> None:
    for question in read_questions(QUESTIONS):
        if not question.answerable:
            assert (question.answers, question.paragraph) == ((), None)
            continue
        assert question.paragraph is not None
        text = question.paragraph.span.of(_document(question.paragraph.doc).text)
        assert question.covered_by(question.paragraph.doc, question.paragraph.span)
        assert text == text.strip()
        assert "\n\n" not in text


def test_every_sample_is_asked_about() -> None:
    asked = {gold.doc for question in read_questions(QUESTIONS) for gold in question.answers}
    assert asked == set(TITLES_AND_DATES)
