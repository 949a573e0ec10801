"""Answers and lists as a terminal shows them: panels and colour on a screen, plain indented text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot import messages
from bot.display import in_line, pieces, visible
from bot.logs import readable
from bot.options import command_line
from retrieval.types import Answer, Citation, Excerpt, Source, Span, SyncReport, Verdict

_WIDEST = 100  # columns; longer lines are hard to read
_NARROW = 80  # columns; with fewer there is no room for titles
_SIZED, _DATED = 50, 35  # columns; with fewer there is no room for sizes, and for dates, beside a name
_SHOWN = 0.0005  # a measure that adds less to every excerpt has no row
_NUMBER = len("+0.123")
_SHORTEST_BAR, _LONGEST_BAR = 3, 10
_SHOWN_PATHS = 12
_LINES_LEFT_OUT = 2  # that say how many excerpts were left out
_BESIDE = 4  # lines of a screen that hold no answer: the question, a blank one, the prompt, its bar


class _Screen(Console):
    """A terminal as wide as its window is at the moment, up to what is easy to read."""

    @property
    def size(self) -> ConsoleDimensions:
        """See `Console`."""
        width, height = super().size
        return ConsoleDimensions(min(width, _WIDEST) if self.is_terminal else width, height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


def console(*, stderr: bool = False) -> Console:
    """A console that writes plainly where nobody watches, and never wraps what is piped."""
    watched = (sys.stderr if stderr else sys.stdout).isatty()
    forced = None if watched else False  # FORCE_COLOR is for colours, and would have panels in a pipe
    return _Screen(stderr=stderr, highlight=False, soft_wrap=False, force_terminal=forced)


def show_answer(
    screen: Console, answer: Answer, seeds: Path, notes: Sequence[str] = (), *, next_shows: bool = False
) -> int:
    """The whole answer: verdict, corrected and missing words, excerpts, `notes`; the first excerpt stays on the screen.

    Returns how many excerpts there was room for; `next_shows` says that there is a command for the rest.
    """
    above = [verdict(answer)]
    if answer.corrections:
        above.append(Text(visible(messages.corrected(answer.corrections)), "dim"))
    if answer.missing:
        above.append(Text(visible(messages.missing(answer)), "yellow"))
    if not answer.found:
        above.append(Text(messages.NEAREST, "dim"))
    if answer.unanswered:
        above.append(Text(visible(messages.unanswered(answer)), "yellow"))
    for line in above:
        write_line(screen, line)
    below = [Text(visible(note), "yellow") for note in notes]
    unanswered, taken = answer.unanswered, _height(screen, [*above, *below])
    shown = show_excerpts(
        screen, answer.excerpts, seeds, found=answer.found, unanswered=unanswered, taken=taken, next_shows=next_shows
    )
    for line in below:
        write_line(screen, line)
    return shown


def show_question(screen: Console, question: str) -> None:
    """The question that the answer below belongs to."""
    write_line(screen, Text(f"❯ {_asked(question)}", "bold"))


def verdict(answer: Answer) -> Text:
    """The verdict in its colour: green, or yellow for an honest no or a doubtful answer."""
    sure = answer.found and messages.confidence(answer) >= messages.LIKELY
    return Text(messages.verdict(answer), "bold green" if sure else "bold yellow")


def show_excerpts(
    screen: Console,
    excerpts: Iterable[Excerpt],
    seeds: Path,
    *,
    found: bool = True,
    unanswered: Collection[str] = (),
    taken: int = 0,
    next_shows: bool = False,
) -> int:
    """Excerpts one under the other; the first for each question says how sure it is, all of an `unanswered` one that
    they are only near. Returns how many were shown.

    Where a terminal has no room for them beside `taken` lines, only the first of each part is sure to be shown whole.
    """
    named = [(excerpt, _part(excerpt, unanswered)) for excerpt in excerpts]
    if not screen.is_terminal:
        for excerpt, part in named:
            write_line(screen, _plain(excerpt, part))
        return len(named)
    shown: list[RenderableType] = [_panel(excerpt, part, seeds, found=found) for excerpt, part in named]
    room = screen.height - taken - _BESIDE
    if _height(screen, shown) > room:
        shown = _in_room(screen, named, shown, seeds, room)
    for one in shown:
        screen.print(one)
    left_out = len(named) - len(shown)
    if left_out:
        screen.print(Text(f"\n{messages.left_out(left_out, next_shows=next_shows)}", "dim"))
    return len(shown)


def _in_room(
    screen: Console,
    named: Sequence[tuple[Excerpt, str]],
    whole: Sequence[RenderableType],
    seeds: Path,
    room: int,
) -> list[RenderableType]:
    """The first excerpt of each question whole, of the others their sentence, as many as there is room for beside the
    line that counts the rest.
    """
    seen: set[str | None] = set()
    shown: list[tuple[RenderableType, bool]] = []
    for (excerpt, part), panel in zip(named, whole, strict=True):
        first = excerpt.part not in seen
        seen.add(excerpt.part)
        short = _in_short(excerpt, part, seeds) if excerpt.highlights and not first else panel
        shown.append((short, first))
    told = 0
    while shown and not shown[-1][1] and _height(screen, [one for one, _ in shown]) > room - told:
        shown.pop()
        told = _LINES_LEFT_OUT
    return [one for one, _ in shown]


def _part(excerpt: Excerpt, unanswered: Collection[str]) -> str:
    """Which of several questions an excerpt belongs to, and what to think of it; empty where there is one."""
    told = "" if excerpt.confidence is None else messages.answered(excerpt.confidence)
    if excerpt.part in unanswered:
        told = messages.NEAREST_TO_PART
    return "  ".join(one for one in (_asked(excerpt.part or ""), told) if one)


def _height(screen: Console, shown: Iterable[RenderableType]) -> int:
    return sum(len(screen.render_lines(one)) for one in shown)


_SENTENCE, _ANSWER = "bold bright_white on grey23", "bold underline black on bright_yellow"


def marked(text: str, highlights: Sequence[Span], answer: Span | None = None) -> Text:
    """`text`, its highlights and the words that answer marked, and nothing in it that could command the terminal."""
    shown, at = Text(), 0
    for span, is_answer in pieces(len(text), highlights, answer):
        shown.append(visible(text[at : span.start]))
        shown.append(visible(span.of(text)), _ANSWER if is_answer else _SENTENCE)
        at = span.end
    return shown.append(visible(text[at:]))


def link(citation: Citation, seeds: Path) -> Text:
    """`file:line`, which opens the file where the terminal can follow links."""
    target = (seeds / citation.document).absolute().as_uri()
    return Text(in_line(messages.file_and_line(citation)), f"cyan link {target}")


def sources_table(sources: Sequence[Source], seeds: Path, width: int) -> Table:
    """Documents, one a line unless their paths are long, with what there is room for; paths are links."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    longest = max((cell_len(in_line(one.path)) for one in sources), default=0)
    table.add_column("document", overflow="fold", no_wrap=longest <= width // 2)
    dated, titled = width >= _DATED, width >= _NARROW
    sized = _SIZED <= width < _NARROW or width >= _WIDEST
    if dated:
        table.add_column("date", no_wrap=True)
    if sized:
        table.add_column("characters", justify="right", no_wrap=True)
    if titled:
        table.add_column("title")
    for one in sources:
        path = Text(in_line(one.path), f"cyan link {(seeds / one.path).absolute().as_uri()}")
        size, title = f"{one.characters:,}", Text(in_line(one.title), no_wrap=True, overflow="ellipsis")
        table.add_row(path, *[one.date or ""] * dated, *[size] * sized, *[title] * titled)
    return table


def show_sources(screen: Console, sources: Sequence[Source], seeds: Path) -> None:
    """The documents as a table, or as tab-separated lines in a pipe."""
    if screen.is_terminal:
        screen.print(sources_table(sources, seeds, screen.width))
        return
    for one in sources:
        row = (one.path, one.date or "", str(one.characters), str(one.passages), one.title)
        write_line(screen, Text("\t".join(map(in_line, row))))


def show_report(screen: Console, report: SyncReport) -> None:
    """What a build did: counts in one line, then what was skipped and why."""
    counts = [("added", len(report.added)), ("changed", len(report.changed)), ("renamed", len(report.renamed))]
    counts += [("removed", len(report.removed)), ("unchanged", report.unchanged), ("skipped", len(report.skipped))]
    line = " · ".join(f"{number:,} {name}" for name, number in counts if number or name in ("added", "unchanged"))
    write_line(screen, Text(f"Generation {report.generation}: {line}"))
    if report.embedded or report.reused:
        kept = f" ({report.reused:,} kept)" if report.reused else ""
        done = messages.count(report.embedded, "passage")
        write_line(screen, Text(f"{done} embedded{kept} in {report.seconds:.1f} s", "dim"))
    for skipped in report.skipped[:_SHOWN_PATHS]:
        reason = (f": {visible(readable(skipped.reason))}", "dim")
        write_line(screen, Text.assemble(("skipped ", "yellow"), in_line(skipped.path), reason))
    if len(report.skipped) > _SHOWN_PATHS:
        more, build = len(report.skipped) - _SHOWN_PATHS, visible(command_line("build", "--json"))
        write_line(screen, Text(f"… and {more:,} more: `{build}` names all", "dim"))


def show_ranking(screen: Console, excerpts: Sequence[Excerpt]) -> None:
    """What each measure added to the score of each excerpt, with bars where there is room, in as many tables as fit."""
    names = [one for one in messages.MEASURES if any(abs(e.evidence.get(one, 0.0)) >= _SHOWN for e in excerpts)]
    room = screen.width - 2 - max(len(messages.MEASURES[one]) for one in names or messages.MEASURES)
    beside = min(max(room // (_NUMBER + 1), 1), len(excerpts))
    bars = min(room // beside - _NUMBER - 2, _LONGEST_BAR)
    largest = max((abs(v) for e in excerpts for v in e.evidence.values()), default=1.0) or 1.0
    for start in range(0, len(excerpts), beside):
        shown = excerpts[start : start + beside]
        screen.print(_ranking(shown, names, bars if bars >= _SHORTEST_BAR else 0, largest))
    write_line(screen, Text(messages.ADDED, "dim"))


def _ranking(excerpts: Sequence[Excerpt], names: Sequence[str], bars: int, largest: float) -> Table:
    """A number for each excerpt and measure, and beside it a bar, of `bars` characters for the largest."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("what fits")
    for excerpt in excerpts:
        table.add_column(f"{excerpt.rank}", justify="right", no_wrap=True)
        if bars:
            table.add_column("", no_wrap=True)
    for name in names:
        cells: list[RenderableType] = [messages.MEASURES[name]]
        for excerpt in excerpts:
            value = excerpt.evidence.get(name, 0.0)
            bar = Text("█" * round(bars * abs(value) / largest), "red" if value < 0 else "green")
            cells += [f"{value:+.3f}", bar] if bars else [f"{value:+.3f}"]
        table.add_row(*cells)
    totals: list[RenderableType] = [Text("score", "bold")]
    for excerpt in excerpts:
        totals += [Text(f"{excerpt.score:.3f}", "bold"), *([""] if bars else [])]
    table.add_row(*totals)
    return table


VERDICTS = {Verdict.EXACT: "green", Verdict.MOVED: "yellow", Verdict.CHANGED: "red", Verdict.GONE: "red"}
"""The colour of what re-reading a file showed."""


def _panel(excerpt: Excerpt, part: str, seeds: Path, *, found: bool) -> Panel:
    first = found and excerpt.rank == 1
    parts: list[RenderableType] = [Text(part, "italic")] if part else []
    parts += [marked(excerpt.text, excerpt.highlights, excerpt.answer), Text()]
    parts.append(
        Text.assemble(link(excerpt.citation, seeds), ("  " + in_line(messages.place(excerpt.citation)), "dim"))
    )
    also = messages.also_in(excerpt.also_in)
    if also:
        parts.append(Text(in_line(also), "dim"))
    return Panel(
        Group(*parts),
        title=Text(str(excerpt.rank), "bold"),
        title_align="left",
        box=box.ROUNDED,
        border_style="green" if first else "bright_black",
        padding=(0, 1),
    )


def _in_short(excerpt: Excerpt, part: str, seeds: Path) -> Group:
    """The sentence that answers, cited as what it is: a shorter excerpt, by its offsets alone, in few lines."""
    span, place = excerpt.highlights[0], excerpt.citation
    line = place.line + excerpt.text.count("\n", 0, span.start)
    place = replace(place, start=place.start + span.start, end=place.start + span.end, line=line)
    answer = excerpt.answer
    if answer is not None:
        inside = span.start <= answer.start and answer.end <= span.end
        answer = Span(answer.start - span.start, answer.end - span.start) if inside else None
    also = messages.also_in(excerpt.also_in)
    cited = Text.assemble(link(place, seeds), (f"  {place.start}–{place.end}", "dim"))
    if also:
        cited.append(f" · {in_line(also)}", "dim")
    short = Table.grid(padding=(0, 2, 0, 0))
    short.add_column(width=len(" 50"), justify="right", style="bold")
    short.add_column()
    short.add_row(
        str(excerpt.rank),
        Group(*[Text(part, "italic")] * bool(part), marked(span.of(excerpt.text), (), answer), cited),
    )
    return Group(Text(), short)


def _plain(excerpt: Excerpt, part: str) -> Text:
    place = f"{messages.file_and_line(excerpt.citation)}  {messages.place(excerpt.citation)}"
    lines = [f"{excerpt.rank}. {in_line(place)}", *([f"   {part}"] if part else [])]
    lines += ["    " + line for line in visible(excerpt.text).split("\n")]
    also = messages.also_in(excerpt.also_in)
    if also:
        lines.append("   " + in_line(also))
    return Text("\n".join(["", *lines]))


def _asked(part: str) -> str:
    """One of several questions, which may stand on several lines, on one."""
    return visible(" ".join(part.split()))


def write_line(screen: Console, text: Text) -> None:
    """A line on a screen; as it is in a pipe, where a tab stays a tab."""
    if screen.is_terminal:
        screen.print(text)
    else:
        screen.file.write(text.plain + "\n")
