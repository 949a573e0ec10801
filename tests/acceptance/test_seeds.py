"""The questions over the sample documents, asked of the whole engine with its real model."""

from __future__ import annotations

from pathlib import Path

from retrieval.evaluation import DEPTH, evaluate, run
from retrieval.library import Library
from retrieval.question_sets import read_questions
from retrieval.settings import EngineSettings
from tests.conftest import REPOSITORY, SEEDS


def test_most_questions_get_the_right_excerpt_first(built: Path) -> None:
    """A floor under what was measured (hit@1 0.93 of 74, AUROC 0.78), so that a change that breaks ranking shows."""
    questions = read_questions(REPOSITORY / "tests" / "questions.jsonl")
    with Library.open(EngineSettings(seeds=SEEDS, library=built)) as library:
        documents = frozenset(source.path for source in library.documents())
        outcomes = run(questions, documents, lambda text, where: library.ask(text, top=DEPTH, where=where))
    figures = evaluate(outcomes, len(questions)).figures
    assert (figures["hit@1"].value or 0) >= 0.85
    assert (figures["hit@3"].value or 0) >= 0.90
    assert (figures["auroc"].value or 0) >= 0.70
