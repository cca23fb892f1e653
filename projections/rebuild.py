"""A read model built anew beside the live one, which works on meanwhile, and put in its place in one short step."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from ledger import leases
from ledger.errors import LeaseLostError, StoreUnavailableError
from ledger.leases import Lease
from ledger.postgres import Connection, Database
from ledger.recorder import PostgresRecorder
from ledger.versions import check_versions
from projections.errors import BrokenRuleError, RebuildRunningError, SwitchBlockedError
from projections.projector import Projection, apply_swiftly, pages, put_writer
from projections.tables import drop, listed, lock, put_in_place, tables_of

NEXT = "_next"
LEASE_LASTS = timedelta(seconds=5)
PATIENCE_SECONDS = 60.0
"""How long a switch is tried while somebody keeps the live tables in use."""
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Progress:
    """How far a rebuild has come: events applied of so many, in so many seconds; `switched` once it is the live one."""

    name: str
    version: int
    events: int
    head: int
    seconds: float
    switched: bool = False

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None while there is none."""
        return (self.head - self.events) / self.events_per_second if self.events else None


@dataclass(frozen=True)
class Running:
    """A rebuild at work now, perhaps in another process: how far it had come when it last wrote that down."""

    version: int
    position: int
    started_at: datetime


def running(database: Database) -> dict[str, Running]:
    """The rebuilds at work, by the read model's name. What a killed one left behind does not count."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT r.name, r.version, r.position, r.started_at FROM rebuilds r
               JOIN leases l ON l.name = 'rebuild:' || r.name WHERE l.until > clock_timestamp()"""
        ).fetchall()
    return {name: Running(*rest) for name, *rest in rows}


