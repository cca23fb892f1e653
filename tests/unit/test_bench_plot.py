"""The drawing shows what was measured: a flat line is flat, twice as much is twice as high."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bench.plot import Line, long_logs, svg
from bench.rounds import Figure
from bench.rows import Row

SVG = "{http://www.w3.org/2000/svg}"
SURROUNDINGS = {"postgresql": "18", "shared_buffers": "128MB", "cores": 2, "rounds": 5, "load": 0.1}


def test_values_are_drawn_from_zero_and_lengths_by_their_order_of_magnitude() -> None:
    flat = Line("flat", [(10, 1.0, 1.0, 1.0), (100, 1.0, 1.0, 1.0), (1000, 1.0, 1.0, 1.0)])
    twice = Line("twice", [(10, 2.0, 2.0, 2.0), (100, 2.0, 2.0, 2.0), (1000, 2.0, 2.0, 2.0)])

    drawing = _read(svg("Title", "ms", [flat, twice], "note"))

    lower, upper = (_points(one) for one in drawing.iter(f"{SVG}polyline"))
    assert len({y for _, y in lower}) == len({y for _, y in upper}) == 1
    (zero,) = (float(one.get("y1", "")) for one in _grid(drawing)[:1])
    assert round(zero - upper[0][1], 1) == round(2 * (zero - lower[0][1]), 1)
    assert round(lower[1][0] - lower[0][0], 1) == round(lower[2][0] - lower[1][0], 1)


def test_whiskers_reach_from_the_smallest_round_to_the_greatest() -> None:
    drawing = _read(svg("Title", "ms", [Line("a", [(1, 2.0, 1.0, 4.0), (10, 2.0, 2.0, 2.0)])], ""))

    heights = [float(one.get("y1", "")) - float(one.get("y2", "")) for one in drawing.iter(f"{SVG}line")]
    dots = [float(one.get("cy", "")) for one in drawing.iter(f"{SVG}circle")]
    assert round(max(heights), 1) == 204.0, "three of four milliseconds of 272 points"
    assert len(set(dots)) == 1


def test_only_the_rows_of_long_logs_are_drawn() -> None:
    figures = [Figure("10,000 events", "ms", [1.0, 1.2]), Figure("1,000,000 events", "ms", [1.1, 1.3])]
    others = [Figure("bare", rounds=[5.0]), Figure("ours", rounds=[4.0])]
    rows = [Row("grown-append", "t", figures, figures[1], figures[0]), Row("read", "t", others, others[1], others[0])]

    texts = [one.text for one in _read(long_logs(rows, SURROUNDINGS)).iter(f"{SVG}text")]

    assert "append" in texts
    assert {"10,000", "1,000,000"} <= set(texts)
    assert "postgresql 18, shared_buffers 128MB, cores 2, rounds 5" in texts


def _read(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314  our own drawing


def _points(polyline: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, _, y in (one.partition(",") for one in polyline.get("points", "").split())]


def _grid(drawing: ET.Element) -> list[ET.Element]:
    return [one for one in drawing.iter(f"{SVG}line") if one.get("stroke") == "#ddd"]
