"""How a long log costs, drawn as SVG: a line for each row of `growth`, over a logarithmic axis of lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10
from xml.sax.saxutils import escape

from bench.rounds import Figure
from bench.rows import Row

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 40, 48
_COLOURS = ("#1f5fa8", "#b3541e", "#3d7a45", "#7a3d74")
_STYLE = "font-family:system-ui,sans-serif;font-size:13px;fill:#222"

_NAMES = {"grown-append": "append", "grown-decide": "decision", "grown-look": "one booking's events"}


@dataclass(frozen=True)
class Line:
    """What was measured at each length; `points` are (length, median, smallest, greatest), lengths growing."""

    name: str
    points: Sequence[tuple[int, float, float, float]]


def long_logs(rows: Sequence[Row], surroundings: Mapping[str, object]) -> str:
    """The rows of `growth` among all rows of a run, and where it ran."""
    lines = [
        Line(name, [(_length(one), one.value, min(one.rounds), max(one.rounds)) for one in row.figures])
        for row in rows
        if (name := _NAMES.get(row.name))
    ]
    note = ", ".join(f"{name} {surroundings[name]}" for name in ("postgresql", "shared_buffers", "cores", "rounds"))
    return svg("What a long log costs: milliseconds a call, by events stored", "ms", lines, note)


def svg(title: str, unit: str, lines: Sequence[Line], note: str) -> str:
    """The whole drawing. Vertically from 0, so that a line looks as flat as it is; whiskers show the rounds' spread."""
    lengths = sorted({length for line in lines for length, *_ in line.points})
    top = max(greatest for line in lines for *_, greatest in line.points)
    step = _round_step(top / 4)
    frame = _Frame(lengths[0], lengths[-1], step * ceil(top / step))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" style="{_STYLE}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" style="font-size:15px">{escape(title)}</text>',
        *_axes(frame, lengths, step, unit),
        *(part for line, colour in zip(lines, _COLOURS, strict=False) for part in _drawn(frame, line, colour)),
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}" style="font-size:11px;fill:#666">{escape(note)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Frame:
    """Where lengths and values lie on the paper."""

    shortest: int
    longest: int
    top: float

    def x(self, length: int) -> float:
        share = log10(length / self.shortest) / log10(self.longest / self.shortest)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self.top * (_HEIGHT - _TOP - _BOTTOM)


def _length(figure: Figure) -> int:
    return int(figure.name.partition(" ")[0].replace(",", ""))


def _axes(frame: _Frame, lengths: Sequence[int], step: float, unit: str) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for number in range(round(frame.top / step) + 1):
        y = frame.y(number * step)
        yield f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number * step:g} {unit}</text>'
    for length in lengths:
        x = frame.x(length)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="#222"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{length:,}</text>'


def _drawn(frame: _Frame, line: Line, colour: str) -> Iterator[str]:
    places = [(frame.x(length), frame.y(value)) for length, value, *_ in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for (x, y), (_, _, smallest, greatest) in zip(places, line.points, strict=True):
        low, high = frame.y(smallest), frame.y(greatest)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    x, y = places[-1]
    yield f'<text x="{x + 12:.1f}" y="{y + 4:.1f}" style="fill:{colour}">{escape(line.name)}</text>'


def _round_step(wanted: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below."""
    power = 10.0 ** int(log10(wanted) - (wanted < 1))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= wanted)
