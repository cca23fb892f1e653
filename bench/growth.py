"""What a long log costs: an append, a decision and a look at one booking, from ten thousand to a million events."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import count
from statistics import median

from psycopg import sql

from bench import contestants, decisions, logs
from bench.decisions import BookingDay
from bench.rounds import Contest, Figure, Work, interleaved
from bench.rows import Row, Target
from bench.sizes import Stage
from ledger.decisions import boundaries
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from ledger.values import StaffId
from projections.projector import install
from projections.rebuild import rebuild
from projections.schedule import Schedule

MOST_GROWTH = 1.2
STEPS = 5
"""Lengths of the log, the longest a hundred times the shortest, each longer than the one before by the same factor."""
SEED = 20300107
_masters = count(1_000_001)
"""Masters whose days are empty: those of the log that is laid down have theirs full."""


def measure(stage: Stage) -> list[Row]:
    """All lengths stand side by side and have their turn in every round; a figure is the median of a round's calls."""
    lengths = [round(stage.sizes.grown / 100 ** (1 - step / (STEPS - 1))) for step in range(STEPS)]
    with ExitStack() as open_logs:
        grown = [open_logs.enter_context(closing(GrownLog(stage, length))) for length in lengths]
        figures = [[Figure(f"{length:,} events", "ms") for length in lengths] for _ in _ROWS]
        contests = [
            Contest(of_length, log.round) for log, of_length in zip(grown, zip(*figures, strict=True), strict=True)
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "long logs")
    return [_row(name, title, theirs) for (name, title), theirs in zip(_ROWS.items(), figures, strict=True)]


class GrownLog:
    """A ledger with a log of this length, tags and schedule like any other's, in a schema of its own."""

    def __init__(self, stage: Stage, length: int) -> None:
        schema = f"bench_grown_{length}"
        stage.tell(f"laying down {length:,} events")
        self._calls, self._chance = stage.sizes.calls, random.Random(SEED)
        self._database = Database(stage.conninfo, schema)
        self._recorder = PostgresRecorder(self._database)
        logs.lay_down(self._database, length, indexed=True)
        install(self._recorder, [Schedule()])
        rebuild(self._recorder, Schedule(), "bench")
        with self._database.connect() as connection:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(schema, "schedule")))
            connection.execute("CHECKPOINT")
        self._bookings = range(length * 10 // 21)  # 2.1 events a visit
        self._ledger = Ledger(self._recorder)
        self._appending = contestants.Ours(stage.conninfo, schema)
        self._deciding = decisions.Ours(stage.conninfo, schema)
        self._append = self._appending.writer(0)
        self._day = BookingDay(self._deciding, [StaffId(next(_masters))], bookings=stage.sizes.calls // 2)

    def round(self) -> Sequence[float]:
        """Milliseconds of an append, of a decision, of a look at one booking's events."""
        _, _, rate = self._day.round()
        return _milliseconds(self._append, self._calls), 1000 / rate, _milliseconds(self._look, self._calls)

    def close(self) -> None:
        for one in (self._appending, self._deciding, self._recorder, self._database):
            one.close()

    def _look(self) -> None:
        self._ledger.history(boundaries.booking(logs.booking_of(self._chance.choice(self._bookings))))


_ROWS = {
    "grown-append": "append, 1 event a transaction, to a long log",
    "grown-decide": "whole booking decision over a long log, 1 thread",
    "grown-look": "all events of one booking, any of a long log",
}
_BOUNDED = ("grown-append", "grown-decide")
"""A look at any booking of a long log finds its pages less often in the server's memory: it may cost more."""


def _row(name: str, title: str, figures: Sequence[Figure]) -> Row:
    shortest, longest = figures[0], figures[-1]
    target = Target(MOST_GROWTH, longest.times(shortest), f"x {shortest.name}", "at most")
    return Row(name, title, figures, longest, shortest, [target] if name in _BOUNDED else [])


def _milliseconds(work: Work, calls: int) -> float:
    """The median call."""
    return median(_took(work) for _ in range(calls)) * 1000


def _took(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
