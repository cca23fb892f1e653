"""Every subject of the bench once, with numbers too small to mean anything: it runs, and its figures are figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.kept import Kept
from bench.report import Report
from bench.server import database_on, describe
from bench.sizes import Sizes, Stage
from bench.subjects import SUBJECTS

TINY = Sizes(
    rounds=1,
    seconds=0.05,
    bookings=16,
    read=200,
    rebuilt=210,
    verified=210,
    remembered=420,
    stored=2_000,
    grown=2_100,
    calls=4,
    asked=5,
    updates=0.3,
    visitors=20,
    waiting=8,
    replayed=2,
    sent=1,
)


@pytest.fixture(scope="module")
def conninfo(embedded_url: str) -> Iterator[str]:
    with database_on(embedded_url) as conninfo:
        yield conninfo


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_gives_its_rows_with_positive_figures(name: str, conninfo: str) -> None:
    told: list[str] = []

    rows = SUBJECTS[name].measure(Stage(conninfo, TINY, told.append))

    assert tuple(row.name for row in rows) == SUBJECTS[name].rows
    assert told, "nobody sits before a silent terminal for minutes"
    for row in rows:
        assert row.ours in row.figures
        assert row.yardstick in row.figures
        assert all(len(figure.rounds) == TINY.rounds and min(figure.rounds) > 0 for figure in row.figures)
    text = Report(describe(conninfo), Kept({}, {}), rows=rows).text()
    assert all(f"\n{row.name}: {row.title}\n" in text for row in rows)
