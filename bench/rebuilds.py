"""Rebuilding `schedule` from the whole log: how fast, and with how much memory."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing

import msgspec

from bench import library, logs, salon
from bench.rebuild_alone import Rebuilt, Way
from bench.rounds import Contest, Figure, interleaved
from bench.rows import Row, Target
from bench.sizes import Stage
from ledger import events as e
from ledger.ledger import recorded
from ledger.postgres import Database, migrate
from ledger.recorder import BATCH, PostgresRecorder
from projections.projector import install
from projections.schedule import Schedule

WANTED_A_SECOND = 100_000
MOST_MEGABYTES = 200
_SCHEMA = "bench_rebuild"


def measure(stage: Stage) -> list[Row]:
    """Rates from a log of moderate length in every round; memory from a long one, once."""
    events = stage.sizes.rebuilt
    library.lay_down(stage.conninfo, min(events, 20_000))
    figures = [
        Figure("ceiling: decode and COPY"),
        Figure("library, ProjectionRunner"),
        Figure("ours, before the guard"),
        Figure("ours, guard added at the end"),
        Figure("ours, zapisnik rebuild"),
    ]
    ceiling, theirs, bare, guarded, whole = figures
    with Database(stage.conninfo, _SCHEMA) as database, closing(PostgresRecorder(database)) as recorder:
        migrate(database)
        install(recorder, [Schedule()])
        logs.lay_down(database, events)
        contests = [
            Contest([ceiling], lambda: [decode_and_copy(recorder)]),
            Contest([theirs], lambda: [library.project_for(stage.conninfo, stage.sizes.seconds)]),
            Contest([bare, guarded], lambda: _rates(alone(stage.conninfo, "unguarded"))),
            Contest([whole], lambda: _rates(alone(stage.conninfo, "whole"))[:1]),
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "rebuilding")
        short = alone(stage.conninfo, "whole")
        logs.lay_down(database, stage.sizes.remembered)
        stage.tell(f"rebuilding from {stage.sizes.remembered:,} events")
        long = alone(stage.conninfo, "whole")
    targets = [
        Target(WANTED_A_SECOND, bare.value, "events a second before the guard"),
        Target(MOST_MEGABYTES, long.megabytes, f"MB at {long.events:,} events", "at most"),
    ]
    notes = [f"{one.events:,} events in {one.seconds:,.1f} s, peak {one.megabytes:,.0f} MB" for one in (short, long)]
    return [Row("rebuild", "rebuild `schedule`", figures, whole, ceiling, targets, notes)]


def alone(conninfo: str, way: Way) -> Rebuilt:
    """Ours, in a process of its own; its start and the import of our packages are not in the times."""
    command = [sys.executable, "-m", "bench.rebuild_alone", conninfo, _SCHEMA, way]
    done = subprocess.run(command, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Rebuilt)


def decode_and_copy(recorder: PostgresRecorder) -> float:
    """Pages read and decoded as ours are, and one COPY of a row an event into a bare table: no fold, no key, no index.

    No rebuild in Python can do with less. Gives events a second.
    """
    seen, started = 0, time.perf_counter()
    with recorder.database.transaction() as connection:
        connection.execute(
            """CREATE TEMPORARY TABLE ceiling (booking_id bigint, version int, client_id bigint, staff_id bigint,
               starts_at timestamptz, ends_at timestamptz, service_ids bigint[], price bigint, status text)
               ON COMMIT DROP"""
        )
        with connection.cursor() as cursor, cursor.copy("COPY ceiling FROM STDIN") as copy:
            while page := recorder.page(None, seen, BATCH)[0]:
                for event in [recorded(stored).event for stored in page]:
                    assert isinstance(event, e.SlotHeld | e.BookingMade | e.BookingCancelled)
                    slot = event.slot
                    place = (event.booking_id, 1, event.client_id, slot.staff_id, slot.starts_at, slot.ends_at)
                    copy.write_row((*place, [salon.HAIRCUT], salon.PRICE, "booked"))
                seen = page[-1].position
    return seen / (time.perf_counter() - started)


def _rates(done: Rebuilt) -> list[float]:
    return [done.events / done.seconds, done.events / (done.seconds + done.guard_seconds)]