def rebuild(
    recorder: PostgresRecorder,
    projection: Projection,
    holder: str,
    *,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Builds the read model at this program's version and puts it in place; tells and gives how far it has come.

    The live one is read and written meanwhile, and stays as it is unless the switch succeeds. Raises
    SchemaVersionError when it is not installed or at a newer version, RebuildRunningError, SwitchBlockedError,
    BrokenRuleError, and LeaseLostError when this process slept so long that another one took over.
    """
    work = _Rebuild(recorder, projection, _lead(recorder.database, projection.name, holder), watch)
    try:
        work.start()
        return work.finish()
    except psycopg.errors.IntegrityError as error:
        raise BrokenRuleError(
            f"the log does not fit into {projection.name}: it breaks {error.diag.constraint_name}, in the events after "
            f"{work.position}; the live one is left as it was"
        ) from error
    except psycopg.errors.DependentObjectsStillExist as error:
        raise SwitchBlockedError(
            f"something of your own is built on {projection.name} ({error.diag.message_detail}); drop it, rebuild, and "
            "make it again; the live one is left as it was"
        ) from error
    finally:
        work.leave()


def _lead(database: Database, name: str, holder: str) -> Lease:
    # A holder of its own: the same process may not rebuild one read model twice at once either.
    lease = leases.acquire(database, f"rebuild:{name}", f"{holder}:{secrets.token_hex(4)}", lasting=LEASE_LASTS)
    if lease is None:
        raise RebuildRunningError(
            f"{name} is being rebuilt already; if that process was killed, try again in {LEASE_LASTS.seconds} seconds"
        )
    return lease


class _Rebuild:
    """One rebuild at work. What a killed one leaves behind is cleared away by the next."""

    def __init__(
        self, recorder: PostgresRecorder, projection: Projection, lease: Lease, watch: Callable[[Progress], None]
    ) -> None:
        self.position = 0
        self._recorder, self._database, self._projection = recorder, recorder.database, projection
        self._lease, self._watch = lease, watch
        self._next = projection.beside(NEXT)
        self._tables, self._next_tables = tables_of(projection), tables_of(self._next)
        self._is_inline = projection.mode == "inline"
        self._began_at = time.monotonic()

    def start(self) -> None:
        """Empty tables beside the live ones."""
        with self._transaction() as connection:
            self._is_inline |= self._live_mode(connection) == "inline"
            self._clear(connection)
            connection.execute(self._next.tables.encode())
            row = (self._projection.name, self._projection.version)
            connection.execute("INSERT INTO rebuilds (name, version) VALUES (%s, %s)", row)

    def finish(self) -> Progress:
        """Catches up and switches, again and again until the live tables were free for a moment."""
        self._catch_up()
        self._gather_statistics()
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._switch()
            except psycopg.errors.LockNotAvailable as error:
                if time.monotonic() > give_up_at:
                    raise SwitchBlockedError(self._who_blocks()) from error
                self._pause()
                self._catch_up()
            else:
                return self._tell(switched=True)

    def leave(self) -> None:
        """Clears up and lets the next one in, as far as that can be done: a lease once lost is another's affair."""
        with suppress(LeaseLostError, StoreUnavailableError, psycopg.Error):
            with self._database.transaction() as connection:
                leases.confirm(connection, self._lease)
                self._clear(connection)
            leases.release(self._database, self._lease)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A step that counts only under the lease, and prolongs it."""
        with self._database.transaction() as connection:
            leases.renew(connection, self._lease, lasting=LEASE_LASTS)
            yield connection

    def _catch_up(self) -> None:
        for events in pages(self._recorder, self.position):
            with self._transaction() as connection:
                # Nothing is lost by a crash: the rebuild begins anew. The switch's own commit flushes it all.
                connection.execute("SET LOCAL synchronous_commit = off")
                apply_swiftly(self._next, connection, events)
                row = (events[-1].position, self._projection.name)
                connection.execute("UPDATE rebuilds SET position = %s WHERE name = %s", row)
            self.position = events[-1].position
            self._tell()

    def _gather_statistics(self) -> None:
        """So that the first queries after the switch are planned for tables of this size, not for empty ones."""
        with self._transaction() as connection:
            connection.execute(sql.SQL("ANALYZE {}").format(listed(self._database.schema, self._next_tables)))

    def _pause(self) -> None:
        time.sleep(PAUSE_SECONDS)
        with self._transaction():
            pass  # the attempt that failed has not prolonged the lease

    def _switch(self) -> None:
        """Applies what came last and swaps the tables, all in one transaction. Raises LockNotAvailable when in use."""
        position = self.position
        with self._transaction() as connection:
            # Long enough for PostgreSQL to call off an autovacuum of ours: nobody else waits for these.
            connection.execute("SET LOCAL lock_timeout = '5s'")
            lock(connection, self._database.schema, self._next_tables)
            if self._is_inline:
                # From here on nobody appends, so nothing comes after the last events.
                connection.execute("SELECT 1 FROM ledger FOR UPDATE")
            self._live_mode(connection)
            for events in pages(self._recorder, position):
                apply_swiftly(self._next, connection, events)
                position = events[-1].position
            # A rule that is broken shows here, before anybody has to wait for the tables.
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            # While we wait for a reader of the live tables, everybody else waits for us.
            connection.execute("SET LOCAL lock_timeout = '50ms'")
            put_in_place(connection, self._database.schema, self._tables, NEXT)
            self._make_live(connection, position)
        self.position = position

    def _live_mode(self, connection: Connection) -> str:
        """Inline or following; nobody changes that, or follows, from now on.

        Raises SchemaVersionError when the live one is not there, or of a newer program.
        """
        name, ours = self._projection.name, self._projection.version
        row = connection.execute("SELECT version, mode FROM projections WHERE name = %s FOR UPDATE", (name,)).fetchone()
        version, mode = row or (None, "")
        if version is None or version > ours:  # an older one is what a rebuild is for
            check_versions({name: ours}, {name: version} if version else {})
        return str(mode)

    def _make_live(self, connection: Connection, position: int) -> None:
        model = self._projection
        put_writer(connection, model)
        connection.execute(
            "UPDATE projections SET version = %s, mode = %s, position = %s WHERE name = %s",
            (model.version, model.mode, 0 if model.mode == "inline" else position, model.name),
        )

    def _clear(self, connection: Connection) -> None:
        drop(connection, self._database.schema, self._next_tables)
        connection.execute("DELETE FROM rebuilds WHERE name = %s", (self._projection.name,))

    def _who_blocks(self) -> str:
        with self._database.transaction() as connection:
            rows = connection.execute(
                """SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.backend_type),
                       coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'some time')
                   FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
                   WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY (%s) AND l.granted
                       AND a.datname = current_database() ORDER BY 1""",
                (self._database.schema, self._tables),
            ).fetchall()
        who = "; ".join(f"session {pid} ({name}) since {since}" for pid, name, since in rows)
        return (
            f"the tables of {self._projection.name} were in use for {PATIENCE_SECONDS:.0f} seconds"
            f"{': ' + who if who else ''}. End that and start the rebuild again; the live ones are left as they were"
        )

    def _tell(self, *, switched: bool = False) -> Progress:
        head = self.position if switched else max(self.position, self._recorder.head())
        seconds = time.monotonic() - self._began_at
        progress = Progress(self._projection.name, self._projection.version, self.position, head, seconds, switched)
        self._watch(progress)
        return progress
