"""Read models and the three ways to run one: in the append's transaction, following the log, or folded aside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal, Protocol, runtime_checkable

import psycopg
from psycopg import Rollback, sql

from ledger import leases
from ledger.codec import Recorded
from ledger.errors import LeaseLostError, StoreUnavailableError
from ledger.events import AnyEvent
from ledger.leases import Lease
from ledger.ledger import recorded
from ledger.postgres import Connection, Database
from ledger.recorder import PostgresRecorder
from ledger.versions import check_versions

BATCH = 500
PAGE = 2000
"""Events a rebuild takes at once: more would not make it quicker, and one transaction writes them."""
LEASE_LASTS = timedelta(seconds=3)


class Projection(Protocol):
    """A read model: its tables (with a version) and how events change them. No side effects, no clock."""

    name: str
    version: int
    mode: Literal["inline", "following"]
    tables: str

    def beside(self, suffix: str) -> Projection:
        """The same read model in other tables: the names of `tables`, each with the suffix."""

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None: ...


@runtime_checkable
class Loadable(Protocol):
    """A read model that knows a quicker way for many events at once, to the same rows."""

    def load(self, connection: Connection, events: Sequence[Recorded]) -> None: ...


@runtime_checkable
class Inline(Projection, Protocol):
    """A read model that may be written within an append: by `writer`, the SQL of a function that takes `changes`."""

    writer: str

    def changes(self, facts: Iterable[tuple[AnyEvent, datetime]]) -> Sequence[object]: ...


@dataclass(frozen=True)
class Lag:
    """How far a read model is behind: in events, and as the age in seconds of the oldest one it has not seen."""

    name: str
    version: int
    mode: str
    position: int
    events: int
    seconds: float


def inline_among(projections: Sequence[Projection]) -> list[Inline]:
    """Those that are written within an append."""
    return [one for one in projections if isinstance(one, Inline) and one.mode == "inline"]


def install(recorder: PostgresRecorder, projections: Sequence[Projection]) -> list[Projection]:
    """Creates what is missing; an inline read model new to an existing log is folded before anybody may append.

    Gives those that stand at an older version than this program's, which a rebuild brings up. Raises
    SchemaVersionError when one stands at a newer version.
    """
    older: list[Projection] = []
    with recorder.database.transaction() as connection:
        connection.execute("SELECT 1 FROM ledger FOR UPDATE")
        live = dict(connection.execute("SELECT name, version FROM projections").fetchall())
        for projection in projections:
            if projection.name not in live:
                connection.execute(projection.tables.encode())
                connection.execute(
                    "INSERT INTO projections (name, version, mode) VALUES (%s, %s, %s)",
                    (projection.name, projection.version, projection.mode),
                )
                if projection.mode == "inline":
                    fold(recorder, projection, connection)
            elif live[projection.name] < projection.version:
                older.append(projection)
                continue
            else:
                check_versions({projection.name: projection.version}, {projection.name: live[projection.name]})
            put_writer(connection, projection)
    return older


def put_writer(connection: Connection, projection: Projection) -> None:
    """Makes the function that writes this version of the read model within an append, if it has one."""
    if isinstance(projection, Inline):
        connection.execute(projection.writer.encode())


def check_installed(database: Database, projections: Sequence[Projection]) -> None:
    """Raises SchemaVersionError unless these read models stand at this program's versions, and no other is inline."""
    ours = {projection.name: projection.version for projection in projections}
    with database.transaction() as connection:
        rows = connection.execute("SELECT name, version, mode FROM projections").fetchall()
    check_versions(ours, {name: version for name, version, mode in rows if name in ours or mode == "inline"})


def pages(recorder: PostgresRecorder, after: int = 0) -> Iterator[list[Recorded]]:
    """The log after a position, in pages that end with an append, never within one; to the head as it is by then.

    The next page is read and decoded while the caller is busy with this one.

    Between the events of one append a table's deferred constraint need not hold, so nobody should commit there.
    """
    with ThreadPoolExecutor(1, "read ahead") as reader:
        size = PAGE
        reading = reader.submit(_whole_appends, recorder, after, size)
        while True:
            events, is_last = reading.result()
            # A single append longer than the page: only a longer page has its end.
            after, size = (events[-1].position, PAGE) if events else (after, size * 2)
            if not is_last:
                reading = reader.submit(_whole_appends, recorder, after, size)
            if events:
                yield events
            if is_last:
                return


def _whole_appends(recorder: PostgresRecorder, after: int, size: int) -> tuple[list[Recorded], bool]:
    """The next page without the append that it may cut, and whether it reaches the head."""
    stored, _ = recorder.page(None, after, size)
    if len(stored) < size:
        return [recorded(one) for one in stored], True
    # Events of one append share their instant.
    return [recorded(one) for one in stored if one.recorded_at < stored[-1].recorded_at], False


def apply_swiftly(projection: Projection, connection: Connection, events: Sequence[Recorded]) -> None:
    """Applies them in few statements, or at least without waiting for the server's answer to each."""
    if isinstance(projection, Loadable):
        projection.load(connection, events)
        return
    with connection.pipeline():
        projection.apply(connection, events)


