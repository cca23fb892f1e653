"""Verifying the log: chain, digests and tag rows, beside nothing but reading the same rows."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing

import msgspec

from bench import chained
from bench.rounds import Contest, Figure, interleaved
from bench.rows import Row, Target
from bench.sizes import Stage
from bench.verify_alone import Verified
from ledger.integrity import verify_chain
from ledger.postgres import Database
from ledger.recorder import BATCH, PostgresRecorder

WANTED_A_SECOND = 100_000
MOST_MEGABYTES = 100
_SCHEMA, _LONG_SCHEMA = "bench_verify", "bench_verify_long"


def measure(stage: Stage) -> list[Row]:
    """Rates from a log of moderate length in every round; memory from a long one, once."""
    events = stage.sizes.verified
    bare, ours = Figure("bare: the same rows, read"), Figure("ours: zapisnik audit verify")
    with (
        Database(stage.conninfo, _SCHEMA) as database,
        closing(PostgresRecorder(database)) as recorder,
    ):
        chained.lay_down(database, events)
        contests = [
            Contest([bare], lambda: [read(recorder, events)]),
            Contest([ours], lambda: [verify(recorder)]),
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "verifying")
    short = alone(stage.conninfo, _SCHEMA)
    with Database(stage.conninfo, _LONG_SCHEMA) as database:
        chained.lay_down(database, stage.sizes.remembered)
    stage.tell(f"verifying {stage.sizes.remembered:,} events")
    long = alone(stage.conninfo, _LONG_SCHEMA)
    targets = [
        Target(WANTED_A_SECOND, ours.value, "events a second"),
        Target(WANTED_A_SECOND, long.events / long.seconds, f"events a second of {long.events:,}"),
        Target(MOST_MEGABYTES, long.megabytes, f"MB at {long.events:,} events", "at most"),
    ]
    notes = [f"{one.events:,} events in {one.seconds:,.2f} s, peak {one.megabytes:,.0f} MB" for one in (short, long)]
    return [Row("verify", "verify the log, tag rows as well", [bare, ours], ours, bare, targets, notes)]


def read(recorder: PostgresRecorder, events: int) -> float:
    """Every column of every event by the driver's binary cursor, in the recorder's pages; nothing is made of it."""
    seen, started = 0, time.perf_counter()
    while seen < events:
        with recorder.database.transaction() as connection:
            page = connection.execute(
                """SELECT position, recorded_at, type, tags, data::text, digest, hash FROM events
                   WHERE position > %s ORDER BY position LIMIT %s""",
                (seen, BATCH),
                binary=True,
            ).fetchall()
        seen = page[-1][0]
    return events / (time.perf_counter() - started)


def verify(recorder: PostgresRecorder) -> float:
    """Gives events a second."""
    started = time.perf_counter()
    found = verify_chain(recorder)
    if not found.ok:
        raise AssertionError(f"the bench's own log is broken at {found.first_bad_position}: {found.reason}")
    return found.events / (time.perf_counter() - started)


def alone(conninfo: str, schema: str) -> Verified:
    """Ours, in a process of its own, whose start is not in the time."""
    command = [sys.executable, "-m", "bench.verify_alone", conninfo, schema]
    done = subprocess.run(command, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Verified)
