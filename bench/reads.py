"""Reading the log from its start and making typed events of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from bench import library, logs
from bench.library import Visits
from bench.rounds import Contest, Figure, interleaved
from bench.rows import Row, Target
from bench.sizes import Stage
from ledger.ledger import recorded
from ledger.postgres import Database
from ledger.recorder import BATCH, PostgresRecorder

WANTED_A_SECOND = 200_000


def measure(stage: Stage) -> list[Row]:
    """Each reads the same number of events, a page at a time, one page after the other."""
    events = stage.sizes.read
    ceiling, theirs, ours = (
        Figure("ceiling: text, undecoded"),
        Figure("library, notification log"),
        Figure("ours: recorder and codec"),
    )
    library.lay_down(stage.conninfo, events)
    with (
        Database(stage.conninfo, "bench_read") as database,
        closing(PostgresRecorder(database)) as recorder,
        closing(Visits(library.environment(stage.conninfo))) as application,
    ):
        logs.lay_down(database, events)
        contests = [
            Contest([ceiling], _timed(events, lambda: raw(database, events))),
            Contest([theirs], _timed(events, lambda: by_library(application, events))),
            Contest([ours], _timed(events, lambda: by_ours(recorder, events))),
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "reading")
    targets = [Target(WANTED_A_SECOND, ours.value, "events a second")]
    return [Row("read", "read and decode the log", [ceiling, theirs, ours], ours, ceiling, targets)]


def raw(database: Database, events: int) -> int:
    """Pages of type and text as the driver gives them, each in a transaction: nothing is made of them."""
    seen = 0
    while seen < events:
        with database.transaction() as connection:
            page = connection.execute(
                "SELECT position, type, data::text FROM events WHERE position > %s ORDER BY position LIMIT %s",
                (seen, BATCH),
            ).fetchall()
        seen += len(page)
    return seen


def by_library(application: Visits, events: int) -> int:
    """Pages of the application's notification log, each notification made a domain event by its mapper.

    Its own default is ten notifications a page; here they are as many as ours has events.
    """
    seen, decode = 0, application.mapper.to_domain_event
    while seen < events:
        page = application.notification_log.select(start=seen + 1, limit=min(BATCH, events - seen))
        seen += len([decode(notification) for notification in page])
    return seen


def by_ours(recorder: PostgresRecorder, events: int) -> int:
    """Pages of the recorder with tags, digests and hashes, each event decoded: what every projection reads."""
    seen = 0
    while seen < events:
        page, _ = recorder.page(None, seen, BATCH)
        seen += len([recorded(event) for event in page])
    return seen


def _timed(events: int, read: Callable[[], int]) -> Callable[[], list[float]]:
    def measured() -> list[float]:
        started = time.perf_counter()
        read()
        return [events / (time.perf_counter() - started)]

    return measured
