"""The sample documents and their questions: the whole engine with its real model."""

from __future__ import annotations

import json
from pathlib import Path

from retrieval.evaluation import DEPTH, evaluate, run
from retrieval.library import Library
from retrieval.loaders import SUFFIXES
from retrieval.question_sets import check_against, read_questions
from retrieval.settings import EngineSettings
from tests.conftest import REPOSITORY, SEEDS

QUESTIONS = REPOSITORY / "tests" / "questions.jsonl"


def test_every_sample_document_is_read_and_titled(built: Path) -> None:
    files = sorted(str(path.relative_to(SEEDS)) for path in SEEDS.rglob("*") if path.is_file())
    with Library.open(EngineSettings(seeds=SEEDS, library=built)) as library:
        sources = library.documents()
    assert [source.path for source in sources] == files
    assert len({Path(name).suffix for name in files} & SUFFIXES) >= 8
    assert all(source.title for source in sources)
    assert sum(source.date is not None for source in sources) == 9


def test_the_questions_fit_the_documents() -> None:
    questions = read_questions(QUESTIONS)
    assert len({question.id for question in questions}) == len(questions)
    assert len({json.dumps(question.text) for question in questions}) == len(questions)
    for question in questions:
        assert question.answerable == bool(question.answers)
        paragraph = question.paragraph
        if paragraph is not None:
            assert question.covered_by(paragraph.doc, paragraph.span)


def test_most_questions_get_the_right_excerpt_first(built: Path) -> None:
    """A floor under what was measured (0.95 of 74), so that a change that breaks ranking is noticed."""
    questions = read_questions(QUESTIONS)
    with Library.open(EngineSettings(seeds=SEEDS, library=built)) as library:
        documents = frozenset(source.path for source in library.documents())
        check_against(questions, QUESTIONS, lambda path: library.document(path).text)
        outcomes = run(questions, documents, lambda text, where: library.ask(text, top=DEPTH, where=where))
    figures = evaluate(outcomes, len(questions)).figures
    assert (figures["hit@1"].value or 0) >= 0.85
    assert (figures["hit@3"].value or 0) >= 0.90
    assert (figures["auroc"].value or 0) >= 0.70