def fold(
    recorder: PostgresRecorder,
    projection: Projection,
    connection: Connection,
    *,
    up_to: Callable[[Recorded], bool] = lambda _: True,
    watch: Callable[[int], object] = lambda _: None,
) -> Recorded | None:
    """Applies the log from its start while `up_to` says yes, a page at a time; gives the last event applied.

    `watch` is told each position reached.
    """
    last = None
    for events in pages(recorder):
        wanted = list(takewhile(up_to, events))
        if wanted:
            apply_swiftly(projection, connection, wanted)
            last = wanted[-1]
            watch(last.position)
        if len(wanted) < len(events):
            break
    return last


@contextmanager
def aside(database: Database) -> Iterator[Connection]:
    """A transaction that sees one state of the ledger throughout; tables it creates are its own and hide the live ones.

    Nothing of it stays.
    """
    with database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        path = sql.SQL("SET LOCAL search_path = pg_temp, {}, public")
        connection.execute(path.format(sql.Identifier(database.schema)))
        yield connection
        raise Rollback


@contextmanager
def scratch(
    recorder: PostgresRecorder, projections: Sequence[Projection], up_to: Callable[[Recorded], bool]
) -> Iterator[tuple[Connection, Recorded | None]]:
    """Read models folded aside into temporary tables while `up_to` says yes, with the last event; gone at the end."""
    with aside(recorder.database) as connection:
        # One head for all of them: the log grows while they are folded.
        head = recorder.head()
        last: Recorded | None = None
        for projection in projections:
            connection.execute(projection.tables.encode())
            last = fold(recorder, projection, connection, up_to=lambda one: one.position <= head and up_to(one))
        yield connection, last


class Follower:
    """Keeps following read models up with the log, as long as this process holds the lease."""

    def __init__(self, recorder: PostgresRecorder, projections: Sequence[Projection], holder: str) -> None:
        self._recorder = recorder
        self._projections = [projection for projection in projections if projection.mode == "following"]
        self._holder = holder
        self._lease: Lease | None = None

    def catch_up(self) -> bool:
        """Applies everything there is; False when another process is the leader."""
        lease = self._lead()
        if lease is None:
            return False
        for projection in self._projections:
            while self._batch(projection, lease) == BATCH:
                self._lead()
        return True

    def wait_until(self, position: int, *, seconds: float) -> bool:
        """Catches up itself, or waits while the leader does; False when time ran out first."""
        pause, deadline = threading.Event(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(LeaseLostError):  # the one who took over does it
                self.catch_up()
            behind = [lag for lag in lags(self._recorder.database) if lag.mode == "following"]
            if all(lag.position >= position for lag in behind):
                return True
            pause.wait(0.05)
        return False

    def run(self, stopped: threading.Event) -> None:
        """Follows until stopped; meant for a thread of its own. Lets the next leader in at the end."""
        for _ in self._recorder.tail(self._recorder.head(), stopped=stopped.is_set, poll=0.5):
            try:
                self.catch_up()
            except LeaseLostError:
                continue  # the other process does it now; we ask again at the next wake-up
            except (psycopg.OperationalError, StoreUnavailableError):
                continue  # the batch was rolled back; the next wake-up has it
        with suppress(psycopg.OperationalError, StoreUnavailableError):  # unreleased, the lease runs out by itself
            self.step_down()

    def step_down(self) -> None:
        """Lets the next leader in at once, if this is the leader."""
        lease, self._lease = self._lease, None
        if lease is not None:
            leases.release(self._recorder.database, lease)

    def _lead(self) -> Lease | None:
        self._lease = leases.acquire(self._recorder.database, "followers", self._holder, lasting=LEASE_LASTS)
        return self._lease

    def _batch(self, projection: Projection, lease: Lease) -> int:
        """Rows and position in one transaction that commits only under the lease."""
        with self._recorder.database.transaction() as connection:
            leases.confirm(connection, lease)
            # Read after waiting for the row: a rebuild may just have put another version in place.
            row = connection.execute(
                "SELECT position, version FROM projections WHERE name = %s FOR UPDATE", (projection.name,)
            ).fetchone()
            check_versions({projection.name: projection.version}, {projection.name: row[1]} if row else {})
            stored, _ = self._recorder.page(None, row[0] if row else 0, BATCH)
            if stored:
                projection.apply(connection, [recorded(event) for event in stored])
                connection.execute(
                    "UPDATE projections SET position = %s WHERE name = %s", (stored[-1].position, projection.name)
                )
        return len(stored)


def lags(database: Database) -> list[Lag]:
    """Every installed read model's lag; an inline one has none."""
    with database.transaction() as connection:
        rows = connection.execute(
            """WITH head AS (SELECT coalesce(max(position), 0) AS position FROM events)
               SELECT p.name, p.version, p.mode,
                   CASE p.mode WHEN 'inline' THEN head.position ELSE p.position END,
                   CASE p.mode WHEN 'inline' THEN 0 ELSE head.position - p.position END,
                   CASE p.mode WHEN 'inline' THEN 0 ELSE coalesce(extract(epoch FROM clock_timestamp() - (
                       SELECT e.recorded_at FROM events e WHERE e.position = p.position + 1)), 0) END
               FROM projections p, head ORDER BY p.name"""
        ).fetchall()
    return [Lag(row[0], row[1], row[2], row[3], row[4], max(0.0, float(row[5]))) for row in rows]
