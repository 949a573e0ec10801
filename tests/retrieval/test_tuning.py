"""An operator's own weights: calibration against slow references, what is worth keeping, and how it is kept."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import recalibration, retraining, tuning
from retrieval.calibration import (
    cautions,
    expected_calibration_error,
    fit_platt,
    log_loss,
    logit,
    precision_threshold,
    reliability,
    sigmoid,
)
from retrieval.coefficients import coefficients
from retrieval.embedding import Encoding
from retrieval.errors import LibraryError, QuestionSetError
from retrieval.evaluation import Outcome
from retrieval.library import Library
from retrieval.question_sets import EvalQuestion, Gold, folds, read_questions
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.tuning import Fit, tuned_in, weights_of
from retrieval.types import Span
from tests import own_questions

CONFIDENCES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
ANSWERS = st.lists(st.tuples(CONFIDENCES, st.booleans()), min_size=1, max_size=40)
SETTINGS = AnswerSettings(read=0)
RANKING = Fit("ranking", {"ranking": own_questions.coefficients()["ranking"] | {"late": 2.0}}, {"hit@1": 0.5})
CONFIDENCE = Fit("confidence", {"caution": {"sure": 0.9, "balanced": 0.6, "eager": 0.4}}, {"after": 0.1})


def _columns(rows: list[tuple[float, bool]]) -> tuple[Any, Any]:
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows], bool)


@given(ANSWERS, st.integers(1, 12))
def test_the_calibration_error_is_that_of_a_slow_reference(rows: list[tuple[float, bool]], bins: int) -> None:
    ordered = sorted(confidence for confidence, _ in rows)
    share = {c: [right for one, right in rows if one == c] for c in ordered}
    size, more = divmod(len(rows), bins)
    error, start = 0.0, 0
    for number in range(bins):
        part = ordered[start : start + size + (number < more)]
        start += len(part)
        if part:
            right = sum(sum(share[c]) / len(share[c]) for c in part) / len(part)
            error += len(part) * abs(sum(part) / len(part) - right)
    confidence, right_ones = _columns(rows)
    assert expected_calibration_error(confidence, right_ones, bins) == pytest.approx(error / len(rows))


@given(ANSWERS)
def test_the_order_of_answers_does_not_change_reliability(rows: list[tuple[float, bool]]) -> None:
    forth, back = reliability(*_columns(rows), 5), reliability(*_columns(rows[::-1]), 5)
    assert np.array(forth) == pytest.approx(np.array(back))
    assert sum(count for _, _, count in forth) == len(rows)


def test_reliability_counted_by_hand() -> None:
    confidence, right = np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, True, True])
    assert reliability(confidence, right, 2) == [
        (pytest.approx(0.3), 0.5, 2),
        (pytest.approx(0.7), 1.0, 2),
    ]
    assert expected_calibration_error(confidence, right, 2) == pytest.approx(0.25)
    assert np.isnan(expected_calibration_error(np.zeros(0), np.zeros(0, bool)))


@given(ANSWERS, st.sampled_from([0.5, 0.8, 0.95]))
def test_the_threshold_is_the_lowest_of_all_that_are_precise(rows: list[tuple[float, bool]], precision: float) -> None:
    precise = []
    for cut, _ in rows:
        answered = [right for confidence, right in rows if confidence >= cut]
        if sum(answered) >= precision * len(answered):
            precise.append(cut)
    assert precision_threshold(*_columns(rows), precision) == min(precise, default=precision)


@given(ANSWERS)
def test_a_stricter_caution_is_never_below_a_laxer_one(rows: list[tuple[float, bool]]) -> None:
    found = cautions(*_columns(rows))
    assert set(found) == {"sure", "balanced", "eager"}
    assert 0 <= found["eager"] <= found["balanced"] <= found["sure"] <= 1


def test_confidences_that_are_twice_too_sure_are_halved() -> None:
    random = np.random.default_rng(3)
    true = random.normal(0.5, 1.5, 20_000)
    slope, shift = fit_platt(2 * true - 1, random.random(len(true)) < sigmoid(true))
    assert slope == pytest.approx(0.5, abs=0.02)
    assert shift == pytest.approx(0.5, abs=0.05)


def test_a_logit_is_the_inverse_of_a_probability() -> None:
    assert sigmoid(logit(np.array([0.01, 0.5, 0.9]))) == pytest.approx([0.01, 0.5, 0.9])
    assert log_loss(np.array([1.0, 0.0]), np.array([True, False])) < 1e-4
    assert log_loss(np.array([0.0]), np.array([True])) == pytest.approx(-np.log(5e-5))


def _question(number: int, document: str | None) -> EvalQuestion:
    answers = () if document is None else (Gold(document, Span(0, 1)),)
    return EvalQuestion(str(number), "q", document is not None, answers, None, number)


@given(st.lists(st.sampled_from([None, *"abcdefgh"]), min_size=1, max_size=60))
def test_a_document_is_never_divided_between_folds(documents: list[str | None]) -> None:
    questions = [_question(number, document) for number, document in enumerate(documents)]
    found = folds(questions)
    assert found.tolist() == folds(questions).tolist()
    named = {document for document in documents if document is not None}
    if len(named) >= 5:
        assert len(set(found.tolist())) == 5
        for name in named:
            assert len({k for k, document in zip(found.tolist(), documents, strict=True) if document == name}) == 1
    else:
        counts = np.bincount(found, minlength=5)
        assert counts.max() - counts.min() <= 1


def _outcomes(confidences: Any, right: Any) -> list[Outcome]:
    """Questions about documents in turn; what is wrong is not answerable."""
    return [
        Outcome(_question(i, "abcdefg"[i % 7]), bool(one), int(one), None, round(float(c), 4), bool(c >= 0.5), 1.0)
        for i, (c, one) in enumerate(zip(confidences, right, strict=True))
    ]


def _drawn(count: int, too_sure: float) -> list[Outcome]:
    random = np.random.default_rng(1)
    true = random.normal(0.0, 1.5, count)
    return _outcomes(sigmoid(too_sure * true), random.random(count) < sigmoid(true))


@pytest.fixture
def _shipped(tmp_path: Path) -> Iterator[None]:
    with own_questions.shipped(own_questions.coefficients(), tmp_path / "package"):
        yield


def test_a_confidence_that_is_too_sure_is_fitted_and_worth_keeping() -> None:
    found = recalibration.calibrate(_drawn(600, 3.0), SETTINGS)
    assert found.why_not == ""
    assert found.slope == pytest.approx(1 / 3, abs=0.08)
    assert found.after.log_loss < found.before.log_loss
    assert found.after.calibration_error < 0.05 < found.before.calibration_error
    assert found.caution["eager"] < found.caution["balanced"] < found.caution["sure"]


def test_a_discount_stays_outside_what_is_fitted() -> None:
    plain = _drawn(600, 3.0)
    tenth = [
        replace(one, confidence=round(one.confidence / 10, 4), discount=0.1) if i % 2 else one
        for i, one in enumerate(plain)
    ]
    without, with_it = (recalibration.calibrate(outcomes, SETTINGS) for outcomes in (plain, tenth))
    assert (with_it.slope, with_it.shift) == pytest.approx((without.slope, without.shift), abs=0.01)
    assert with_it.before.log_loss > without.before.log_loss
    assert with_it.after.log_loss > without.after.log_loss
    confidence, right = _columns([(one.confidence, bool(one.rank)) for one in plain[::2]])
    among_the_others = cautions(sigmoid(with_it.slope * logit(confidence) + with_it.shift), right)
    assert with_it.caution == among_the_others, "as long as none is below a tenth"


def test_what_was_answered_is_counted_where_the_settings_cut() -> None:
    outcomes = _drawn(300, 1.0)
    found = np.array([one.confidence >= 0.5 for one in outcomes])
    right = np.array([one.rank == 1 for one in outcomes])
    before = recalibration.calibrate(outcomes, SETTINGS).before
    assert before.answered == round(found[right].mean(), 4)
    assert before.precision == round(right[found].mean(), 4)
    assert before.refusal == round((~found)[~right].mean(), 4)
    assert recalibration.calibrate(outcomes, AnswerSettings(caution="always")).after.answered == 1.0
    assert recalibration.calibrate(outcomes, AnswerSettings(found_at=1.0)).after.answered == 0.0


def test_a_good_confidence_is_left_as_it_is() -> None:
    confidences = np.repeat([0.1, 0.5, 0.9], 30)
    right = np.concatenate([np.arange(30) % 10 < share for share in (1, 5, 9)])
    found = recalibration.calibrate(_outcomes(confidences, right), SETTINGS)
    assert found.before.calibration_error == 0.0
    assert found.why_not == "on questions that it was not fitted to, the confidence got no better"


def test_a_confidence_that_says_the_opposite_is_left_as_it_is() -> None:
    found = recalibration.calibrate(_drawn(300, -1.0), SETTINGS)
    assert found.why_not == "on these questions the confidence does not tell right answers from wrong ones"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (25, 24, "Only 49 of these questions can be judged: to fit the confidence, write at least 50"),
        (9, 60, "Of 69 first excerpts 9 are right and 60 wrong.* ask more that your documents answer"),
        (60, 9, "Of 69 first excerpts 60 are right and 9 wrong.* ask more that your documents do not answer"),
    ],
)
def test_too_few_questions_are_refused(right: int, wrong: int, message: str) -> None:
    labels = np.arange(right + wrong) < right
    with pytest.raises(QuestionSetError, match=message):
        recalibration.calibrate(_outcomes(np.full(len(labels), 0.5), labels), SETTINGS)


def test_ten_of_each_are_enough() -> None:
    labels = np.arange(50) < 10
    assert recalibration.calibrate(_outcomes(0.4 + 0.2 * labels, labels), SETTINGS).questions == 50


def _unseen(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class _Asked:
    """A library over the made-up documents, its settings, questions and the training on them."""

    settings: EngineSettings
    library: Library
    questions: list[EvalQuestion]
    documents: frozenset[str]
    training: retraining.Training
    steps: list[tuple[int, int]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Asked]:
    folder = tmp_path_factory.mktemp("asked")
    own_questions.write_documents(folder / "seeds")
    settings = EngineSettings(seeds=folder / "seeds", library=folder / "library", answer=SETTINGS)
    with (
        own_questions.shipped(own_questions.coefficients(), folder / "package"),
        Library.open(settings, embedder=FakeEmbedder()) as library,
    ):
        library.sync()
        path = own_questions.write_questions(folder / "own.jsonl", lambda name: library.document(name).text)
        questions, documents = read_questions(path), frozenset(one.path for one in library.documents())
        steps: list[tuple[int, int]] = []
        training = retraining.train(library.engine(), questions, documents, SETTINGS, lambda *step: steps.append(step))
        yield _Asked(settings, library, questions, documents, training, steps)


def test_a_ranking_that_prefers_long_passages_is_unlearnt(asked: _Asked) -> None:
    training = asked.training
    assert training.why_not == ""
    assert training.shipped.figures["hit@1"].value == 0.55
    assert training.tuned.figures["hit@1"].value == 1.0
    assert (training.difference["mrr"].low or 0.0) > 0.15
    assert training.parts["ranking"]["coverage"] > 1 > 0 == own_questions.coefficients()["ranking"]["coverage"]
    assert (training.shipped.questions, training.shipped.answerable) == (150, 120)
    assert [one.question for one in training.outcomes] == asked.questions


def test_every_question_is_measured_once_and_asked_twice(asked: _Asked) -> None:
    assert asked.steps == [(done, 450) for done in range(1, 451)]


def test_the_confidence_is_fitted_to_what_the_tuned_ranking_answers(asked: _Asked) -> None:
    found = recalibration.calibrate(asked.training.outcomes, SETTINGS)
    fit = found.fit()
    assert set(fit.parts) == {"confidence", "read_confidence", "foreign_confidence", "caution"}
    before = own_questions.coefficients()["confidence"]
    assert fit.parts["confidence"]["cosine"] == pytest.approx(found.slope * before["cosine"])
    assert fit.parts["confidence"]["bias"] == pytest.approx(found.slope * before["bias"] + found.shift)


def test_tuned_weights_answer_at_the_next_question(asked: _Asked) -> None:
    questions = [q for q in asked.questions if q.answers]

    def ranks() -> list[int]:
        engine = asked.library.engine()
        return [one.rank for one in recalibration.ask_all(engine, questions, asked.documents, SETTINGS, _unseen)]

    shipped = ranks()
    wrong = questions[next(i for i, rank in enumerate(shipped) if rank != 1)]
    before = asked.library.ask(wrong.text)
    calibration = recalibration.calibrate(asked.training.outcomes, SETTINGS)
    fits = [asked.training.fit(), calibration.fit()]
    tuning.keep(asked.settings.library, fits, "own.jsonl", 150, "a-model")
    try:
        after = asked.library.ask(wrong.text)
        assert ranks() == [1] * len(questions)
    finally:
        assert tuning.undo(asked.settings.library)
    assert shipped.count(1) == 66
    assert not wrong.covered_by(before.excerpts[0].citation.document, _span(before))
    assert wrong.covered_by(after.excerpts[0].citation.document, _span(after))
    assert asked.library.ask(wrong.text).excerpts == before.excerpts


def _span(answer: Any) -> Span:
    place = answer.excerpts[0].citation
    return Span(place.start, place.end)


def test_the_fitted_logistic_gives_the_fitted_probability(asked: _Asked) -> None:
    calibration = recalibration.calibrate(asked.training.outcomes, SETTINGS)
    tuning.keep(asked.settings.library, [calibration.fit()], "own.jsonl", 150, "a-model")
    try:
        tuned = weights_of(asked.settings.library).confidence
    finally:
        tuning.undo(asked.settings.library)
    values = np.full(len(tuned.weights), 0.45, np.float32)
    shipped = coefficients().confidence.probability(values)
    expected = sigmoid(calibration.slope * logit(np.array([shipped])) + calibration.shift)
    assert tuned.probability(values) == pytest.approx(float(expected[0]), abs=1e-4)


def test_what_is_no_character_of_a_question_is_cleaned_before_it_is_measured(asked: _Asked) -> None:
    """A tokenizer takes no half of a pair, which JSON may hold."""
    encoded: list[str] = []

    class Strict(FakeEmbedder):
        def encode_query(self, text: str) -> Encoding:
            encoded.append(text)
            return super().encode_query(text)

    question = asked.questions[0]
    odd = replace(question, text=f"\u200b{question.text} \ud83d")
    engine = replace(asked.library.engine(), embedder=Strict())
    assert retraining.training_groups(engine, odd)[0] is not None
    assert encoded == [f"{question.text} ?"]


def test_weights_that_are_as_good_as_can_be_are_left_as_they_are(asked: _Asked, tmp_path: Path) -> None:
    good = own_questions.coefficients()
    good["ranking"] |= asked.training.parts["ranking"]
    with own_questions.shipped(good, tmp_path / "package"):
        training = retraining.train(asked.library.engine(), asked.questions, asked.documents, SETTINGS, _unseen)
    assert training.shipped.figures["hit@1"].value == 1.0
    assert training.why_not == "on questions that it was not fitted to, the ranking got no better"


def test_a_gain_that_may_be_chance_is_not_kept(asked: _Asked) -> None:
    chance = replace(asked.training.difference["mrr"], low=-0.01)
    training = replace(asked.training, difference={**asked.training.difference, "mrr": chance})
    assert training.why_not.startswith("the gain may be chance")


def test_a_library_that_is_built_meanwhile_is_no_ground_to_fit_anything_to(tmp_path: Path) -> None:
    """The passages that were found may be gone by the time they are read."""
    own_questions.write_documents(tmp_path / "seeds")
    settings = EngineSettings(seeds=tmp_path / "seeds", library=tmp_path / "library", answer=SETTINGS)
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
        path = own_questions.write_questions(tmp_path / "own.jsonl", lambda name: library.document(name).text)
        questions, documents = read_questions(path), frozenset(one.path for one in library.documents())

        def build(done: int, total: int) -> None:
            if done == total:
                library.sync(full=True)

        engine = library.engine()
        with pytest.raises(LibraryError, match=r"^The library was built anew meanwhile: run it again\.$"):
            recalibration.ask_all(engine, questions[:3], documents, SETTINGS, build)
        assert len(recalibration.ask_all(library.engine(), questions[:3], documents, SETTINGS, _unseen)) == 3


def test_fewer_than_a_hundred_answerable_questions_are_refused(asked: _Asked) -> None:
    answerable = [q for q in asked.questions if q.answers]
    others = [q for q in asked.questions if not q.answers]
    with pytest.raises(QuestionSetError, match="Only 99 of these questions have an answer with its place"):
        retraining.train(asked.library.engine(), [*answerable[:99], *others], asked.documents, SETTINGS, _unseen)
    elsewhere = frozenset(sorted(asked.documents)[:8])
    with pytest.raises(QuestionSetError, match="Only 96 of these"):
        retraining.train(asked.library.engine(), asked.questions, elsewhere, SETTINGS, _unseen)


@pytest.mark.usefixtures("_shipped")
def test_what_is_kept_is_described(tmp_path: Path) -> None:
    assert tuned_in(tmp_path) == ()
    assert weights_of(tmp_path) is coefficients()
    tuning.keep(tmp_path, [RANKING, CONFIDENCE], "own.jsonl", 240, "a-model")
    ranking, confidence = tuned_in(tmp_path)
    assert (ranking.what, ranking.file, ranking.questions, ranking.outdated) == ("ranking", "own.jsonl", 240, False)
    assert (confidence.what, confidence.made_at, confidence.model) == ("confidence", ranking.made_at, "a-model")
    found = weights_of(tmp_path)
    assert found.caution == CONFIDENCE.parts["caution"]
    assert found.sentence.tolist() == coefficients().sentence.tolist()
    assert found.ranking.sum() == coefficients().ranking.sum() + 2.0
    assert json.loads((tmp_path / "tuned.json").read_text())["made"]["ranking"]["figures"] == {"hit@1": 0.5}
    assert [path.name for path in tmp_path.glob("tuned*")] == ["tuned.json"]


@pytest.mark.usefixtures("_shipped")
def test_a_confidence_is_kept_beside_a_ranking_but_not_beyond_it(tmp_path: Path) -> None:
    tuning.keep(tmp_path, [RANKING], "own.jsonl", 150, "a-model")
    tuning.keep(tmp_path, [CONFIDENCE], "other.jsonl", 60, "a-model")
    assert [(one.what, one.file, one.questions) for one in tuned_in(tmp_path)] == [
        ("ranking", "own.jsonl", 150),
        ("confidence", "other.jsonl", 60),
    ]
    tuning.keep(tmp_path, [RANKING], "own.jsonl", 151, "a-model")
    assert [(one.what, one.questions) for one in tuned_in(tmp_path)] == [("ranking", 151)]
    assert weights_of(tmp_path).caution == coefficients().caution


@pytest.mark.usefixtures("_shipped")
def test_undoing_leaves_nothing(tmp_path: Path) -> None:
    assert not tuning.undo(tmp_path)
    tuning.keep(tmp_path, [RANKING], "own.jsonl", 150, "a-model")
    assert tuning.undo(tmp_path)
    assert list(tmp_path.glob("tuned*")) == []
    assert weights_of(tmp_path) is coefficients()


@pytest.mark.usefixtures("_shipped")
def test_other_shipped_weights_make_it_outdated_but_it_still_applies(tmp_path: Path) -> None:
    tuning.keep(tmp_path, [RANKING], "own.jsonl", 150, "a-model")
    newer = own_questions.coefficients() | {"sentence": own_questions.coefficients()["sentence"] | {"late": 1.0}}
    with own_questions.shipped(newer, tmp_path / "newer"):
        (found,) = tuned_in(tmp_path)
        assert found.outdated
        assert weights_of(tmp_path).ranking.sum() == coefficients().ranking.sum() + 2.0
        assert weights_of(tmp_path).sentence.tolist() == coefficients().sentence.tolist()
        tuning.keep(tmp_path, [CONFIDENCE], "own.jsonl", 150, "a-model")
        assert [one.outdated for one in tuned_in(tmp_path)] == [True, False]


@pytest.mark.usefixtures("_shipped")
def test_a_fit_that_lacks_a_measure_of_a_newer_version_is_not_used_until_it_is_made_again(tmp_path: Path) -> None:
    shipped = own_questions.coefficients()
    older = Fit("confidence", CONFIDENCE.parts | {"read_confidence": shipped["read_confidence"]}, {})
    tuning.keep(tmp_path, [RANKING, older], "own.jsonl", 150, "a-model")
    written = json.loads((tmp_path / tuning.FILE).read_text())
    del written["read_confidence"]["answers"]
    (tmp_path / tuning.FILE).write_text(json.dumps(written))
    with pytest.raises(LibraryError, match="cannot be used"):  # one of this version is damaged
        weights_of(tmp_path)
    shipped["sentence"]["late"] = 1.0
    with own_questions.shipped(shipped, tmp_path / "newer"):
        assert [(one.what, one.outdated, one.in_use) for one in tuned_in(tmp_path)] == [
            ("ranking", True, True),
            ("confidence", True, False),
        ]
        assert weights_of(tmp_path).caution == coefficients().caution
        assert weights_of(tmp_path).ranking.sum() == coefficients().ranking.sum() + 2.0
        del written["ranking"]["late"]
        (tmp_path / tuning.FILE).write_text(json.dumps(written | {"read_confidence": shipped["read_confidence"]}))
        assert [one.in_use for one in tuned_in(tmp_path)] == [
            False,
            False,
        ]  # the confidence was fitted over the ranking
        assert weights_of(tmp_path).caution == coefficients().caution
        tuning.keep(tmp_path, [CONFIDENCE], "own.jsonl", 60, "a-model")
        assert [(one.what, one.questions, one.in_use) for one in tuned_in(tmp_path)] == [("confidence", 60, True)]
        assert weights_of(tmp_path).caution == CONFIDENCE.parts["caution"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "",
        "[]",
        '{"ranking": {}}',
        '{"made": []}',
        '{"made": {"ranking": {}}}',
        '{"made": {}, "ranking": {"cosine": 1}}',
        '{"made": {}, "confidence": 3}',
        '{"made": {}, "caution": []}',
        '{"made": {}, "caution": {"balanced": 0.5}}',
        '{"made": {}, "caution": {"sure": 0.9, "balanced": 50, "eager": 0.2}}',
        json.dumps({"made": {}, "sentence": dict.fromkeys(own_questions.SENTENCE_FEATURES, float("nan"))}),
    ],
)
@pytest.mark.usefixtures("_shipped")
def test_a_damaged_file_is_said_with_its_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "tuned.json").write_text(content)
    for look in (weights_of, tuned_in):
        with pytest.raises(LibraryError, match=r"tuned.json cannot be used: run `seedbot train --undo`"):
            look(tmp_path)
    assert tuning.undo(tmp_path)
    assert weights_of(tmp_path) is coefficients()


@pytest.mark.usefixtures("_shipped")
def test_a_full_disk_leaves_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning.keep(tmp_path, [RANKING], "own.jsonl", 150, "a-model")
    kept = (tmp_path / "tuned.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LibraryError, match=r"tuned.json cannot be written \(No space left on device\)"):
        tuning.keep(tmp_path, [CONFIDENCE], "own.jsonl", 150, "a-model")
    assert (tmp_path / "tuned.json").read_bytes() == kept


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.usefixtures("_shipped")
def test_a_build_leaves_it_alone(library: Library, settings: EngineSettings, seeds: Path, full: bool) -> None:
    (seeds / "a.txt").write_text("The bridge was built in 1919.")
    library.sync()
    tuning.keep(settings.library, [RANKING, CONFIDENCE], "own.jsonl", 150, "a-model")
    (seeds / "b.txt").write_text("The mill was built in 1920.")
    library.sync(full=full)
    assert len(tuned_in(settings.library)) == 2


def test_a_tuning_of_a_version_without_a_confidence_for_other_languages_is_used_for_them_too(
    asked: _Asked,
) -> None:
    calibration = recalibration.calibrate(asked.training.outcomes, SETTINGS)
    tuning.keep(asked.settings.library, [calibration.fit()], "own.jsonl", 150, "a-model")
    path = asked.settings.library / tuning.FILE
    try:
        written = json.loads(path.read_text())
        assert written["foreign_confidence"]["bias"] != written["confidence"]["bias"]
        assert weights_of(asked.settings.library).foreign_confidence.bias == pytest.approx(
            written["foreign_confidence"]["bias"]
        )
        del written["foreign_confidence"]
        path.write_text(json.dumps(written))
        tuned = weights_of(asked.settings.library)
        assert tuned.foreign_confidence.bias == tuned.confidence.bias
        path.write_text(json.dumps(written | {"foreign_confidence": written["confidence"] | {"bias": float("nan")}}))
        with pytest.raises(LibraryError, match="cannot be used"):
            weights_of(asked.settings.library)
    finally:
        tuning.undo(asked.settings.library)
