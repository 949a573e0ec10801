"""Commands as a program sees them: exit codes, JSON, what goes to which stream."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from bot import cli, options, records, tuned
from bot.commands import ask, build
from bot.options import located
from bot.settings import Settings, load_compared
from retrieval import library as engine
from retrieval.errors import LibraryDamaged, LibraryLocked, NoDocuments, QuestionError, SeedbotError
from retrieval.library import SET_ASIDE, Library
from retrieval.loaders import load
from retrieval.question_sets import EvalQuestion, Gold
from retrieval.settings import EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Answer, Filter, Skipped, Span, SyncReport
from tests.bot.conftest import Run
from tests.conftest import REPOSITORY, SEEDS, Write
from tests.permissions import binding

SEEDBOT = Path(sys.executable).with_name("seedbot")


def _text(document: str) -> str:
    return load(SEEDS / document, document, (SEEDS / document).read_bytes()).text


def test_ask_answers_with_json_that_quotes_the_document(over_seeds: Run) -> None:
    done = over_seeds("ask", "--json", "How many men were on board the Endurance?")
    (answer,) = done.rows
    assert done.code == 0
    assert list(answer) == [
        "question", "found", "confidence", "excerpts", "missing", "unanswered", "corrections", "generation",
        "elapsed_ms",
    ]  # fmt: skip
    assert answer["found"] is True
    assert 0.5 <= answer["confidence"] <= 1
    assert [one["rank"] for one in answer["excerpts"]] == [1, 2, 3]
    for excerpt in answer["excerpts"]:
        place = excerpt["citation"]
        assert list(place) == [
            "document", "title", "date", "start", "end", "line", "page", "headings", "sha256",
        ]  # fmt: skip
        text = _text(place["document"])
        assert excerpt["text"] == text[place["start"] : place["end"]]
        assert place["line"] == text.count("\n", 0, place["start"]) + 1
        assert len(excerpt["text"]) <= 500
        for mark in excerpt["highlights"]:
            assert 0 <= mark["start"] < mark["end"] <= len(excerpt["text"])
    first = answer["excerpts"][0]
    assert "28 men on board" in first["text"]
    assert first["citation"]["document"] == "stories/two-polar-journeys.epub"
    assert first["citation"]["date"] == "2022-03-09"


def test_what_the_documents_do_not_hold_exits_with_3_and_still_shows_the_nearest(over_seeds: Run) -> None:
    done = over_seeds("ask", "--json", "Who composed the opera Tosca?")
    assert done.code == 3
    assert done.rows[0]["found"] is False
    assert len(done.rows[0]["excerpts"]) == 3
    assert "Tosca" in done.rows[0]["missing"]
    plain = over_seeds("ask", "Who composed the opera Tosca?")
    assert plain.code == 3
    assert plain.out.startswith("Not in your sources.\nNo document mentions ")


def test_a_misspelt_word_is_read_as_the_documents_write_it_and_said(over_seeds: Run) -> None:
    (answer,) = over_seeds("ask", "--json", "How many men were on board the Enduranec with Shakleton?").rows
    assert answer["corrections"] == [
        {"typed": "Enduranec", "read_as": "Endurance"},
        {"typed": "Shakleton", "read_as": "Shackleton"},
    ]
    assert answer["missing"] == []
    assert "28 men on board" in answer["excerpts"][0]["text"]
    plain = over_seeds("ask", "How many men were on board the Enduranec with Shakleton?")
    assert plain.out.split("\n")[1] == "Read “Enduranec” as “Endurance”, “Shakleton” as “Shackleton”."


def test_a_question_may_be_several_arguments(over_seeds: Run) -> None:
    words = over_seeds("ask", "--json", "How", "deep", "is", "the", "wreck?").rows[0]
    assert words["question"] == "How deep is the wreck?"


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (["-5 degrees, how cold is it?"], "-5 degrees, how cold is it?"),
        (["-5", "degrees", "--top", "1", "outside?"], "-5 degrees outside?"),
        (["what is", "- a dash?", "--in", "-5*"], None),  # a filter may begin with a minus too
        (["--", "--json", "-5"], "--json -5"),
    ],
)
def test_a_question_may_begin_with_a_minus(
    over_seeds: Run, built: Path, arguments: list[str], question: str | None
) -> None:
    done = over_seeds("ask", "--json", *arguments)
    if question is None:
        remedy = f"`seedbot sources --seeds {SEEDS} --library {built}`"
        assert done.err == f"seedbot: No document matches '-5*': {remedy} lists what there is.\n"
    else:
        assert done.rows[0]["question"] == question


def test_a_pdf_is_cited_by_page(over_seeds: Run) -> None:
    first = over_seeds("ask", "--json", "Why did the brewery workers not fall ill?").rows[0]["excerpts"][0]
    assert (first["citation"]["document"], first["citation"]["page"]) == ("science/broad-street-pump.pdf", 2)


def test_headings_stand_with_the_excerpt(over_seeds: Run) -> None:
    first = over_seeds("ask", "--json", "How do you put out burning sodium?").rows[0]["excerpts"][0]
    assert first["citation"]["headings"] == ["When something happens", "Fire"]


def test_top_and_filters_narrow_the_answer(over_seeds: Run) -> None:
    found = over_seeds("ask", "--json", "--top", "1", "--in", "nature/*", "How old can they get?").rows[0]["excerpts"]
    assert [one["citation"]["document"] for one in found] == ["nature/arctic-tern.txt"]
    dated = over_seeds("ask", "--json", "--from", "2023", "--top", "9", "How long does it last?").rows[0]["excerpts"]
    assert {one["citation"]["document"] for one in dated} == {"manuals/coffee-grinder.md"}
    early = over_seeds("ask", "--json", "--to", "2018", "--top", "9", "How long does it last?").rows[0]["excerpts"]
    assert {one["citation"]["document"] for one in early} == {"historia/papa.txt"}
    line = json.dumps({"question": "How long does it last?", "to": "2018"})
    assert over_seeds("ask", "--json", "--top", "9", "-", stdin=line).rows[0]["excerpts"] == early


def test_every_one_of_several_questions_keeps_an_excerpt_as_the_help_says(over_seeds: Run) -> None:
    question = "How old can a tern get? When was the handle taken off the pump?"
    (answer,) = over_seeds("ask", "--json", "--top", "1", question).rows
    assert len(answer["excerpts"]) == 2
    shown = " ".join(over_seeds("ask", "--help").out.split())
    assert "Show at most N excerpts, but one for each of several questions." in shown


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ask"], 2, "Missing argument 'QUESTION...'"),
        (["ask", "--top", "0", "x"], 2, "0 is not in the range"),
        (["ask", "--colour", "x"], 2, "'--colour'. A question that begins with a minus goes behind --."),
        (["ask", "-5", "--in"], 2, "Option '--in' requires an argument."),
        (["ask", ""], 1, "seedbot: The question is empty"),
        (["ask", "--in", "nothing/*", "x"], 1, "seedbot: No document matches 'nothing/*'"),
        (["ask", "--from", "tomorrow", "x"], 1, "seedbot: 'tomorrow' is no date"),
        (["show", "nowhere.txt"], 1, "seedbot: The library holds no document 'nowhere.txt'"),
        (["show", "nature/arctic-tern.txt", "--at", "9"], 2, "'9' is no pair of offsets"),
        (["show", "nature/arctic-tern.txt", "--at", "5-99999"], 1, "lies outside"),
        (["show", "nature/arctic-turn.txt"], 1, "the nearest is 'nature/arctic-tern.txt'"),
        (["verify", "nowhere.jsonl"], 1, "cannot be read: No such file"),
        (["eval", "nowhere.jsonl"], 1, "cannot be read: No such file"),
    ],
)
def test_what_is_wrong_is_said_on_stderr(over_seeds: Run, arguments: list[str], code: int, message: str) -> None:
    done = over_seeds(*arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert "Traceback" not in done.err


_LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["ask", "--top", _LONG, "x"], "is not a valid integer range."),
        (["ask", "--in", _LONG, "x"], "`seedbot sources --seeds {} --library {}` lists what there is."),
        (["ask", f"--{_LONG}", "x"], "A question that begins with a minus goes behind --."),
        (["show", _LONG], "`seedbot sources --seeds {} --library {}` lists what there is."),
        (["status", "--library", _LONG], "free some space or check its permissions."),
        (["status", "--config", _LONG], "cannot be read: File name too long."),
    ],
)
def test_what_is_wrong_stays_readable_however_long_the_value(
    over_seeds: Run, built: Path, arguments: list[str], remedy: str
) -> None:
    done = over_seeds(*arguments)
    assert done.code in (1, 2)
    assert len(done.err) < 1000
    assert "xx … " in done.err
    assert done.err.endswith(f"{remedy.format(SEEDS, built)}\n")


def test_a_long_name_of_a_variable_is_shortened(over_seeds: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SEEDBOT_{_LONG}", "1")
    assert len(over_seeds("status").err) < 1000


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    done = run("answer", "x")
    assert (done.code, done.out) == (2, "")
    assert "No such command 'answer'" in done.err


def test_standard_input_is_answered_line_by_line(over_seeds: Run) -> None:
    lines = [
        "How old can a tern get?",
        "",
        json.dumps({"question": "How long does it last?", "in": "manuals/*"}),
        json.dumps({"question": "x", "where": "y"}),
        json.dumps({"question": 3}),
        json.dumps({"question": "x", "from": "never"}),
        '{"question": "x", "from": ' + "9" * 5000 + "}",
        "{ is this a question?",
    ]
    done = over_seeds("ask", "--json", "-", stdin="\n".join(lines))
    rows = done.rows
    assert done.code == 1
    assert [row.get("question") for row in rows] == [
        "How old can a tern get?", "How long does it last?", *lines[3:7], "{ is this a question?",
    ]  # fmt: skip
    assert {one["citation"]["document"] for one in rows[1]["excerpts"]} == {"manuals/coffee-grinder.md"}
    assert [row["error"] for row in rows[2:6]] == [
        "There is no 'where' in a question: use question, in, from and to.",
        'The object has no "question" that is text.',
        "'never' is no date to filter from: write YYYY-MM-DD, YYYY-MM or YYYY.",
        "'from' must be text.",
    ]
    assert [line.split(":")[1] for line in done.err.splitlines()] == [" line 4", " line 5", " line 6", " line 7"]


@pytest.mark.parametrize(
    "line",
    [
        '{"question": "What does "force majeure" mean?", "in": "contracts/2024/*"}',
        '{"question": "Who?", "in": "a.txt",}',
        '{"question": "Who?"} {"question": "When?"}',
        ' { "question": "Who?',
    ],
)
def test_an_object_with_a_slip_in_it_is_not_asked_as_a_question_without_its_filter(line: str) -> None:
    with pytest.raises(QuestionError, match=r"begins as a JSON object and is none \(.+\): escape quotation marks"):
        ask._parse(line, Filter())
    assert ask._parse("{ is this a question?", Filter("*")) == ("{ is this a question?", Filter("*"))


def test_a_line_at_which_the_library_is_out_of_reach_does_not_end_the_rest(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = [OSError(116, "Stale file handle")]

    def refresh(_: Library) -> bool:
        if failures:
            raise failures.pop()
        return False

    write("bridge.txt", "The bridge crosses the Rhine.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
        monkeypatch.setattr(Library, "refresh", refresh)
        monkeypatch.setattr(Library, "ask", lambda _, text, **__: Answer(text, True, 0.9, (), 1, 1.0))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
        code = ask._Asking(Settings(seeds=settings.seeds), library, None, as_json=True).every_line(Filter())
    out, err = capsys.readouterr()
    first, second = map(json.loads, out.splitlines())
    assert (code, first["question"], second["question"], second["found"]) == (1, "one", "two", True)
    assert "(OSError: [Errno 116] Stale file handle)" in first["error"]
    assert err == f"seedbot: line 1: {first['error']}\n"


def test_plain_answers_to_several_questions_name_theirs(over_seeds: Run) -> None:
    done = over_seeds("ask", "-", "--top", "1", stdin="How old can a tern get?\n\nWho composed the opera Tosca?\n")
    shown = [line for line in done.out.splitlines() if line.startswith(("❯", "Answered", "Not in"))]
    assert [line.partition(":")[0] for line in shown] == [
        "❯ How old can a tern get?", "Answered", "❯ Who composed the opera Tosca?", "Not in your sources.",
    ]  # fmt: skip
    assert not over_seeds("ask", "How old can a tern get?").out.startswith("❯")


def test_a_library_that_lost_its_model_makes_it_again_and_says_so(
    built: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retrieval import models

    library = tmp_path / "library"
    shutil.copytree(built, library)
    (library / "model" / "export.json").unlink()
    monkeypatch.setattr(
        models, "make_export", lambda _, folder: shutil.copytree(built / "model", folder, dirs_exist_ok=True)
    )
    done = run("doctor", "--json", "--seeds", SEEDS, "--library", library)
    assert [row["about"] for row in done.rows if row["health"] != "good"] == ["export"]
    assert not (library / "model" / "export.json").exists()  # looking mends nothing
    done = run("ask", "How old can a tern get?", "--seeds", SEEDS, "--library", library)
    assert done.code == 0
    assert done.err == (
        "The exported model is missing or was altered, so it is made again.\n"
        "Preparing the model, once (about 20 seconds) …\n"
    )
    assert run("ask", "How old can a tern get?", "--seeds", SEEDS, "--library", library).err == ""


@pytest.mark.parametrize("by_another", [False, True])
def test_a_model_that_is_gone_is_made_by_one_process_alone(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, by_another: bool
) -> None:
    """Another may have made it by the time that the lock is free."""
    from retrieval import models

    made: list[str] = []

    def make(model: str, _: Path) -> None:
        with pytest.raises(LibraryLocked), Library.open(settings).building():
            pass
        made.append(model)

    write("bridge.txt", "The bridge crosses the Rhine.\n")
    with Library.open(settings, embedder=FakeEmbedder(settings.embedding.model)) as library:
        library.sync()
    looks = iter([False, by_another])
    monkeypatch.setattr(options, "has_export", lambda _: next(looks))
    monkeypatch.setattr(models, "make_export", make)
    options.open_asking_library(Settings(seeds=settings.seeds, library=settings.library)).close()
    assert made == ([] if by_another else [settings.embedding.model])


def test_doctor_sees_indexes_that_do_not_fit_before_they_are_made_again(built: Path, tmp_path: Path, run: Run) -> None:
    library = tmp_path / "library"
    shutil.copytree(built, library)
    (index,) = library.glob("index-*")
    shutil.rmtree(index)
    done = run("doctor", "--json", "--seeds", SEEDS, "--library", library)
    (wrong,) = [row for row in done.rows if row["health"] != "good"]
    assert (done.code, wrong["about"], wrong["health"]) == (0, "integrity", "poor")
    assert wrong["found"].endswith("will be made again at the next question")
    assert not index.exists()


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_switched_off(
    built: Path, run: Run, monkeypatch: pytest.MonkeyPatch, variable: dict[str, str]
) -> None:
    monkeypatch.setattr("click._compat.isatty", lambda _: True)
    where = ("--seeds", SEEDS, "--library", built)
    for command in (["status"], ["doctor"], ["show", "nowhere.txt"]):
        assert "\x1b[" in (coloured := run(*command, *where)).out + coloured.err
        with monkeypatch.context() as patch:
            patch.setenv(*next(iter(variable.items())))
            plain = run(*command, *where)
        assert "\x1b[" not in plain.out + plain.err


def test_bytes_that_are_no_text_do_not_stop_the_rest(over_seeds: Run) -> None:
    done = over_seeds("ask", "--json", "-", stdin=b"\xff\xfe tern\nHow old can a tern get?\n")
    assert len(done.rows) == 2
    assert done.rows[1]["found"] is True


def test_no_question_on_standard_input_is_said(over_seeds: Run) -> None:
    done = over_seeds("ask", "-", stdin="\n \n")
    assert (done.code, done.out) == (3, "")
    assert done.err == "seedbot: No question came in on standard input.\n"


def test_characters_that_nobody_sees_change_no_question(over_seeds: Run) -> None:
    (plain,) = over_seeds("ask", "--json", "How old can a tern get?").rows
    (other,) = over_seeds("ask", "--json", "How old\x07 can a te\u200brn g\u00adet?\x1b").rows
    assert {**other, "elapsed_ms": 0} == {**plain, "elapsed_ms": 0}


def test_each_answer_is_flushed_so_that_a_program_can_hold_the_pipe_open(built: Path) -> None:
    command = [SEEDBOT, "ask", "--json", "-", "--seeds", SEEDS, "--library", built]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for question in ("How old can a tern get?", "When was the handle taken off the pump?"):
            process.stdin.write(question + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["question"] == question
        process.stdin.close()
        assert process.wait() == 0


def test_a_reader_that_stops_early_is_no_failure(built: Path) -> None:
    ask = f"'{SEEDBOT}' ask --json - --seeds '{SEEDS}' --library '{built}'"
    command = f"yes 'How old can a tern get?' | head -200 | {ask} | head -1; exit ${{PIPESTATUS[2]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert json.loads(done.stdout)["found"] is True
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", ["--help", "sources --json"])
def test_nor_is_one_that_reads_nothing(built: Path, arguments: str) -> None:
    command = f"'{SEEDBOT}' {arguments} | true; exit ${{PIPESTATUS[0]}}"
    environment = os.environ | {"SEEDBOT_SEEDS": str(SEEDS), "SEEDBOT_LIBRARY": str(built)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pipe_gets_no_colour_and_no_bars(exported_model: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    command = [SEEDBOT, "ask", "How old can a tern get?", "--seeds", SEEDS, "--library", library]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stdout.startswith("Answered: ")
    assert done.stderr.splitlines()[0].startswith("Building the library of ")
    assert len(done.stderr.splitlines()) == 2


def test_a_first_build_says_how_many_more_it_skipped_and_what_names_all(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "open_embedder", lambda *_, **__: FakeEmbedder())
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    for number in range(5):
        write(f"{number}.jpeg", b"\xff\xd8")
    options.open_built_library(Settings(seeds=settings.seeds, library=settings.library)).close()
    skipped = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seedbot: ")]
    assert len(skipped) == 4
    assert skipped[-1] == "seedbot: … and 2 more: `seedbot build --json` names all."


def test_build_reports_what_it_did(run: Run, write: Write, exported_model: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    write("bad.pdf", b"%PDF-1.4 nothing")
    where = ("--seeds", tmp_path / "seeds", "--library", library)
    (report,) = run("build", "--json", *where).rows
    assert (report["added"], report["embedded"], report["generation"]) == (["bridge.txt"], 1, 1)
    assert [one["path"] for one in report["skipped"]] == ["bad.pdf"]
    again = run("build", *where)
    assert again.code == 0
    assert again.out.startswith("Generation 1: 0 added · 1 unchanged · 1 skipped\n")
    assert run("status", "--json", *where).rows[0]["documents"] == 1
    assert run("sources", *where).out.startswith("bridge.txt\t\t30\t1\tbridge\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEDBOT_EMBEDDING__PRECISION", "fp32")
        assert run("build", "--full", *where).err == ""
        patch.setenv("SEEDBOT_EMBEDDING__PRECISION", "int8")
        full = f"`seedbot build --full {shlex.join(map(str, where))}`"
        assert f"keep theirs, in fp32: {full} makes them all in int8" in run("build", *where).err
    (tmp_path / "elsewhere").mkdir()
    other = run("ask", "bridge", "--seeds", tmp_path / "elsewhere", "--library", library)
    there = f"--seeds {tmp_path}/elsewhere --library {library}"
    assert f"another folder: `seedbot build {there}` makes it that of {tmp_path}/elsewhere." in other.err
    nowhere = run("ask", "bridge", "--seeds", tmp_path / "nowhere", "--library", library)
    assert (
        f"There is no folder '{tmp_path}/nowhere': answers come from what was indexed. Name it with --seeds."
        in nowhere.err
    )


def test_a_folder_out_of_reach_is_not_said_to_be_missing(
    settings: EngineSettings, embedder: FakeEmbedder, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
    drive = tmp_path / "drive"
    drive.mkdir()
    settings.seeds.rename(drive / "seeds")
    drive.chmod(0)
    try:
        with binding():
            options.open_library(Settings(seeds=drive / "seeds", library=settings.library)).close()
    finally:
        drive.chmod(0o700)
    assert capsys.readouterr().err == (
        f"seedbot: The folder '{drive}/seeds' cannot be read (Permission denied): answers come from what was indexed. "
        "Check its permissions, or the drive it is on.\n"
    )


def test_a_folder_that_changed_is_told_beside_the_answer(run: Run, tmp_path: Path) -> None:
    seeds = tmp_path / "my seeds"
    seeds.mkdir()
    (seeds / "bridge.txt").write_text("The bridge is 310 metres long.\n")
    where = ("--seeds", seeds, "--library", tmp_path / "library")
    assert "has changed" not in run("ask", "bridge", *where).err
    (seeds / "tower.txt").write_text("The tower is 60 metres high.\n")
    remedy = f"run `seedbot build {shlex.join(map(str, where))}`"
    told = f"seedbot: {seeds} has changed since it was indexed (1 new): {remedy}.\n"
    one, two = run("ask", "tower", "--json", *where), run("ask", "-", *where, stdin="tower\nbridge\n")
    assert (one.err, two.err) == (told, told)
    assert len(one.rows) == 1


def test_a_remedy_names_the_folders_that_the_command_line_named(
    run: Run, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, elsewhere = tmp_path / "own settings.toml", tmp_path / "elsewhere"
    elsewhere.mkdir()
    config.write_text(f'seeds = "{elsewhere}"\nlibrary = "{built}"\n')
    told = f"`seedbot build --config '{config}'`"
    assert f"built from another seeds folder: run {told}\n" in run("doctor", "--config", config).out
    monkeypatch.setenv("SEEDBOT_CONFIG", str(config))
    assert "built from another seeds folder: run `seedbot build`\n" in run("doctor").out


def test_so_does_one_of_the_engine_which_knows_no_command_line(run: Run, tmp_path: Path) -> None:
    library = tmp_path / "my library"
    library.mkdir()
    (library / "library.sqlite").write_text("no database " * 100)
    done = run("status", "--library", library)
    assert done.code == 1
    assert done.err.endswith(f"run `seedbot build --full --library '{library}'` to make it again.\n")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("run `HF_HUB_OFFLINE=0 seedbot build` once.", "run `HF_HUB_OFFLINE=0 seedbot build --library lib` once."),
        ("run `seedbot train --undo`.", "run `seedbot train --undo --library lib`."),
        ("run `seedbot build --full --library lib`.", "run `seedbot build --full --library lib`."),
        ("what `seedbot ask --json` printed.", "what `seedbot ask --json` printed."),
    ],
)
def test_a_remedy_gets_the_places_once(sentence: str, told: str) -> None:
    with click.Context(click.Command("ask")) as context:
        context.params = {"seeds": None, "library": "lib", "config": None}
        assert located(sentence) == told


def test_a_remedy_between_many_questions_names_the_folders(
    over_seeds: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise LibraryDamaged("It is damaged: run `seedbot build --full`.")

    monkeypatch.setattr(Library, "ask", fails)
    done = over_seeds("ask", "-", "--json", stdin="bridge\n")
    told = f"It is damaged: run `seedbot build --full --seeds {SEEDS} --library {built}`."
    assert (done.err, done.rows[0]["error"]) == (f"seedbot: line 1: {told}\n", told)


@pytest.mark.parametrize("module", ["passages", "loaders"])
def test_a_library_that_an_older_version_made_says_so(
    over_seeds: Run, built: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setattr(f"retrieval.{module}.VERSION", 99)
    told = "This library was made by an older version of Seedbot, or with another `passages.tokens`: "
    remedy = f"`seedbot build --seeds {SEEDS} --library {built}`"
    assert over_seeds("status").err == f"seedbot: {told}{remedy} brings it up to date.\n"
    (poor,) = [row for row in over_seeds("doctor", "--json").rows if row["health"] != "good"]
    assert (poor["about"], poor["found"]) == ("library", f"{told}run {remedy}")


@pytest.mark.parametrize("option", ["--seeds", "--library", "--config"])
def test_an_option_without_a_name_does_not_mean_the_current_folder(run: Run, option: str) -> None:
    done = run("status", option, "")
    assert (done.code, done.out, done.err) == (1, "", f"seedbot: {option} cannot be '': a name is needed.\n")


def test_nor_does_a_compared_file_without_a_name(run: Run) -> None:
    done = run("eval", "--compare", "", "few.jsonl")
    assert (done.code, done.out, done.err) == (1, "", "seedbot: --compare cannot be '': a name is needed.\n")


def test_watching_shows_what_changed_and_skipped_files_once(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, worse = Skipped("bad.pdf", "it is no PDF"), Skipped("worse.pdf", "it is no PDF")
    outcomes = [
        SyncReport(1, skipped=(bad,)), SyncReport(2, skipped=(bad, worse)), SyncReport(3, skipped=(bad, worse)),
        SyncReport(4, added=("new.txt",), skipped=(bad, worse)), SyncReport(5),
    ]  # fmt: skip
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(Library, "watch", lambda *_: iter(outcomes))
    build._watch(Settings(seeds=settings.seeds), Library.open(settings), SyncReport(1, skipped=(bad,)), as_json=True)
    assert [json.loads(line)["generation"] for line in capsys.readouterr().out.splitlines()] == [2, 4, 5]


@pytest.mark.parametrize("error", [NoDocuments("There is no folder."), LibraryLocked("Another process is building.")])
def test_watching_begins_also_where_the_first_build_cannot_be_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: SeedbotError
) -> None:
    def sync(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(Library, "sync", sync)
    monkeypatch.setattr(Library, "watch", lambda *_: iter([error, SyncReport(1, added=("new.txt",))]))
    where = ("--json", "--seeds", tmp_path / "seeds", "--library", tmp_path / "library")
    done = run("build", "--watch", *where)
    assert (done.code, [row["added"] for row in done.rows]) == (0, [["new.txt"]])
    assert done.err == f"seedbot: {error}\nWatching {tmp_path}/seeds; Ctrl-C stops.\n"
    assert run("build", *where).code == run("build", "--full", "--watch", *where).code == 1


def test_what_fails_while_watching_names_the_folders_in_its_remedy(
    over_seeds: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = LibraryDamaged("It is damaged: run `seedbot build --full`.")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(Library, "sync", lambda *_, **__: SyncReport(1))
    monkeypatch.setattr(Library, "watch", lambda *_: iter([damaged]))
    done = over_seeds("build", "--watch")
    assert done.err.endswith(f"run `seedbot build --full --seeds {SEEDS} --library {built}`.\n")


@pytest.mark.parametrize(("stopped_by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_build_watch_follows_the_folder_until_it_is_stopped(
    write: Write, exported_model: Path, tmp_path: Path, stopped_by: signal.Signals, code: int
) -> None:
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    command = [SEEDBOT, "build", "--watch", "--json", "--seeds", tmp_path / "seeds", "--library", library]
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)

    def heed() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which whoever started the tests in the background ignores

    with subprocess.Popen(command, text=True, preexec_fn=heed, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert json.loads(process.stdout.readline())["added"] == ["bridge.txt"]
            assert any(line.startswith("Watching ") for line in process.stderr)
            write("tower.txt", "The tower is 60 metres high.\n")
            assert json.loads(process.stdout.readline())["added"] == ["tower.txt"]
            process.send_signal(stopped_by)
            assert process.wait(timeout=30) == code
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_sources_may_be_chosen(over_seeds: Run, built: Path) -> None:
    shown = over_seeds("sources", "nature/*", "--json").rows
    assert {row["document"] for row in shown} == {
        row["document"] for row in over_seeds("sources", "--json").rows if row["document"].startswith("nature/")
    }
    assert len(shown) > 0
    nothing = over_seeds("sources", "zzz/*")
    assert (nothing.code, nothing.out) == (1, "")
    remedy = f"`seedbot sources --seeds {SEEDS} --library {built}`"
    assert nothing.err == f"seedbot: No document matches 'zzz/*': {remedy} lists what there is.\n"


def test_a_library_that_may_not_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    library.chmod(0)
    try:
        with binding():
            done = run("ask", "anything", "--seeds", SEEDS, "--library", library)
    finally:
        library.chmod(0o700)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"seedbot: \S*library\S* cannot be read.*permissions\.\n", done.err)


def test_no_documents_is_one_sentence(run: Run, tmp_path: Path) -> None:
    done = run("ask", "anything", "--seeds", tmp_path / "none", "--library", tmp_path / "library")
    assert (done.code, done.out) == (1, "")
    (said,) = done.err.splitlines()
    assert said.startswith("seedbot: There is no folder ")


def test_show_prints_exactly_the_slice_that_is_cited(over_seeds: Run) -> None:
    text = _text("reise/bodensee.md")
    assert over_seeds("show", "reise/bodensee.md").out == text
    assert over_seeds("show", "reise/bodensee.md", "--at", "60-90").out == text[60:90] + "\n"


def test_sources_lists_every_document(over_seeds: Run) -> None:
    rows = over_seeds("sources", "--json").rows
    assert [row["document"] for row in rows] == sorted(
        str(path.relative_to(SEEDS)) for path in SEEDS.rglob("*") if path.is_file()
    )
    assert next(row for row in rows if row["document"].endswith(".pdf"))["date"] == "2021-09-08"


def test_verify_checks_saved_answers_and_documents(
    run: Run, write: Write, exported_model: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    path = write("bridge.txt", "The bridge crosses the Rhine. It was finished in 1919.\n")
    where = ("--seeds", tmp_path / "seeds", "--library", library)
    saved = tmp_path / "answers.jsonl"
    saved.write_text(run("ask", "--json", "When was the bridge finished?", *where).out)
    exact = run("verify", saved, *where)
    assert exact.code == 0
    assert exact.out.endswith("1 excerpt: 1 exact\n")
    assert run("verify", *where).out == "1 document: 1 exact\n"
    path.write_text("Nothing is left of it.\n")
    changed = run("verify", "-", "--json", *where, stdin=saved.read_text())
    assert (changed.code, changed.rows[0]["verdict"]) == (1, "changed")
    assert run("verify", *where).code == 1
    remedy = f"run `seedbot build {shlex.join(map(str, where))}`"
    assert run("verify", *where).out == (
        f"changed bridge.txt  the file has changed since it was indexed: {remedy}\n1 document: 1 changed\n"
    )
    path.write_text("Before it: The bridge crosses the Rhine. It was finished in 1919.\n")
    moved = run("verify", saved, *where)
    assert moved.code == 0
    assert "stands in the file, at another place (11–65)\n" in moved.out
    path.write_text("The bridge crosses the Rhine.\n   It was finished in 1919.\n")
    wrapped = run("verify", saved, *where)
    assert wrapped.code == 0
    assert "the same words stand in the file, with other line breaks or spaces (0–57)\n" in wrapped.out
    os.truncate(path, 256_000_001)
    told = "the file is larger than documents.largest_megabytes allows, so it was not read\n1 excerpt: 1 gone\n"
    assert run("verify", saved, *where).out.endswith(told)
    path.unlink()
    assert run("verify", saved, *where).out.endswith("the file is gone or cannot be read\n1 excerpt: 1 gone\n")


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        '{"no": "answer"}',
        "[1]",
        '"error"',
        '["error"]',
        '{"excerpts": {}}',
        '{"excerpts": ""}',
        '{"error": "x", "excerpts": [1]}',
        '{"excerpts": [{"text": "x", "citation": {"document": "a", "start": -5, "end": 2}}]}',
        '{"excerpts": [{"text": "x", "citation": {"document": "a", "start": 1e999, "end": 2}}]}',
        '{"excerpts": [{"text": "x", "citation": {"document": "a\\u0000", "start": 0, "end": 2}}]}',
        '{"excerpts": [{"text": "x", "citation": {"document": "\\ud800", "start": 0, "end": 2}}]}',
    ],
)
def test_a_line_that_is_no_answer_is_named_and_the_rest_is_checked(over_seeds: Run, line: str) -> None:
    place = {"document": "gone.txt", "start": 0, "end": 1}
    good = json.dumps({"excerpts": [{"text": "x", "citation": place}]})
    done = over_seeds("verify", "-", "--json", stdin=f"\n{line}\n{good}\n")
    assert (done.code, len(done.rows)) == (1, 1)
    assert done.err == "seedbot: line 2 is no answer that `seedbot ask --json` printed.\n"


@pytest.mark.parametrize("answers", [["-"], []])
def test_verify_says_that_there_is_no_folder_rather_than_that_every_file_is_gone(
    run: Run, tmp_path: Path, answers: list[str]
) -> None:
    row = {"excerpts": [{"text": "x", "citation": {"document": "bridge.txt", "start": 0, "end": 1}}]}
    where = ("--seeds", tmp_path / "mistyped", "--library", tmp_path / "library")
    done = run("verify", *answers, *where, stdin=json.dumps(row))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"seedbot: There is no folder '{tmp_path}/mistyped' with documents: ")


def test_a_saved_answer_cannot_make_verify_read_outside_the_seeds(over_seeds: Run) -> None:
    place = {"document": "../README.md", "start": 0, "end": 5}
    row = {"excerpts": [{"text": "# See", "citation": place}]}
    assert over_seeds("verify", "-", "--json", stdin=json.dumps(row)).rows[0]["verdict"] == "gone"


def test_verify_names_the_path_of_a_file_that_was_renamed(
    run: Run, write: Write, exported_model: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    shutil.copytree(exported_model, library / "model", copy_function=os.link)
    path = write("bridge.txt", "The bridge crosses the Rhine. It was finished in 1919.\n")
    where = ("--seeds", tmp_path / "seeds", "--library", library)
    saved = run("ask", "--json", "When was the bridge finished?", *where).out
    path.rename(path.with_name("rhine.txt"))
    run("build", *where)
    told = run("verify", "-", *where, stdin=saved)
    assert (told.code, told.out.splitlines()[0]) == (
        0,
        "moved   bridge.txt:1 0–54  the file is gone or cannot be read; this stands in rhine.txt (0–54)",
    )
    assert run("verify", "-", "--json", *where, stdin=saved).rows == [
        {
            "document": "bridge.txt",
            "start": 0,
            "end": 54,
            "verdict": "moved",
            "now_in": "rhine.txt",
            "now_at": 0,
            "now_end": 54,
            "respaced": False,
        }
    ]


def test_doctor_finds_nothing_wrong_with_a_good_library(over_seeds: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**12))
    rows = over_seeds("doctor", "--json").rows
    assert {row["about"] for row in rows} >= {
        "Python",
        "model",
        "export",
        "seeds",
        "disk",
        "library",
        "integrity",
        "lock",
    }
    assert {row["health"] for row in rows} == {"good"}


def test_doctor_looks_at_every_file_of_a_folder_that_is_too_large_to_look_at_beside_a_question(
    settings: EngineSettings, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.comparing._MOST_LOOKED_AT", 1)
    for name in ("bridge", "tower"):
        write(f"{name}.txt", f"The {name} is 60 metres high.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
    write("new.txt", "The mill is 20 metres high.\n")
    found = run("doctor", "--seeds", settings.seeds, "--library", settings.library).out
    assert f"! seeds        {settings.seeds} has changed since it was indexed (1 new): run `seedbot build " in found


def test_doctor_names_a_remedy(run: Run, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "library.sqlite").write_text("no database " * 100)
    done = run("doctor", "--seeds", tmp_path / "none", "--library", library)
    assert done.code == 1
    assert "✗ seeds        There is no folder" in done.out
    assert "✗ library      The library file" in done.out
    assert f"run `seedbot build --full --seeds {tmp_path}/none --library {library}`" in done.out


def test_doctor_names_what_a_full_build_set_aside(run: Run, built: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(built, library, copy_function=os.link)
    (library / SET_ASIDE).write_bytes(b"no database")
    rows = run("doctor", "--json", "--seeds", SEEDS, "--library", library).rows
    (found,) = [row["found"] for row in rows if row["health"] == "poor"]
    assert found == f"{library / SET_ASIDE} is what a full build set aside: delete it if nothing is amiss"


def test_figures_over_a_library_that_is_built_meanwhile_are_refused_at_once(
    run: Run, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    library = tmp_path / "library"
    shutil.copytree(built, library)
    ask = Library.ask

    def ask_and_build(self: Library, *arguments: Any, **named: Any) -> Answer:
        asked.append(arguments)
        found = ask(self, *arguments, **named)
        if self.generation == 1:
            self.sync(full=True)
        return found

    monkeypatch.setattr(Library, "ask", ask_and_build)
    done = run("eval", REPOSITORY / "tests" / "questions.jsonl", "--seeds", SEEDS, "--library", library)
    assert (done.code, done.out) == (1, "")
    assert "The library was built anew meanwhile: run it again." in done.err
    assert len(asked) == 1


def test_doctor_goes_on_where_the_lock_is_closed(run: Run, built: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(built, library, copy_function=os.link)
    (library / "build.lock").unlink(missing_ok=True)
    (library / "build.lock").mkdir()
    rows = run("doctor", "--json", "--seeds", SEEDS, "--library", library).rows
    assert [row["health"] for row in rows if row["about"] == "lock"] == ["bad"]
    assert "integrity" in {row["about"] for row in rows}


def test_eval_prints_figures(over_seeds: Run, tmp_path: Path) -> None:
    done = over_seeds("eval", "--json", REPOSITORY / "tests" / "questions.jsonl")
    (row,) = done.rows
    assert (row["questions"], row["answerable"], row["unanswerable"], row["left_out"]) == (104, 74, 30, 0)
    assert row["hit@1"]["low"] <= row["hit@1"]["value"] <= row["hit@1"]["high"]
    assert {"hit@3", "hit@5", "mrr", "highlight_accuracy", "auroc", "coverage@90", "coverage@95"} < set(row)
    assert row["latency_ms"]["p95"] >= row["latency_ms"]["p50"] > 0
    table = over_seeds("eval", REPOSITORY / "tests" / "questions.jsonl").out
    assert "right excerpt first" in table
    assert "104 questions: 74 answerable, 30 not." in table


def test_eval_compares_two_configurations(over_seeds: Run, built: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.toml"
    short.write_text(f'library = "{built}"\n[answer]\nexcerpt_characters = 80\n')
    questions = REPOSITORY / "tests" / "questions.jsonl"
    (row,) = over_seeds("eval", "--json", "--compare", short, questions).rows
    assert row["second"]["hit@1"]["value"] < row["first"]["hit@1"]["value"]
    assert row["difference"]["hit@1"]["high"] < 0
    short.write_text(f'library = "{built}"\n[passages]\ntokens = 60\n')
    refused = over_seeds("eval", "--compare", short, questions)
    assert refused.code == 1
    assert f"{short} has passages.tokens = 60, where the first settings have 180: repeat there" in refused.err


def test_a_comparison_in_the_same_library_names_what_differs_and_what_is_only_the_default(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "few.jsonl").write_text((REPOSITORY / "tests" / "questions.jsonl").read_text().splitlines()[0] + "\n")
    first, other = tmp_path / "first.toml", tmp_path / "other.toml"
    first.write_text("[documents]\nlargest_megabytes = 512\n[embedding]\nthreads = 1\n")
    other.write_text('[embedding]\nprecision = "fp32"\n')
    done = run("eval", "--config", first, "--compare", "other.toml", "few.jsonl")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "seedbot: other.toml has embedding.precision = 'fp32', where the first settings have 'auto' and "
        "documents.largest_megabytes = 256, by default, where the first settings have 512: repeat there what the first "
        'settings have, or name a library of its own there, such as library = ".seedbot-other".\n'
    )


def test_eval_within_asks_each_question_in_its_document_only(over_seeds: Run, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    asked = "How old can a tern get?"
    nearest = over_seeds("ask", "--json", "--in", "historia/*", asked).rows[0]["excerpts"][0]
    place = nearest["citation"]
    gold = {"doc": place["document"], "start": place["start"], "end": place["end"], "text": nearest["text"]}
    row = {"question": asked, "answerable": True, "answers": [gold]}
    questions.write_text(json.dumps(row) + "\n")
    everywhere, within = (over_seeds("eval", "--json", *flag, questions).rows[0] for flag in ([], ["--within"]))
    assert everywhere["hit@1"]["value"] == 0
    assert within["hit@1"]["value"] == 1


def test_eval_refuses_a_set_that_does_not_fit(over_seeds: Run, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    gold = {"doc": "other.txt", "start": 0, "end": 3, "text": "abc"}
    questions.write_text(json.dumps({"question": "q", "answerable": True, "answers": [gold]}) + "\n")
    done = over_seeds("eval", questions)
    assert done.code == 1
    assert "asks about 1 document, such as 'other.txt' in line 1" in done.err


def test_eval_names_a_mistyped_document_and_counts_one_that_is_not_there(over_seeds: Run, tmp_path: Path) -> None:
    good = (REPOSITORY / "tests" / "questions.jsonl").read_text().splitlines()[0]
    questions = tmp_path / "questions.jsonl"
    questions.write_text(f"{good}\n{good.replace('xinjiang-statement', 'xinjang-statement')}\n")
    refused = over_seeds("eval", questions)
    assert (refused.code, refused.out) == (1, "")
    assert "line 2: the library holds no document 'news/xinjang-statement.txt'" in refused.err
    assert "stands in 'news/xinjiang-statement.txt': correct the name." in refused.err
    questions.write_text(f"{good}\n{good.replace('news/xinjiang-statement', 'elsewhere/quite-another')}\n")
    done = over_seeds("eval", "--json", questions)
    assert (done.rows[0]["answerable"], done.rows[0]["unanswerable"]) == (1, 1)
    assert "1 question of " in done.err
    assert "such as 'elsewhere/quite-another.txt' in line 2" in done.err


@pytest.mark.parametrize(
    ("within", "count", "line", "then"),
    [
        (False, "2 questions", 2, "they count as having no answer here"),
        (True, "1 question", 3, "they are left out"),
    ],
)
def test_only_questions_without_any_document_are_said_to_have_no_answer_or_to_be_left_out(
    library: Library,
    write: Write,
    capsys: pytest.CaptureFixture[str],
    within: bool,
    count: str,
    line: int,
    then: str,
) -> None:
    write("here.txt", "The bridge crosses the Rhine.\n")
    library.sync()
    here, gone = Gold("here.txt", Span(4, 10), "bridge"), Gold("elsewhere/quite-another.md", Span(0, 9))
    asked = [
        EvalQuestion("1", "q", True, (gone, here), None, 1),
        EvalQuestion("2", "q", True, (gone,), here, 2),
        EvalQuestion("3", "q", False, (), gone, 3),
    ]
    assert tuned.fitting(library, asked, Path("set.jsonl"), within=within) == (asked, {"here.txt"})
    assert capsys.readouterr().err == (
        f"seedbot: {count} of set.jsonl ask about documents that the library does not hold, such as "
        f"'elsewhere/quite-another.md' in line {line}: {then}.\n"
    )


def test_a_comparison_is_asked_in_the_same_library_unless_the_file_names_one(
    over_seeds: Run, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEEDBOT_LIBRARY", str(tmp_path / "from-environment"))
    (tmp_path / "few.jsonl").write_text((REPOSITORY / "tests" / "questions.jsonl").read_text().splitlines()[0] + "\n")
    config = tmp_path / "short.toml"
    config.write_text("[answer]\nexcerpt_characters = 80\n")
    done = over_seeds("eval", "--compare", config, "few.jsonl")
    assert done.code == 0, done.err
    assert re.search(r"time of a question +median +[\d.]+ ms +[\d.]+ ms", done.out)
    assert not [path for path in (tmp_path / ".seedbot", tmp_path / "from-environment") if path.exists()]
    shutil.copytree(built, tmp_path / "own")
    config.write_text('library = "own"\n[embedding]\nthreads = 1\n[passages]\ntokens = 60\n')
    assert load_compared(config, Settings(seeds=SEEDS, library=built)).library == Path("own")


def test_an_interrupt_leaves_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from retrieval.library import Library

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "open", interrupted)
    assert run("status").code == 130


def test_the_unexpected_is_one_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from retrieval.library import Library

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(Library, "open", broken)
    done = run("status")
    assert done.code == 1
    assert done.err == (
        "seedbot: Something went wrong that Seedbot does not know (ZeroDivisionError: by zero): "
        "SEEDBOT_DEBUG=1 shows where.\n"
    )


def test_a_record_is_one_line_whatever_ends_a_line_to_its_reader() -> None:
    """As Python's `splitlines` and Node's `readline` see it."""
    record = {"text": "Grün.\u2028Two.\u2029Three.\u0085Four."}
    line = records.line(record)
    assert "ü" in line
    assert line.splitlines() == [line]
    assert json.loads(line) == record


def test_a_standard_stream_that_is_closed_is_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    cli._replace_closed()
    with sys.stdin, sys.stdout, sys.stderr:
        assert sys.stdin.buffer.read() == b""
        print("nowhere", flush=True)
        print("nowhere", file=sys.stderr, flush=True)


def test_json_is_json_in_any_encoding(built: Path) -> None:
    command = [SEEDBOT, "ask", "--json", "Wie tief ist der Bodensee?", "--seeds", SEEDS, "--library", built]
    shown = {}
    for encoding in ("ascii", "latin-1", "utf-8"):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(command, capture_output=True, env=environment)
        shown[encoding] = [
            (one["text"], one["citation"]) for one in json.loads(done.stdout.decode(encoding))["excerpts"]
        ]
    assert not all(text.isascii() for text, _ in shown["utf-8"])
    assert shown["ascii"] == shown["latin-1"] == shown["utf-8"]


def test_without_a_command_all_of_the_help_is_shown(run: Run) -> None:
    assert run() == run("--help")


def test_every_command_explains_itself(run: Run) -> None:
    from bot.cli import _COMMANDS

    assert all(name in run("--help").out for name in _COMMANDS)
    for name in _COMMANDS:
        text = run(name, "--help").out
        assert text.startswith(f"Usage: seedbot {name} ")
        assert all(option in text for option in ("--seeds DIR", "--library DIR", "--config FILE"))


def test_the_bot_listens_at_the_address_of_the_command_line(over_seeds: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr("bot.telegram.running.run", lambda _, settings: served.append(settings.telegram.webhook))
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    monkeypatch.setenv("SEEDBOT_TELEGRAM__WEBHOOK", "https://other.example.org")
    assert over_seeds("telegram", "--webhook", "https://bot.example.org").code == 0
    assert over_seeds("telegram").code == 0
    assert served == ["https://bot.example.org", "https://other.example.org"]
