"""`python -m bench.rebuild_alone CONNINFO SCHEMA WAY`: folds `schedule` anew and prints how it went.

In a process of its own, because its memory is part of the question.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import closing
from typing import Literal

import msgspec
from psycopg import Rollback

from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from projections.projector import fold
from projections.rebuild import rebuild
from projections.schedule import Schedule

Way = Literal["unguarded", "whole"]
_BESIDE = "_unguarded"
_GUARD = f"schedule{_BESIDE}_no_overlap"


class Rebuilt(msgspec.Struct, frozen=True):
    """How one rebuild went: seconds until the rows stood there, of a guard added afterwards, and the peak of memory."""

    events: int
    seconds: float
    guard_seconds: float
    megabytes: float


def whole(recorder: PostgresRecorder) -> tuple[float, float]:
    """What `zapisnik rebuild schedule` does: short batches under a lease, guarded all along, and the switch."""
    started = time.perf_counter()
    rebuild(recorder, Schedule(), "bench")
    return time.perf_counter() - started, 0.0


def unguarded(recorder: PostgresRecorder) -> tuple[float, float]:
    """The same fold in one transaction, into a table that gets its guard at the end; nothing of it stays."""
    beside = Schedule(_BESIDE)
    with recorder.database.transaction() as connection:
        connection.execute(beside.tables.encode())
        row = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (_GUARD,)
        ).fetchone()
        connection.execute(f"ALTER TABLE schedule{_BESIDE} DROP CONSTRAINT {_GUARD}".encode())
        started = time.perf_counter()
        fold(recorder, beside, connection)
        folded = time.perf_counter()
        connection.execute(f"ALTER TABLE schedule{_BESIDE} ADD CONSTRAINT {_GUARD} {row[0] if row else ''}".encode())
        guarded = time.perf_counter()
        raise Rollback
    return folded - started, guarded - folded


def main() -> None:
    conninfo, schema, way = sys.argv[1:]
    with Database(conninfo, schema) as database, closing(PostgresRecorder(database)) as recorder:
        events = recorder.head()
        seconds, guard_seconds = (whole if way == "whole" else unguarded)(recorder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts it in KiB
    sys.stdout.write(msgspec.json.encode(Rebuilt(events, seconds, guard_seconds, peak)).decode() + "\n")


if __name__ == "__main__":
    main()
