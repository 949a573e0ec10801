"""Figures against slow references and against questions whose outcome can be counted by hand."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import evaluation
from retrieval.errors import QuestionSetError
from retrieval.evaluation import Outcome, auroc, compare, coverage, evaluate
from retrieval.question_sets import EvalQuestion, Gold, check_against, half, read_questions, respelt
from retrieval.types import Answer, Citation, Doubt, Excerpt, Filter, Span


def _question(number: int, *, answerable: bool = True, doc: str = "a.txt") -> EvalQuestion:
    answers = (Gold(doc, Span(10, 15), None),) if answerable else ()
    return EvalQuestion(str(number), f"question {number}", answerable, answers, Gold(doc, Span(0, 50)), number)


def _outcome(rank: int, confidence: float, *, answerable: bool = True, found: bool = True) -> Outcome:
    highlighted = True if rank == 1 else None
    return Outcome(_question(0, answerable=answerable), answerable, rank, highlighted, confidence, found, 2.0)


def _answer(question: str, *spans: tuple[int, int], confidence: float = 0.9, doc: str = "a.txt") -> Answer:
    excerpts = tuple(
        Excerpt(i, "x" * (b - a), (Span(0, 5),), 0.5, Citation(doc, doc, None, a, b, 1, None, (), ""))
        for i, (a, b) in enumerate(spans, 1)
    )
    return Answer(question, confidence >= 0.5, confidence, excerpts, 1, 1.0)


def test_figures_counted_by_hand() -> None:
    outcomes = [
        _outcome(1, 0.9),
        _outcome(1, 0.8),
        _outcome(2, 0.7),
        _outcome(0, 0.2, found=False),
        _outcome(0, 0.6, answerable=False),
        _outcome(0, 0.1, answerable=False, found=False),
    ]
    found = evaluate(outcomes, asked=7)
    values = {name: figure.value for name, figure in found.figures.items()}
    assert (found.questions, found.answerable, found.unanswerable, found.left_out) == (6, 4, 2, 1)
    assert values["hit@1"] == 0.5
    assert values["hit@3"] == values["hit@5"] == 0.75
    assert values["mrr"] == (1 + 1 + 0.5) / 4
    assert values["auroc"] == 7 / 8  # of 8 pairs only 0.2 against 0.6 is the wrong way round
    assert values["coverage@90"] == 0.5
    assert values["answered"] == 0.75
    assert values["precision"] == 0.5
    assert values["refusal"] == 0.5
    assert (found.latency_p50, found.latency_p95) == (2.0, 2.0)


def test_an_interval_holds_its_value_and_is_the_same_every_time() -> None:
    outcomes = [_outcome(1 + i % 3, 0.5 + i / 100) for i in range(40)]
    first, second = evaluate(outcomes, 40), evaluate(outcomes, 40)
    assert first == second
    figure = first.figures["hit@1"]
    low, value, high = (one or 0.0 for one in (figure.low, figure.value, figure.high))
    assert 0.0 < low < value < high


def test_figures_without_anything_to_count_are_none() -> None:
    found = evaluate([_outcome(1, 0.9)], 1).figures
    assert found["auroc"].value is None
    assert found["refusal"].value is None


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9]), min_size=1, max_size=12),
)
def test_auroc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(np.array(positive), np.array(negative)) == pytest.approx(sum(pairs) / len(pairs))


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.6, 0.9]), st.booleans(), st.booleans()), min_size=1, max_size=15),
    st.sampled_from([0.5, 0.9, 0.95]),
)
def test_coverage_is_the_best_of_all_cuts(rows: list[tuple[float, bool, bool]], precision: float) -> None:
    rows = [(confidence, right and answerable, answerable) for confidence, right, answerable in rows]
    total = sum(answerable for _, _, answerable in rows)
    best = 0.0
    for cut in {confidence for confidence, _, _ in rows}:
        given_answers = [row for row in rows if row[0] >= cut]
        if sum(row[1] for row in given_answers) >= precision * len(given_answers):
            best = max(best, sum(row[2] for row in given_answers) / max(total, 1))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    found = coverage(columns[0], columns[1].astype(bool), columns[2].astype(bool), precision)
    assert (np.isnan(found) and total == 0) or found == pytest.approx(best)


def test_an_excerpt_hits_when_it_covers_an_answer_in_the_right_document() -> None:
    spans = {
        "question 1": _answer("", (0, 20)),
        "question 2": _answer("", (12, 40), (0, 20)),
        "question 3": _answer("", (0, 20), doc="b.txt"),
    }
    questions = [_question(number) for number in (1, 2, 3)]
    outcomes = evaluation.run(questions, frozenset({"a.txt"}), lambda text, where: spans[text])
    assert [one.rank for one in outcomes] == [1, 2, 0]
    assert [one.highlighted for one in outcomes] == [False, None, None]


def test_an_excerpt_hits_when_a_copy_that_it_names_covers_the_answer() -> None:
    def ask(text: str, where: Filter) -> Answer:
        first, second = _answer(text, (100, 120), (0, 20), doc="b.txt").excerpts
        copies = _answer(text, (0, 9), (0, 20)).excerpts
        also_in = tuple(one.citation for one in copies[: 2 if text == "question 1" else 1])
        first = replace(first, also_in=also_in, doubt=Doubt.NO_AMOUNT)
        return replace(_answer(text, confidence=0.05), excerpts=(first, second))

    questions = [_question(1), _question(2), _question(3, doc="c.txt")]
    outcomes = evaluation.run(questions, frozenset({"a.txt", "b.txt", "c.txt"}), ask)
    assert [one.rank for one in outcomes] == [1, 0, 0]
    assert [one.highlighted for one in outcomes] == [None] * 3, "a copy's highlight is not known"
    assert {one.discount for one in outcomes} == {0.1}


def test_a_question_whose_document_is_not_there_has_no_answer_there() -> None:
    questions = [_question(1), _question(2, doc="elsewhere.txt"), _question(3, answerable=False)]
    outcomes = evaluation.run(questions, frozenset({"a.txt"}), lambda text, where: _answer(text, (0, 20)))
    assert [one.answerable for one in outcomes] == [True, False, False]


def test_within_asks_each_question_in_its_own_document() -> None:
    asked: list[Filter] = []

    def ask(text: str, where: Filter) -> Answer:
        asked.append(where)
        return _answer(text, (0, 20))

    evaluation.run([_question(1), _question(2, doc="gone.txt")], frozenset({"a.txt"}), ask, within=True)
    assert asked == [Filter(glob="a.txt")]


def test_within_asks_in_the_first_document_that_is_there() -> None:
    golds = tuple(Gold(doc, Span(10, 15)) for doc in ("gone.txt", "b.txt", "c.txt"))
    asked: list[Filter] = []

    def ask(text: str, where: Filter) -> Answer:
        asked.append(where)
        return _answer(text, (0, 20), doc="b.txt")

    question = EvalQuestion("1", "q", True, golds, None, 1)
    (outcome,) = evaluation.run([question], frozenset({"b.txt", "c.txt"}), ask, within=True)
    assert (asked, outcome.answerable, outcome.rank) == ([Filter(glob="b.txt")], True, 1)


def test_a_comparison_is_paired() -> None:
    questions = [_question(number) for number in range(30)]

    def outcomes(*, good: bool) -> list[Outcome]:
        return [Outcome(q, True, 1 if good or i % 2 else 2, None, 0.9, True, 1.0) for i, q in enumerate(questions)]

    difference = compare(outcomes(good=False), outcomes(good=True))["hit@1"]
    assert difference.value == 0.5
    assert (difference.low or 0.0) > 0.2
    with pytest.raises(QuestionSetError, match="same questions"):
        compare(outcomes(good=True), outcomes(good=True)[1:])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "line 2: not a JSON object"),
        ("[]", "line 2: not a JSON object"),
        ('{"question": "", "answerable": true}', 'line 2: "question" is missing or empty'),
        ('{"question": "q", "answerable": 1}', 'line 2: "answerable" must be true or false'),
        ('{"question": "q", "answerable": true, "answers": 3}', 'line 2: "answers" must be a list'),
        (
            '{"question": "q", "answerable": true, "answers": [{"doc": "a", "start": 5, "end": 2}]}',
            '"start" and "end" as offsets in order',
        ),
        (
            '{"question": "q", "answerable": true, "answers": [{"doc": "a", "start": 5, "end": 5}]}',
            '"start" and "end" as offsets in order',
        ),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "good", "answerable": false}\n' + line + "\n")
    with pytest.raises(QuestionSetError) as caught:
        read_questions(path)
    assert what in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_empty_or_missing_question_set_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(QuestionSetError, match="holds no question"):
        read_questions(tmp_path / "empty.jsonl")
    with pytest.raises(QuestionSetError, match="cannot be read: No such file"):
        read_questions(tmp_path / "nowhere.jsonl")


RHINE, SET = "The Rhine flows.", Path("set.jsonl")


def _about(doc: str, start: int, end: int, text: str | None = None, line: int = 3) -> EvalQuestion:
    return EvalQuestion(str(line), "q", True, (Gold(doc, Span(start, end), text),), None, line)


def _check(*questions: EvalQuestion, documents: Mapping[str, str]) -> dict[str, list[int]]:
    return check_against(questions, SET, frozenset(documents), documents.__getitem__)


@pytest.mark.parametrize(
    ("question", "documents", "what"),
    [
        (
            _about("a.txt", 4, 9, "Rhine"),
            {"a.txt": "A bridge."},
            "set.jsonl, line 3: the answer 'Rhine' does not stand at 4-9 of a.txt: correct it, or restore",
        ),
        (
            _about("a.txt", 4, 99),
            {"a.txt": RHINE},
            "set.jsonl, line 3: 4-99 lies outside a.txt, which has 16 characters: correct it",
        ),
        (
            EvalQuestion("1", "q", False, (), Gold("a.txt", Span(4, 99)), 3),
            {"a.txt": RHINE},
            "set.jsonl, line 3: 4-99 lies outside a.txt",
        ),
        (
            _about("rivres/rhine.txt", 4, 9),
            {"rivers/rhine.txt": RHINE},
            "set.jsonl asks about 1 document, such as 'rivres/rhine.txt' in line 3 (the nearest is 'rivers/rhine.txt')",
        ),
        (_about("a.txt", 4, 9), {}, "The library holds no document: put some into the seeds folder"),
    ],
)
def test_a_set_that_does_not_fit_the_library_is_an_error(
    question: EvalQuestion, documents: dict[str, str], what: str
) -> None:
    with pytest.raises(QuestionSetError) as caught:
        _check(question, documents=documents)
    assert str(caught.value).startswith(what)


def test_a_mistyped_document_is_an_error_and_one_that_is_only_missing_is_named() -> None:
    documents = {"rivers/rhine.txt": RHINE, "part-1.txt": RHINE}
    good = _about("rivers/rhine.txt", 4, 9, "Rhine", line=1)
    assert _check(good, documents=documents) == {}
    with pytest.raises(
        QuestionSetError,
        match=r"^set.jsonl, line 3: the library holds no document 'rivers/rhin.txt'; "
        r"what is quoted from it stands in 'rivers/rhine.txt': correct the name.$",
    ):
        _check(good, _about("rivers/rhin.txt", 4, 9, "Rhine"), documents=documents)
    missing = _about("rivers/rhein.txt", 4, 9, "Elbe!"), _about("part-2.txt", 4, 9, "Rhine", line=5)
    assert _check(good, *missing, documents=documents) == {"rivers/rhein.txt": [3], "part-2.txt": [5]}


def test_only_documents_with_a_name_like_the_missing_one_are_read() -> None:
    names = ["rivers/rhine.txt", *(f"{chr(97 + number)}{number}.md" for number in range(26))]
    read: list[str] = []

    def text_of(name: str) -> str:
        read.append(name)
        return "The Elbe flows."

    questions = [_about("rivers/rhine.txt", 4, 8, "Elbe"), _about("rivers/rhin.txt", 4, 9, "Rhine")]
    assert check_against(questions, SET, names, text_of) == {"rivers/rhin.txt": [3]}
    assert read == ["rivers/rhine.txt"]


def test_documents_with_words_of_one_template_are_not_taken_for_one_another() -> None:
    documents = dict.fromkeys(("contracts/Baker.txt", "contracts/Mason.txt"), "The notice period is three months.")
    questions = [_about(f"contracts/{name}.txt", 21, 33, "three months") for name in ("Baker", "Tyler")]
    assert _check(*questions, documents=documents) == {"contracts/Tyler.txt": [3]}


def test_few_documents_are_read_for_a_missing_one_however_many_have_a_name_like_it() -> None:
    names = [f"contracts/{a}{b}.txt" for a in "abcdefgh" for b in "abcdefgh"]
    read: list[str] = []

    def text_of(name: str) -> str:
        read.append(name)
        return RHINE

    questions = [_about(names[0], 4, 9, "Rhine"), _about("contracts/xx.txt", 4, 9, "Elbe!")]
    assert check_against(questions, SET, names, text_of) == {"contracts/xx.txt": [3]}
    assert len(set(read)) <= 4


def test_a_document_is_named_in_either_spelling_of_its_accents_where_one_alone_is_meant() -> None:
    typed, written = "\u00dcberblick.txt", "U\u0308berblick.txt"
    gold = Gold(typed, Span(4, 9))
    asked = [EvalQuestion("1", "q", True, (gold, Gold("b.txt", Span(4, 9))), gold, 1)]
    (found,) = respelt(asked, {written, "b.txt"})
    assert [one.doc for one in found.places] == [written, "b.txt", written]
    assert respelt(asked, {written, typed}) == asked
    assert respelt(asked, {"\u1e9eberblick.txt"}) == asked


class _Text(str):
    """A text that can be seen to be let go."""

    __slots__ = ("__weakref__",)


def test_the_texts_of_only_a_few_documents_are_held_at_once() -> None:
    held: weakref.WeakSet[_Text] = weakref.WeakSet()
    most = 0

    def text_of(name: str) -> str:
        nonlocal most
        text = _Text(f"{RHINE} {name}")
        held.add(text)
        most = max(most, len(held))
        return text

    names = [f"{number}.txt" for number in range(40)]
    check_against([_about(name, 4, 9, "Rhine") for name in names], SET, names, text_of)
    assert 1 < most < 20


def test_questions_that_cannot_be_judged_are_an_error() -> None:
    vague = EvalQuestion("1", "q", True, (), None, 1)
    with pytest.raises(QuestionSetError, match="No question of this set can be judged"):
        evaluation.run([vague], frozenset({"a.txt"}), lambda text, where: _answer(text))


def test_half_is_the_same_half_every_time() -> None:
    names = [f"{n}.txt" for n in range(11)]
    assert half(names) == half(names[::-1])
    assert len(half(names)) == 6
