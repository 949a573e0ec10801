"""What a person sees: nothing in a document can command the terminal, and pipes get plain text."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from pathlib import Path

import click
import pytest
from rich.console import Console

from bot import messages
from bot.display import visible, visible_parts
from bot.render import console, marked, show_answer, show_excerpts, show_ranking, show_report, show_sources
from retrieval.types import (
    Answer,
    Citation,
    Correction,
    Excerpt,
    Skipped,
    Source,
    Span,
    SyncReport,
    Verdict,
    Verification,
)

PLACE = Citation("notes/sea.md", "The Sea", "2021-10-22", 311, 562, 4, 3, ("Tides", "Spring tides"), "ab")


def _answer(text: str, *, found: bool = True, confidence: float = 0.95, missing: tuple[str, ...] = ()) -> Answer:
    excerpt = Excerpt(1, text, (Span(0, 3),), 0.5, PLACE, also_in=(PLACE,))
    return Answer("q", found, confidence, (excerpt,), 1, 1.0, missing)


def _shown(answer: Answer, *, terminal: bool) -> str:
    out = io.StringIO()
    screen = Console(file=out, force_terminal=terminal, width=80, color_system="standard" if terminal else None)
    show_answer(screen, answer, Path("/seeds"))
    return out.getvalue()


class _Window(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_screen_follows_its_window_up_to_what_is_easy_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", window := _Window())
    screen = console()
    for columns, longest in ((200, 100), (60, 60), (120, 100)):
        monkeypatch.setattr("os.get_terminal_size", lambda *_, columns=columns: os.terminal_size((columns, 30)))
        show_answer(screen, _answer("The tide rises. " * 20), Path("/seeds"))
        assert (screen.width, screen.height) == (longest, 30)
        border = re.findall("╭.*╮", re.sub(r"\x1b\[[\d;]*m", "", window.getvalue()))[-1]
        assert len(border) == longest


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_colours_that_are_forced_make_no_terminal_of_a_pipe(
    monkeypatch: pytest.MonkeyPatch, variable: str, stream: str
) -> None:
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(f"sys.{stream}", io.StringIO())
    assert not console(stderr=stream == "stderr").is_terminal
    monkeypatch.setattr(f"sys.{stream}", _Window())
    assert console(stderr=stream == "stderr").is_terminal


def test_a_pipe_gets_plain_lines_with_the_place() -> None:
    long = "The tide rises twice a day and is highest when sun and moon pull together, at new and full moon."
    assert _shown(_answer(long), terminal=False) == (
        "Answered: almost certainly (95%)\n"
        "\n"
        "1. notes/sea.md:4  The Sea · 2021-10-22 · page 3 · Tides › Spring tides · 311–562\n"
        f"    {long}\n"
        "   also in notes/sea.md:4\n"
    )


@pytest.mark.parametrize("terminal", [False, True])
def test_the_excerpt_of_a_part_without_an_answer_says_so(terminal: bool) -> None:
    one = replace(_answer("The tide rises.").excerpts[0], part="When?")
    two = replace(one, rank=2, part="Who is the mayor?")
    both = replace(_answer(""), excerpts=(one, two), unanswered=("Who is the mayor?",))
    shown = _shown(both, terminal=terminal)
    assert "Who is the mayor?  (not in your sources; the nearest passage)" in shown
    assert shown.count("(not in your sources") == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_each_of_several_questions_says_how_sure_its_answer_is(terminal: bool) -> None:
    one = replace(_answer("The tide rises.").excerpts[0], part="When?", confidence=0.98)
    two, further = replace(one, rank=2, part="Where?", confidence=0.35), replace(one, rank=3, confidence=None)
    both = replace(_answer(""), excerpts=(one, two, further))
    shown = re.sub(r"\x1b\[[\d;]*m", "", _shown(both, terminal=terminal))
    assert shown.startswith("Perhaps answered (35%): read with care\n")
    assert "When?  Answered: almost certainly (98%)" in shown
    assert "Where?  Perhaps answered (35%): read with care" in shown
    assert re.search(r"When\? *(│|\n)", shown)
    assert (shown.count("98%"), shown.count("35%")) == (1, 2)


def test_a_terminal_gets_a_panel_with_a_link_and_a_highlight() -> None:
    shown = _shown(_answer("The tide rises."), terminal=True)
    assert "╭─ 1 ─" in re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert "file:///seeds/notes/sea.md" in shown
    assert "\x1b[1;97" in shown  # the highlight is bold and bright


def test_without_colours_the_words_that_answer_are_underlined() -> None:
    target = io.StringIO()
    screen = Console(file=target, force_terminal=True, no_color=True)
    screen.print(marked("The tide rises.", [Span(0, 15)], Span(4, 8)))
    assert target.getvalue() == "\x1b[1mThe \x1b[0m\x1b[1;4mtide\x1b[0m\x1b[1m rises.\x1b[0m\n"


def test_an_honest_no_names_what_no_document_mentions() -> None:
    shown = _shown(
        _answer("The tide.", found=False, confidence=0.1, missing=("Atlantis", "submarines")), terminal=False
    )
    assert shown.startswith(
        "Not in your sources.\nNo document mentions “Atlantis” or “submarines”.\n"
        "The nearest passages; they may not answer the question:\n"
    )


def test_a_word_that_no_document_mentions_is_named_where_something_was_found_too() -> None:
    shown = _shown(_answer("The tide.", missing=("puffin", "a" * 9999)), terminal=False)
    assert shown.startswith(f"Answered: almost certainly (95%)\nNo document mentions “puffin” or “{'a' * 40}…”.\n\n1. ")


def test_a_corrected_word_is_shown_under_the_verdict() -> None:
    read = (Correction("Amundsn", "Amundsen"), Correction("\x1bpole", "Pole"))
    shown = _shown(replace(_answer("The tide."), corrections=read), terminal=False)
    assert shown.startswith(
        "Answered: almost certainly (95%)\nRead “Amundsn” as “Amundsen”, “␛pole” as “Pole”.\n\n1. notes/sea.md:4"
    )
    refused = _shown(replace(_answer("The tide.", found=False), corrections=read[:1], missing=("ice",)), terminal=False)
    assert refused.startswith("Not in your sources.\nRead “Amundsn” as “Amundsen”.\nNo document mentions “ice”.\n")


def test_a_doubtful_answer_says_so() -> None:
    assert messages.verdict(_answer("x", confidence=0.6)) == "Perhaps answered (60%): read with care"
    assert messages.verdict(_answer("x", confidence=0.8)) == "Answered: very likely (80%)"
    assert messages.verdict(_answer("x", confidence=0.9999)) == "Answered: almost certainly (99%)"


def test_a_document_cannot_command_the_terminal() -> None:
    hostile = "red \x1b[31m bell \x07 return \r back \x08 reverse \u202e eteled \x9b2J"
    for terminal in (False, True):
        shown = _shown(_answer(hostile), terminal=terminal).replace("\x1b[", "").replace("\x1b]8;", "")
        assert not set(shown) & set("\x07\r\x08\u202e\x9b")
    assert visible("a\x1b[0m\u202eb\r\nc\td") == "a␛[0m⟨U+202E⟩b\nc\td"
    assert marked("a\x1bb", [Span(0, 2)]).plain == "a␛b"


def test_a_document_has_as_many_lines_on_a_screen_as_its_citations_count() -> None:
    text = "one\u2028still one\u2029and still\ntwo"
    assert visible(text) == marked(text, [Span(0, 9)]).plain == "one␊still one␊and still\ntwo"


def test_a_name_stays_on_its_line_whatever_it_holds() -> None:
    hostile = replace(PLACE, document="notes/a\nb.md", title="The\nSea", headings=("Ti\tdes",))
    excerpt = Excerpt(1, "two\nlines", (), 0.5, hostile, also_in=(hostile,))
    shown = _shown(Answer("q", True, 0.95, (excerpt,), 1, 1.0), terminal=False)
    assert shown.splitlines()[2:] == [
        "1. notes/a␊b.md:4  The␊Sea · 2021-10-22 · page 3 · Ti␉des · 311–562",
        "    two",
        "    lines",
        "   also in notes/a␊b.md:4",
    ]
    out = io.StringIO()
    show_sources(Console(file=out), [Source("a\nb.txt", "c\td", None, "", 5, 1)], Path("/seeds"))
    assert out.getvalue() == "a␊b.txt\t\t5\t1\tc␉d\n"


@pytest.mark.parametrize(("width", "titles"), [(100, True), (60, False)])
def test_a_list_of_documents_keeps_one_line_for_each(width: int, titles: bool) -> None:
    names = ("stories/two-polar-journeys.epub", "data/rivers.csv")
    found = [Source(name, "A title that is far too long for a line " * 3, "2022-03-09", "", 9, 1) for name in names]
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, width=width, color_system=None)
    show_sources(screen, found, Path("/seeds"))
    lines = [line for line in out.getvalue().splitlines() if "2022-03-09" in line]
    assert [line.split()[0] for line in lines] == list(names)
    assert all(("A title" in line) is titles for line in lines)
    assert out.getvalue().strip().count("\n") == 3  # nothing is folded


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (100, ["document", "date", "characters", "title"]),
        (80, ["document", "date", "title"]),
        (60, ["document", "date", "characters"]),
        (50, ["document", "date", "characters"]),
        (49, ["document", "date"]),
        (35, ["document", "date"]),
        (34, ["document"]),
        (25, ["document"]),
    ],
)
def test_a_list_of_documents_keeps_room_for_their_names(width: int, columns: list[str]) -> None:
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, width=width, color_system=None)
    found = [Source("data/rivers.csv", "Rivers", "2022-03-09", "", 123_456, 1)]
    show_sources(screen, found, Path("/seeds"))
    header, _, row = out.getvalue().strip().splitlines()
    assert header.split() == columns
    shown = {"document": "data/rivers.csv", "date": "2022-03-09", "characters": "123,456", "title": "Rivers"}
    assert row.split() == [shown[column] for column in columns]


def test_the_two_ways_to_say_that_nothing_stands_out() -> None:
    fits = Excerpt(4, "x", (), 0.5, PLACE, evidence={"late": 0.2})
    assert messages.why(fits, replace(fits, rank=5)) == "Excerpts 4 and 5 fit almost equally well."
    assert messages.why(replace(fits, evidence={}), None) == "Nothing in excerpt 4 fits the question well."


def test_an_excerpt_that_was_not_read_has_that_in_the_place_of_its_reading() -> None:
    read = Excerpt(1, "x", (), 0.5, PLACE, evidence={"late": 0.2, "reader": -0.3})
    unread = replace(read, rank=2, evidence={"late": 0.1, "unread": -0.3})
    assert messages.why(read, unread) == f"Excerpt 1 comes before 2, mainly: {messages.MEASURES['late']} (+0.10)."
    closer = replace(read, evidence={"late": 0.1, "reader": -0.1})
    assert messages.why(closer, unread) == f"Excerpt 1 comes before 2, mainly: {messages.MEASURES['reader']} (+0.20)."
    assert messages.why(unread, replace(unread, rank=3)) == "Excerpts 2 and 3 fit almost equally well."


@pytest.mark.parametrize(
    ("width", "count", "bar", "tables"), [(100, 3, 10, 1), (80, 3, 8, 1), (80, 5, 0, 1), (60, 5, 0, 2)]
)
def test_a_ranking_fits_the_width_with_whole_labels(width: int, count: int, bar: int, tables: int) -> None:
    evidence = {"reader": -0.5, "late": 0.25, "part": 0.1}
    excerpts = [Excerpt(rank, "x", (), 0.5, PLACE, evidence=evidence) for rank in range(1, count + 1)]
    out = io.StringIO()
    show_ranking(Console(file=out, force_terminal=True, width=width, color_system=None), excerpts)
    lines = out.getvalue().splitlines()
    for name in evidence:
        rows = [line for line in lines if messages.MEASURES[name] in line]
        assert len(rows) == tables
        assert sum(row.count(f"{evidence[name]:+.3f}") for row in rows) == count
    assert sum(line.count("█") for line in lines if "-0.500" in line) == bar * count
    assert sum("score" in line and "0.500" in line for line in lines) == tables
    assert sum(bool(line.strip(" ─")) for line in lines if "speaks" not in line and "against" not in line) == tables * 5


def test_a_measure_that_adds_nothing_to_any_excerpt_has_no_row() -> None:
    first = Excerpt(1, "x", (), 0.5, PLACE, evidence={"late": 0.2, "bm25": 0.0001, "part": 0.0})
    second = replace(first, rank=2, evidence={"late": 0.1, "bm25": 0.0002, "part": -0.02})
    out = io.StringIO()
    show_ranking(Console(file=out, width=100), [first, second])
    assert messages.MEASURES["late"] in out.getvalue()
    assert "-0.020" in out.getvalue()
    assert messages.MEASURES["bm25"] not in out.getvalue()


def test_rich_markup_in_a_document_stays_text() -> None:
    assert "[bold]not bold[/bold]" in _shown(_answer("[bold]not bold[/bold]"), terminal=False)


def test_a_title_made_from_the_file_name_is_not_repeated() -> None:
    made = Citation("notes/north-sea.md", "north sea", None, 0, 5, 1, None, (), "")
    assert messages.place(made) == "0–5"


def test_a_quote_that_is_read_otherwise_is_not_laid_upon_the_file() -> None:
    changed = Verification(PLACE, Verdict.CHANGED, None)
    assert messages.checked(changed) == "the file has changed and no longer says this"
    otherwise = (
        "the file is the same but has no such words: the quote was altered, or an older version read it otherwise"
    )
    assert messages.checked(replace(changed, same_file=True)) == otherwise


def test_of_a_file_that_is_gone_the_one_in_its_place_is_named_first() -> None:
    moved = Verification(PLACE, Verdict.MOVED, Span(0, 5), same_file=True, now_in="new\n.txt")
    changed = replace(moved, same_file=False)
    without = replace(changed, verdict=Verdict.CHANGED, place=None)
    assert [messages.checked(one) for one in (moved, changed, replace(changed, respaced=True), without)] == [
        "the file is gone or cannot be read; this stands in new␊.txt",
        "the file is gone or cannot be read; this stands in new␊.txt, which has changed",
        "the file is gone or cannot be read; the same words, with other line breaks or spaces, stand in new␊.txt, "
        "which has changed",
        "the file is gone or cannot be read; new␊.txt has changed and no longer says this",
    ]
    assert messages.checked(replace(without, same_file=True)) == (
        "the file is gone or cannot be read; new␊.txt is the same but has no such words: the quote was altered, or an "
        "older version read it otherwise"
    )


def test_a_build_that_did_nothing_says_it_in_a_line() -> None:
    out = io.StringIO()
    show_report(Console(file=out, width=80), SyncReport(3, unchanged=12))
    assert out.getvalue() == "Generation 3: 0 added · 12 unchanged\n"


def test_a_report_counts_and_gives_reasons() -> None:
    out = io.StringIO()
    skipped = tuple(Skipped(f"{n}.pdf", "it is damaged") for n in range(14))
    report = SyncReport(3, added=("a", "b"), removed=("c",), unchanged=1200, skipped=skipped, embedded=5, reused=2)
    show_report(Console(file=out, width=80), report)
    lines = out.getvalue().splitlines()
    assert lines[:2] == [
        "Generation 3: 2 added · 1 removed · 1,200 unchanged · 14 skipped",
        "5 passages embedded (2 kept) in 0.0 s",
    ]
    assert lines[2] == "skipped 0.pdf: it is damaged"
    assert lines[-1] == "… and 2 more: `seedbot build --json` names all"
    with click.Context(click.Command("build")) as context:
        context.params["library"] = Path("my library")
        show_report(Console(file=out, width=80), report)
    assert out.getvalue().endswith("… and 2 more: `seedbot build --json --library 'my library'` names all\n")


@pytest.mark.parametrize("length", [1, 2, 3, 5, 100])
def test_a_text_in_parts_looks_like_the_whole(length: int) -> None:
    """Also where a line of Windows ends between two of them."""
    text = "one\r\n\rtwo\x1b[2J\r\nthree\r"
    parts = (text[at : at + length] for at in range(0, len(text), length))
    assert "".join(visible_parts(parts)) == visible(text) == "one\n␍two␛[2J\nthree␍"


_DOCUMENT = "\n".join(f"Line {number} says nothing. Here {number} answers, it does. And so on." for number in range(60))


def _excerpt(rank: int, part: str | None = None) -> Excerpt:
    """Twelve lines of the document, the sentence that answers in their second."""
    start = _DOCUMENT.index(f"Line {rank * 15} ")
    end = _DOCUMENT.index(f"Line {rank * 15 + 12} ")
    mark = _DOCUMENT.index(f"Here {rank * 15 + 1} ", start) - start
    span = Span(mark, _DOCUMENT.index(" And", start + mark) - start)
    place = replace(PLACE, start=start, end=end, line=rank * 15 + 1)
    return Excerpt(rank, _DOCUMENT[start:end], (span,), 0.5, place, part=part)


def _screen(height: int) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=80, height=height, color_system=None), out


def _on_a_screen(excerpts: tuple[Excerpt, ...], height: int) -> str:
    screen, out = _screen(height)
    show_answer(screen, Answer("q", True, 0.95, excerpts, 1, 1.0), Path("/seeds"))
    return out.getvalue()


def test_where_the_screen_is_low_further_excerpts_are_their_sentence_cited_as_what_it_is() -> None:
    excerpts = (_excerpt(1), _excerpt(2), _excerpt(3))
    whole, short = _on_a_screen(excerpts, 70), _on_a_screen(excerpts, 31)
    assert (whole.count("╭─"), short.count("╭─")) == (3, 1)
    assert short.count("\n") <= 27  # question, prompt and bar have their room
    assert excerpts[0].text.split("\n")[11] in short
    for number in (31, 46):
        cited = re.search(rf"Here {number} answers, it does\.\s+notes/sea.md:{number + 1} .*?(\d+)–(\d+)", short, re.S)
        assert cited is not None
        assert _DOCUMENT[int(cited[1]) : int(cited[2])] == f"Here {number} answers, it does."
        assert f"Line {number} says" not in short


def test_the_first_excerpt_of_every_question_is_whole_on_a_low_screen() -> None:
    first, second = (replace(_excerpt(n, part), confidence=0.95) for n, part in enumerate(("When?", "Who?"), 1))
    excerpts = (first, second, replace(_excerpt(3, "When?"), also_in=(PLACE,)))
    shown = _on_a_screen(excerpts, 50)
    assert [f"Line {number} says" in shown for number in (15, 30, 45)] == [True, True, False]
    assert re.search(
        r"  3  When\?\s+Here 46 answers, it does\.\s+notes/sea.md:47  \d+–\d+ · also in notes/sea.md:4\n", shown
    )


def test_an_answer_without_excerpts_is_shown_on_the_lowest_screen() -> None:
    assert _on_a_screen((), 1).startswith("Answered: almost certainly (95%)")


def test_what_a_low_screen_has_no_room_for_is_counted() -> None:
    shown = _on_a_screen((_excerpt(1), _excerpt(2), _excerpt(3)), 24)
    assert "Line 15 says" in shown
    assert "Here 31 answers" not in shown
    assert shown.rstrip().endswith("2 more excerpts on a taller screen.")


def test_what_is_said_below_an_answer_has_its_room_too() -> None:
    excerpts = (_excerpt(1), _excerpt(2), _excerpt(3))
    answer = Answer("q", True, 0.95, excerpts, 1, 1.0)
    for height in range(20, 40):
        screen, out = _screen(height)
        shown = show_answer(screen, answer, Path("/seeds"), ["one note", "another"], next_shows=True)
        lines = out.getvalue().rstrip("\n").split("\n")
        assert lines[-2:] == ["one note", "another"]
        assert shown == 1 or len(lines) <= height - 4  # the question, a blank line, the prompt and its bar
        assert (shown < 3) == any(line.endswith("with /next.") for line in lines)


def test_further_excerpts_keep_to_the_screen_too() -> None:
    screen, out = _screen(31)
    assert show_excerpts(screen, (_excerpt(1), _excerpt(2), _excerpt(3)), Path("/seeds"), found=False) == 3
    assert (out.getvalue().count("╭─"), out.getvalue().count("\n") <= 27) == (1, True)
