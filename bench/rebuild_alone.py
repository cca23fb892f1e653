"""`python -m bench.rebuild_alone CONNINFO SCHEMA`: folds `schedule` anew and prints how it went.

In a process of its own, because its memory is part of the question.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import closing

import msgspec

from ledger.postgres import Connection, Database
from ledger.recorder import PostgresRecorder
from projections.projector import fold
from projections.schedule import Schedule

_GUARD = "schedule_no_overlap"


class Rebuilt(msgspec.Struct, frozen=True):
    """How one rebuild went: seconds until the rows stood there, seconds of the constraint, the process's memory."""

    events: int
    rows: int
    folding_seconds: float
    constraint_seconds: float
    peak_megabytes: float


def rebuild_schedule(recorder: PostgresRecorder) -> tuple[int, float, float]:
    """Folds the whole log into a fresh table; gives its rows, and the seconds without and of the constraint alone.

    The one place that knows how a rebuild is done: another way of doing it changes this function and nothing else.
    """
    with recorder.database.transaction() as connection:
        guard = _fresh_table(connection)
        started = time.perf_counter()
        fold(recorder, Schedule(), connection)
        folded = time.perf_counter()
        connection.execute(f"ALTER TABLE schedule ADD CONSTRAINT {_GUARD} {guard}".encode())
        guarded = time.perf_counter()
        row = connection.execute("SELECT count(*) FROM schedule").fetchone()
    return row[0] if row else 0, folded - started, guarded - folded


def _fresh_table(connection: Connection) -> str:
    """The schedule's table, empty and unguarded; gives what its guard is defined as."""
    connection.execute("DROP TABLE IF EXISTS schedule")
    connection.execute(Schedule().tables.encode())
    row = connection.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (_GUARD,))
    guard = row.fetchone()
    connection.execute(f"ALTER TABLE schedule DROP CONSTRAINT {_GUARD}".encode())
    return str(guard[0]) if guard else ""


def main() -> None:
    conninfo, schema = sys.argv[1:]
    with Database(conninfo, schema) as database, closing(PostgresRecorder(database)) as recorder:
        events = recorder.head()
        rows, folding, constraint = rebuild_schedule(recorder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts it in KiB
    sys.stdout.write(msgspec.json.encode(Rebuilt(events, rows, folding, constraint, peak)).decode() + "\n")


if __name__ == "__main__":
    main()
