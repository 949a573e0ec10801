"""What `benchmarks.speed --passages` measured, as tables and a picture: `python -m benchmarks.growth ROWS.jsonl`.

The tables are Markdown, as they stand in docs/performance.md; `--picture FILE.svg` draws latency and memory.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Cell = Callable[[Row], str]

_SIDE, _LEFT, _BELOW, _TOP, _BETWEEN = 250, 58, 64, 34, 84
_STYLE = """
.text { fill: #333 } .grid { stroke: #ddd } .line { fill: none; stroke-width: 1.8 }
.c0 { stroke: #1b6ca8; fill: #1b6ca8 } .c1 { stroke: #c8553d; fill: #c8553d } .c2 { stroke: #777; fill: #777 }
.line { fill: none }
@media (prefers-color-scheme: dark) {
.text { fill: #ccc } .grid { stroke: #444 }
.c0 { stroke: #6cb6f0; fill: #6cb6f0 } .c1 { stroke: #f0927d; fill: #f0927d } .c2 { stroke: #aaa; fill: #aaa }
.line { fill: none } }
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, help="what `benchmarks.speed --passages … --json` wrote")
    parser.add_argument("--picture", type=Path, help="where to draw latency and memory, as SVG")
    arguments = parser.parse_args()
    try:
        rows = read(arguments.rows)
        sizes = _sizes(rows)
    except (OSError, ValueError, KeyError, TypeError):
        rows = sizes = []
    if not sizes:
        sys.exit(
            f"{str(arguments.rows)!r} holds no size: name a file that `benchmarks.speed --passages … --json` wrote."
        )
    print(tables(rows))
    if arguments.picture:
        arguments.picture.write_text(picture(sizes) + "\n", "utf-8")


def read(path: Path) -> list[Row]:
    """The rows of a file, none where there is no file yet. A line that was cut short is left out."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def add(path: Path, row: Row, instead_of: Sequence[Row] | None = None) -> None:
    """Adds a row; with `instead_of`, these and the row are all that stays."""
    kept = read(path) if instead_of is None else instead_of
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(json.dumps(one) + "\n" for one in (*kept, row)), "utf-8")
    partial.replace(path)


def tables(rows: Sequence[Row]) -> str:
    """All that was measured, as Markdown."""
    parts = [_samples(row) for row in rows if row["kind"] == "sample"]
    sizes = _sizes(rows)
    if sizes:
        parts.append(
            _table(["", *(f"{row['asked']:,}" for row in sizes)], [[n, *map(c, sizes)] for n, c in _lines(sizes)])
        )
    return "\n\n".join(parts)


def _sizes(rows: Sequence[Row]) -> list[Row]:
    return sorted((row for row in rows if row["kind"] == "size"), key=lambda row: int(row["asked"]))


def _lines(sizes: Sequence[Row]) -> Iterator[tuple[str, Cell]]:
    yield "passages, documents", lambda r: f"{r['build']['passages']:,}, {r['text']['files']:,}"
    yield "vectors made by", lambda r: "the model" if r["with_model"] else "the mixture"
    yield "build, passages/s", lambda r: _rate(r) if r["with_model"] else ""
    yield "all of it but the model, passages/s", lambda r: _rate(r, r["build"]["vectors_seconds"])
    yield "building, peak MB", lambda r: f"{r['build']['peak_megabytes']:.0f}"
    yield "database, bytes a passage", lambda r: f"{r['build']['database_bytes']:.0f}"
    yield "indexes, bytes a passage", lambda r: f"{r['build']['index_bytes']:.0f}"
    yield "recall@20 of the dense candidates", lambda r: f"{r['recall']['recall@20']:.4f}"
    yield "question without the reader, ms", lambda r: _ms(r["ask"]["stages"]["whole"])
    for stage in (name for name in sizes[0]["ask"]["stages"] if name not in ("whole", "reader")):
        yield f"… {stage}", lambda r, s=stage: _ms(r["ask"]["stages"][s])
    yield "question with the reader, ms", lambda r: _ms(r["ask and read"]["stages"]["whole"])
    yield "… reader", lambda r: _ms(r["ask and read"]["stages"]["reader"])
    yield "sentence-transformers and FAISS flat, ms", lambda r: _ms(r["baseline"]["question"])
    yield "ratio of the medians without the reader", lambda r: f"{_median(r['ask']) / r['baseline']['question'][0]:.2f}"
    yield "answering without the reader, peak MB (pages of no file)", lambda r: _memory(r["ask"])
    yield "answering with the reader, peak MB (pages of no file)", lambda r: _memory(r["ask and read"])
    yield "sentence-transformers and FAISS flat, peak MB", lambda r: f"{r['baseline']['peak_megabytes']:.0f}"
    yield (
        "cold `seedbot ask`, s (to importing sentence-transformers)",
        lambda r: f"{r['cold']['seconds']:.2f} ({r['cold']['ratio']:.2f})",
    )
    yield (
        "one file changed: seen after s (the build of it)",
        lambda r: f"{r['change']['seconds']:.2f} ({r['change']['sync_seconds']:.2f})",
    )
    yield "commit", _commits


def _commits(row: Row) -> str:
    """Those of the steps, each once."""
    steps = [value for value in row.values() if isinstance(value, dict)]
    return ", ".join(dict.fromkeys(str(step["commit"]) for step in steps if "commit" in step))


def _samples(row: Row) -> str:
    text, vectors = row["text"], row["vectors"]
    names = [name for name in text["real"] if name in text["made"]]
    told = [[name, str(text["real"][name]), str(text["made"][name])] for name in names]
    told += [[name, *map(str, pair)] for name, pair in vectors.items()]
    giga, own, baseline = 1e9, row["passages_per_second"], row["baseline_per_second"]
    limits = [
        f"A passage has {row['tokens']:.0f} tokens and takes the model {row['operations'] / giga:.2f} G operations.",
        f"Embedding: {own:.0f} passages/s, {own * row['operations'] / giga:.0f} G operations/s; "
        f"SentenceTransformer.encode at its defaults {baseline:.0f} passages/s; ratio {own / baseline:.2f}.",
        *(  # none in figures of earlier versions
            f"With embedding.precision = {name}: {rate:.0f} passages/s; ratio {rate / baseline:.2f}."
            for name, rate in row.get("rates", {}).items()
        ),
        *(
            f"Matrix products of its shapes, {name}: {rate / giga:.0f} G operations/s, "
            f"of which embedding reaches {own * row['operations'] / rate:.0%}."
            for name, rate in row["gemm"].items()
        ),
    ]
    return "\n\n".join([_table(["", "real", "made"], told), "\n".join(f"- {line}" for line in limits)])


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in (head, *body)) for at in range(len(head))]
    rows = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *body)]
    rows.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _rate(row: Row, but_seconds: float = 0.0) -> str:
    """That of a build in one go."""
    build = row["build"]
    return "" if build.get("resumed") else f"{build['passages'] / max(build['seconds'] - but_seconds, 1e-9):,.0f}"


def _ms(percentiles: Sequence[float]) -> str:
    """Three figures: the median, the 95th and the 99th percentile."""
    return " / ".join(f"{value:.1f}" for value in percentiles)


def _median(figures: Row) -> float:
    return float(figures["stages"]["whole"][0])


def _memory(figures: Row) -> str:
    """The peak, and what at the end is no page of a file, which the system could take back."""
    return f"{figures['peak_megabytes']:.0f} ({figures['own_megabytes']:.0f})"


def picture(sizes: Sequence[Row]) -> str:
    """Latency and memory against size as SVG, both axes logarithmic; in light or dark colours, as the reader has it."""
    latency = [
        ("without the reader, median", [row["ask"]["stages"]["whole"][0] for row in sizes], ""),
        ("without the reader, 99%", [row["ask"]["stages"]["whole"][2] for row in sizes], "5 4"),
        ("with the reader, median", [row["ask and read"]["stages"]["whole"][0] for row in sizes], ""),
        ("sentence-transformers, FAISS flat", [row["baseline"]["question"][0] for row in sizes], ""),
    ]
    memory = [
        ("answering without the reader", [row["ask"]["peak_megabytes"] for row in sizes], ""),
        ("building", [row["build"]["peak_megabytes"] for row in sizes], "5 4"),
        ("answering with the reader", [row["ask and read"]["peak_megabytes"] for row in sizes], ""),
        ("sentence-transformers, FAISS flat", [row["baseline"]["peak_megabytes"] for row in sizes], ""),
    ]
    passages = [float(row["build"]["passages"]) for row in sizes]
    step = _LEFT + _SIDE + _BETWEEN
    width, height = 2 * step - _BETWEEN + 24, _TOP + _SIDE + _BELOW + 4 * 18
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="12"><style>{_STYLE}</style>',
            *_panel(_LEFT, "a question, milliseconds", passages, latency),
            *_panel(step + _LEFT, "peak memory, megabytes", passages, memory),
            "</svg>",
        ]
    )


def _panel(
    left: float, title: str, passages: Sequence[float], series: Sequence[tuple[str, Sequence[float], str]]
) -> Iterator[str]:
    bottom = _TOP + _SIDE
    values = [value for _, line, _ in series for value in line]
    across, up = _scale(passages), _scale(values)
    middle = f'class="text" x="{left + _SIDE / 2}" text-anchor="middle"'
    yield f'<text {middle} y="{_TOP - 14}" font-weight="bold">{title}</text>'
    for tick in _ticks(passages):
        x = left + _SIDE * across(tick)
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="text" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_short(tick)}</text>'
    for tick in _ticks(values):
        y = bottom - _SIDE * up(tick)
        yield f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{left + _SIDE}" y2="{y:.1f}"/>'
        yield f'<text class="text" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(tick)}</text>'
    yield f'<text {middle} y="{bottom + 38}">passages</text>'
    for number, (name, line, dashes) in enumerate(series):
        colour = f"c{max(number - 1, 0)}"
        places = [(left + _SIDE * across(p), bottom - _SIDE * up(v)) for p, v in zip(passages, line, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<polyline class="{colour} line" points="{points}"{dashed}/>'
        yield from (f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places)
        at = bottom + 58 + 18 * number
        yield f'<line class="{colour} line" x1="{left}" y1="{at - 4}" x2="{left + 28}" y2="{at - 4}"{dashed}/>'
        yield f'<text class="text" x="{left + 36}" y="{at}">{name}</text>'


def _scale(values: Sequence[float]) -> Callable[[float], float]:
    """Where a value stands between the first and the last tick, from 0 to 1."""
    ticks = _ticks(values)
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])
    return lambda value: (math.log10(value) - low) / (high - low)


def _ticks(values: Sequence[float]) -> list[float]:
    """Powers of ten around the values, at least two; with their halves and doubles where those are few."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    powers = [10.0**power for power in range(low, high + 1)]
    if len(powers) > 3:
        return powers
    finer = sorted({*powers, *(base * step for base in powers[:-1] for step in (2, 5))})
    first = max(at for at, tick in enumerate(finer) if tick <= min(values) or at == 0)
    last = min(at for at, tick in enumerate(finer) if tick >= max(values) or at == len(finer) - 1)
    return finer[first : max(last, first + 1) + 1]


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


if __name__ == "__main__":
    main()
