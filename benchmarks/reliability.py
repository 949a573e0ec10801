"""Draws how far confidence can be believed: `python -m benchmarks.reliability BINS.jsonl PICTURE.svg`.

BINS.jsonl is what `benchmarks.quality --reliability` wrote: one set a line, with bins of equal size.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

_SIZE, _LEFT, _BELOW, _TOP = 320, 52, 46, 12
_COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8a5a9e", "#a67c00")

Bin = tuple[float, float, int]


def main() -> None:
    """Reads the bins and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bins", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    sets = [json.loads(line) for line in arguments.bins.read_text("utf-8").splitlines()]
    arguments.picture.write_text(drawn([(one["set"], one["bins"]) for one in sets]) + "\n", "utf-8")


def drawn(sets: Sequence[tuple[str, Sequence[Bin]]]) -> str:
    """The diagram as SVG: on the diagonal, of answers with 70% confidence 70 in 100 are right."""
    width, height = _LEFT + _SIZE + 170, _TOP + _SIZE + _BELOW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_axes(),
    ]
    for number, (name, bins) in enumerate(sets):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(f"{_x(sure):.1f},{_y(share):.1f}" for sure, share, _ in bins)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        lines += [f'<circle cx="{_x(a):.1f}" cy="{_y(b):.1f}" r="3" fill="{colour}"/>' for a, b, _ in bins]
        at = _TOP + 16 + 20 * number
        lines.append(f'<circle cx="{_LEFT + _SIZE + 20}" cy="{at - 4}" r="4" fill="{colour}"/>')
        lines.append(f'<text x="{_LEFT + _SIZE + 30}" y="{at}">{name}</text>')
    return "\n".join([*lines, "</svg>"])


def _axes() -> Iterator[str]:
    yield f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#bbb" stroke-dasharray="4 4"/>'
    for tenth in range(0, 11, 2):
        share = tenth / 10
        yield f'<line x1="{_x(0)}" y1="{_y(share)}" x2="{_x(1)}" y2="{_y(share)}" stroke="#eee"/>'
        yield f'<text x="{_LEFT - 8}" y="{_y(share) + 4}" text-anchor="end">{tenth * 10}%</text>'
        yield f'<text x="{_x(share)}" y="{_y(0) + 18}" text-anchor="middle">{tenth * 10}%</text>'
    yield f'<text x="{_x(0.5)}" y="{_y(0) + 38}" text-anchor="middle">confidence shown</text>'
    middle = _y(0.5)
    yield f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">answers right</text>'


def _x(share: float) -> float:
    return _LEFT + _SIZE * share


def _y(share: float) -> float:
    return _TOP + _SIZE * (1 - share)


if __name__ == "__main__":
    main()
