"""`seedbot train` and `seedbot eval --calibrate`: what is refused, shown, kept, reported and taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import options, tuned
from bot.commands import doctor
from bot.telegram import running
from retrieval import library as engine
from retrieval import tuning
from retrieval.library import Library
from retrieval.models import DEFAULT_MODEL
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.tuning import Fit
from tests import own_questions
from tests.bot.conftest import Run
from tests.permissions import binding

NAME = "all-MiniLM-L6-v2"  # of the default model, which the fake stands in for


@pytest.fixture(autouse=True)
def _made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_settings_from_outside: None) -> Iterator[None]:
    monkeypatch.setenv("SEEDBOT_ANSWER__READ", "0")
    monkeypatch.setattr(engine, "open_embedder", lambda *_, **__: FakeEmbedder(NAME))
    monkeypatch.setattr(options, "has_export", lambda _: True)  # the fake needs none
    with own_questions.shipped(own_questions.coefficients(), tmp_path / "package"):
        yield


@pytest.fixture
def over_own(run: Run, tmp_path: Path) -> Run:
    """Runs a command over a library of the made-up documents, with 150 questions in `own.jsonl`."""
    own_questions.write_documents(tmp_path / "seeds")
    where = EngineSettings(seeds=tmp_path / "seeds", library=tmp_path / "library")
    with Library.open(where, embedder=FakeEmbedder(NAME)) as library:
        library.sync()
        own_questions.write_questions(tmp_path / "own.jsonl", lambda name: library.document(name).text)
        own_questions.write_questions(tmp_path / "few.jsonl", lambda name: library.document(name).text, rows=9)

    def run_over_own(*arguments: object) -> object:
        return run(*arguments, "--seeds", tmp_path / "seeds", "--library", tmp_path / "library")

    return run_over_own


def test_a_training_that_helps_is_shown_kept_reported_and_undone(over_own: Run, tmp_path: Path) -> None:
    done = over_own("train", tmp_path / "own.jsonl")
    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert any(line.startswith("right excerpt first hit@1 0.550 1.000 +0.450") for line in lines)
    assert "What was fitted is judged on held-out documents, in 5 folds." in lines
    undo = f"`seedbot train --undo --seeds {tmp_path}/seeds --library {tmp_path}/library`"
    assert f"The ranking was fitted and kept; {undo} takes it back." in lines
    assert any(line.startswith("The confidence was fitted to 150 questions: sure from 0.") for line in lines)
    assert "ranking and confidence tuned on 150 questions of own.jsonl" in over_own("status").out
    rows = over_own("status", "--json").rows[0]["tuned"]
    assert [(row["what"], row["file"], row["questions"], row["outdated"]) for row in rows] == [
        ("ranking", "own.jsonl", 150, False),
        ("confidence", "own.jsonl", 150, False),
    ]
    (finding,) = [row for row in over_own("doctor", "--json").rows if row["about"] == "tuned"]
    assert finding["health"] == "good"
    (row,) = over_own("eval", "--json", tmp_path / "own.jsonl").rows
    assert row["hit@1"]["value"] == 1.0
    assert over_own("train", "--undo").out == "Undone: the shipped weights answer again.\n"
    assert over_own("train", "--undo").out == "There was nothing to undo: the shipped weights answer.\n"
    assert over_own("train", "--undo", "--json").rows == [{"undone": False}]
    assert over_own("status", "--json").rows[0]["tuned"] == []


def test_training_again_starts_from_the_shipped_weights(over_own: Run, tmp_path: Path) -> None:
    (first,) = over_own("train", "--json", tmp_path / "own.jsonl").rows
    kept = json.loads((tmp_path / "library" / "tuned.json").read_text())
    (second,) = over_own("train", "--json", tmp_path / "own.jsonl").rows
    again = json.loads((tmp_path / "library" / "tuned.json").read_text())
    assert first["kept"] is True
    assert first["shipped"]["hit@1"] == second["shipped"]["hit@1"]
    assert first["confidence"] == second["confidence"]
    assert {name: kept[name] for name in kept if name != "made"} == {n: again[n] for n in again if n != "made"}


def test_a_confidence_is_fitted_alone(over_own: Run, tmp_path: Path) -> None:
    (row,) = over_own("eval", "--calibrate", "--json", tmp_path / "own.jsonl").rows
    assert row["kept"] is True
    assert row["after"]["log_loss"] < row["before"]["log_loss"]
    assert row["after"]["calibration_error"] < row["before"]["calibration_error"]
    kept = json.loads((tmp_path / "library" / "tuned.json").read_text())
    assert set(kept) == {"confidence", "read_confidence", "foreign_confidence", "caution", "made"}
    assert "tuned      confidence tuned on 150 questions of own.jsonl\n" in over_own("status").out
    table = over_own("eval", "--calibrate", tmp_path / "own.jsonl").out
    assert "expected calibration error" in table
    assert "The confidence was fitted to 150 questions: sure from 0." in table


def test_a_confidence_that_got_no_better_changes_nothing(over_own: Run, tmp_path: Path) -> None:
    opposite = own_questions.coefficients()
    opposite["confidence"] |= {"cosine": -24.0, "bias": 10.0}
    with own_questions.shipped(opposite, tmp_path / "opposite"):
        done = over_own("eval", "--calibrate", tmp_path / "own.jsonl")
        (row,) = over_own("eval", "--calibrate", "--json", tmp_path / "own.jsonl").rows
    assert done.code == 0
    assert "The confidence was left as it is: on these questions the confidence does not tell" in done.out
    assert (row["kept"], row["why_not"][:18]) == (False, "on these questions")
    assert not (tmp_path / "library" / "tuned.json").exists()


def test_a_calibrated_confidence_that_a_new_ranking_replaces_is_said_to_be_gone(over_own: Run, tmp_path: Path) -> None:
    opposite = own_questions.coefficients()
    opposite["confidence"] |= {"cosine": -24.0, "bias": 10.0}
    assert over_own("eval", "--calibrate", tmp_path / "own.jsonl").code == 0
    kept = (tmp_path / "library" / "tuned.json").read_bytes()
    with own_questions.shipped(opposite, tmp_path / "opposite"):
        done = over_own("train", tmp_path / "own.jsonl")
        assert "confidence" not in json.loads((tmp_path / "library" / "tuned.json").read_text())
        (tmp_path / "library" / "tuned.json").write_bytes(kept)
        (row,) = over_own("train", "--json", tmp_path / "own.jsonl").rows
    assert "No confidence was fitted: on these questions the confidence does not tell" in done.out
    gone = "The confidence that was kept before is gone: it was fitted with another ranking."
    assert done.out.splitlines()[-2:] == ["The confidence is the shipped one.", gone]
    assert (row["kept"], row["confidence"]["kept"], row["confidence_discarded"]) == (True, False, True)


def test_a_confidence_that_answers_on_is_not_said_to_be_the_shipped_one(
    over_own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the new ranking cannot be kept."""
    opposite = own_questions.coefficients()
    opposite["confidence"] |= {"cosine": -24.0, "bias": 10.0}
    _keep_confidence(tmp_path / "library", DEFAULT_MODEL)
    monkeypatch.setattr(tuned, "_LONG_WAIT_SECONDS", 0.0)
    with (
        own_questions.shipped(opposite, tmp_path / "opposite"),
        Library.open(EngineSettings(seeds=tmp_path / "seeds", library=tmp_path / "library")).building(),
    ):
        done = over_own("train", tmp_path / "own.jsonl")
    assert done.code == 1
    assert "No confidence was fitted: on these questions the confidence does not tell" in done.out
    assert "shipped one" not in done.out


