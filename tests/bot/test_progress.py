"""Long work as it is seen: on a terminal of any width, and where nobody watches."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from bot import progress
from retrieval.types import Progress

_STEPS = (
    Progress("model", 0, 1),
    Progress("reading", 270_000_000, 540_000_000),
    *(Progress("embedding", done, 1_000_000) for done in (0, 345, 690)),
    Progress("vectors", 500_000, 2_000_000),
    Progress("indexing", 1024, 1_000_000),
)


def _seen(monkeypatch: pytest.MonkeyPatch, width: int, steps: tuple[Progress, ...] = _STEPS) -> list[str]:
    """The lines on a terminal after these steps, some seconds apart."""
    seconds = iter(range(1000))
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    made: list[Bars] = []
    bars_of = progress._bars

    def bars(console: Console) -> Bars:
        made.append(bars_of(console))
        made[0].get_time = lambda: float(next(seconds))
        return made[0]

    monkeypatch.setattr(progress, "console", lambda **_: screen)
    monkeypatch.setattr(progress, "_bars", bars)
    with progress.shown() as step:
        for one in steps:
            step(one)
        paper = Console(file=io.StringIO(), width=width)
        paper.print(made[0].get_renderable())
    assert isinstance(paper.file, io.StringIO)
    return [line for line in paper.file.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_bar_says_how_much_how_fast_and_how_long_still(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = _seen(monkeypatch, width)
    said = [re.sub(r"[━╸╺ ]+", " ", line).strip() for line in lines]
    assert [line.split()[0] for line in lines] == ["Reading", "Embedding", "Indexing", "Indexing"], "one line each"
    assert all(len(line) <= width for line in lines)
    assert "━━" in lines[0]
    assert re.match(r"Reading documents 270.0 of 540.0 MB", said[0])
    assert re.match(r"Embedding passages 690 of 1,000,000 \d+/s \d+:\d\d:\d\d$", said[1])
    assert re.match(r"Indexing vectors 25%", said[2])
    assert re.match(r"Indexing passages 1,024 of 1,000,000", said[3])


def test_while_the_model_is_prepared_the_bar_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = _seen(monkeypatch, 60, _STEPS[:1])
    assert line.startswith("Preparing the model, once")
    assert "of" not in line.split("once")[1]


def test_a_pipe_gets_no_bars(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "console", lambda **_: Console(file=io.StringIO()))
    with progress.shown() as step:
        for one in _STEPS:
            step(one)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "Preparing the model, once (about 20 seconds) …\n"