def test_a_ranking_that_got_no_better_changes_nothing(over_own: Run, tmp_path: Path) -> None:
    good = own_questions.coefficients()
    good["ranking"] |= {"coverage": 10.0, "sentence_coverage": 10.0, "late": 10.0, "length": 0.0}
    with own_questions.shipped(good, tmp_path / "good"):
        done = over_own("train", tmp_path / "own.jsonl")
        assert not (tmp_path / "library" / "tuned.json").exists()
        over_own("eval", "--calibrate", tmp_path / "own.jsonl")
        again = over_own("train", tmp_path / "own.jsonl")
    assert done.code == 0
    last = "Nothing was changed: on questions that it was not fitted to, the ranking got no better."
    assert done.out.splitlines()[-1] == last
    undo = f"`seedbot train --undo --seeds {tmp_path}/seeds --library {tmp_path}/library`"
    assert again.out.splitlines()[-2:] == [
        last,
        f"Still kept: confidence tuned on 150 questions of own.jsonl; {undo} takes it back.",
    ]


def test_too_few_questions_are_refused_in_one_sentence(over_own: Run, tmp_path: Path) -> None:
    refused = over_own("train", tmp_path / "few.jsonl")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "seedbot: Only 90 of these questions have an answer with its place in the library: to fit the ranking, "
        "write at least 100.\n"
    )
    lines = (tmp_path / "own.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_text("".join(lines[:49]))
    refused = over_own("eval", "--calibrate", tmp_path / "few.jsonl")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("seedbot: Only 49 of these questions can be judged: ")
    (tmp_path / "few.jsonl").write_text("".join(lines[-30:] * 2))
    refused = over_own("eval", "--calibrate", tmp_path / "few.jsonl")
    assert refused.err.startswith("seedbot: Of 60 first excerpts 0 are right and 60 wrong: ")
    assert not (tmp_path / "library" / "tuned.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "Missing argument 'QUESTIONS.jsonl'."),
        (["train", "--undo", "own.jsonl"], "--undo takes no questions."),
        (["eval", "--calibrate", "--within", "own.jsonl"], "--calibrate goes with neither --within nor --compare."),
        (["eval", "--calibrate", "--compare", "x", "own.jsonl"], "--calibrate goes with neither"),
    ],
)
def test_wrong_usage_is_said(over_own: Run, arguments: list[str], message: str) -> None:
    done = over_own(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_damaged_file_is_found_and_undone(over_own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "has_export", lambda _: True)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:a-token")
    monkeypatch.setattr(running, "run", lambda *_: pytest.fail("a bot that cannot answer must not start"))
    (tmp_path / "library" / "tuned.json").write_text('{"ranking": ')
    remedy = f"run `seedbot train --undo --seeds {tmp_path}/seeds --library {tmp_path}/library`"
    found = over_own("doctor")
    assert found.code == 1
    assert "✗ tuned        The tuned weights in" in found.out
    assert "✗ answers      The tuned weights in" in found.out
    assert found.out.count(f"{remedy} to answer with the shipped ones.") == 2
    for command in (["ask", "Who built it?"], ["status"], ["telegram"], ["train", tmp_path / "own.jsonl"]):
        done = over_own(*command)
        assert (done.code, done.out) == (1, "")
        assert remedy in done.err
    assert over_own("train", "--undo").code == 0
    assert over_own("status").code == 0


def test_weights_fitted_with_another_version_are_named(over_own: Run, tmp_path: Path) -> None:
    assert over_own("eval", "--calibrate", tmp_path / "own.jsonl").code == 0
    newer = own_questions.coefficients()
    newer["ranking"]["length"] = 1.4
    places = f"--seeds {tmp_path}/seeds --library {tmp_path}/library"
    with own_questions.shipped(newer, tmp_path / "newer"):
        line = (
            "confidence tuned on 150 questions of own.jsonl; fitted with another version: "
            f"run `seedbot eval QUESTIONS.jsonl --calibrate {places}` again on your questions (own.jsonl)\n"
        )
        assert line in over_own("status").out
        assert f"! tuned        {line}" in over_own("doctor").out
        assert over_own("train", tmp_path / "own.jsonl").code == 0
        assert "another version" not in over_own("status").out
    again = f"run `seedbot train QUESTIONS.jsonl {places}` again on your questions (own.jsonl)\n"
    assert again in over_own("status").out


def _keep_confidence(library: Path, model: str, *, without: str = "") -> None:
    weights = {
        name: value for name, value in own_questions.coefficients()["read_confidence"].items() if name != without
    }
    tuning.keep(library, [Fit("confidence", {"read_confidence": weights}, {})], "own.jsonl", 150, model)


def test_a_confidence_without_the_measures_of_this_version_is_not_used_and_named(over_own: Run, tmp_path: Path) -> None:
    _keep_confidence(tmp_path / "library", DEFAULT_MODEL, without="answers")
    newer = own_questions.coefficients()
    newer["ranking"]["length"] = 1.4
    newer["confidence"] |= {"cosine": -24.0, "bias": 10.0}
    with own_questions.shipped(newer, tmp_path / "newer"):
        assert over_own("ask", "Who built the bridge?").code in (0, 3)
        told = "; confidence no longer used, since this version has more measures: run `seedbot eval QUESTIONS.jsonl"
        assert told in over_own("status").out
        kept = over_own("eval", "--calibrate", tmp_path / "own.jsonl").out.splitlines()[-1]
        assert kept.startswith("Still kept: confidence tuned on 150 questions of own.jsonl; confidence no longer used,")
        assert kept.endswith(" takes it back.")
        trained = over_own("train", tmp_path / "own.jsonl").out.splitlines()
        assert trained[-1] == "The confidence is the shipped one."  # as before: none of its own is gone


def test_weights_fitted_with_another_model_are_named(over_own: Run, tmp_path: Path) -> None:
    _keep_confidence(tmp_path / "library", "another")
    assert "; fitted with the model 'another': run `seedbot eval QUESTIONS.jsonl --calibrate" in over_own("status").out


def test_undoing_where_there_is_no_library_says_so(run: Run, tmp_path: Path) -> None:
    done = run("train", "--undo", "--library", tmp_path / "mistyped")
    remedy = f"run `seedbot build --library {tmp_path}/mistyped`"
    assert (done.code, done.out) == (1, "")
    assert done.err == f"seedbot: There is no library at '{tmp_path}/mistyped' yet: {remedy}.\n"
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize(
    ("command", "figure", "kept"), [(["train"], "hit@1", "kept"), (["eval", "--calibrate"], "log loss", "caution")]
)
def test_nothing_is_kept_while_a_build_runs_and_the_figures_are_shown(
    over_own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], figure: str, kept: str
) -> None:
    monkeypatch.setattr(tuned, "_LONG_WAIT_SECONDS", 0.0)
    with Library.open(EngineSettings(seeds=tmp_path / "seeds", library=tmp_path / "library")).building():
        done = over_own(*command, tmp_path / "own.jsonl")
        for_programs = over_own(*command, "--json", tmp_path / "own.jsonl")
    assert done.code == for_programs.code == 1
    assert "is building this library" in done.err
    assert figure in done.out
    assert "kept" not in done.out
    (row,) = for_programs.rows
    assert row["kept"] is False
    assert "is building this library" in row["why_not"]
    assert kept in row
    assert not (tmp_path / "library" / "tuned.json").exists()


@pytest.mark.parametrize("command", [["train"], ["eval", "--calibrate"]])
def test_a_library_that_cannot_be_written_is_refused_before_anything_is_asked(
    over_own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(tuned, "fitting", lambda *_: pytest.fail("asked for nothing"))
    (tmp_path / "library").chmod(0o500)
    with binding():
        done = over_own(*command, tmp_path / "own.jsonl")
    (tmp_path / "library").chmod(0o700)
    assert (done.code, done.out) == (1, "")
    assert "cannot be written (Permission denied): check its permissions" in done.err


def test_a_comparison_of_tuned_weights_with_shipped_ones_says_so(over_own: Run, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "library", tmp_path / "other")
    _keep_confidence(tmp_path / "library", DEFAULT_MODEL)
    (tmp_path / "other.toml").write_text(f'library = "{tmp_path / "other"}"\n')
    compare = ("eval", "--json", "--compare", tmp_path / "other.toml", tmp_path / "few.jsonl")
    told = "The first answers with confidence tuned on 150 questions of own.jsonl, the second with the shipped weights"
    assert told in over_own(*compare).err
    shutil.copy(tmp_path / "library" / "tuned.json", tmp_path / "other")
    assert "answers with" not in over_own(*compare).err
