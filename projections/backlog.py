"""What the CRM lacks: each booking's sync state, and what became of every booking event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.postgres import Connection, Database
from ledger.sync_state import Status, SyncState, evolve
from ledger.values import BookingId
from projections import queue, sync_failures

TABLES = """
CREATE TABLE backlog{suffix} (
    booking_id bigint PRIMARY KEY,
    status text NOT NULL,
    staff_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    pending_since timestamptz,
    record_id bigint,
    state json NOT NULL
);
CREATE INDEX backlog{suffix}_open ON backlog{suffix} (starts_at) WHERE status IN ('pending', 'unknown', 'parked');
CREATE TABLE backlog_events{suffix} (
    position bigint PRIMARY KEY,
    booking_id bigint NOT NULL,
    sync text NOT NULL,
    reason text,
    attempt_position bigint
);
"""

EventSync = Literal["pending", "succeeded", "skipped", "parked", "erased"]
Lack = Literal["create", "move", "cancel", "skip", "past", "unknown", "parked"]
"""What the CRM lacks of a booking; `skip` is nothing any more, `past` asks the operator first."""
SYNCED_TYPES = frozenset(boundaries.names(e.BookingMade, e.BookingMoved, e.BookingCancelled))
"""Booking events the CRM has to learn of."""


@dataclass(frozen=True)
class BacklogCounts:
    """How much the CRM lacks; `oldest_seconds` is the age of the oldest booking event not yet settled."""

    pending: int
    unknown: int
    parked: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class EventOutcome:
    """What became of one booking event on its way to the CRM."""

    position: int
    sync: EventSync
    reason: str | None
    attempt_position: int | None


_Concerning = e.BookingMade | e.BookingMoved | e.BookingCancelled | e.CrmBookingEvent | e.SyncEvent


class BacklogProjection:
    """Folds booking and sync events with the same `evolve` the decisions use."""

    name = "backlog"
    version = 3
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = "".join((TABLES, queue.TABLES, sync_failures.TABLES)).format(suffix=suffix)

    def beside(self, suffix: str) -> BacklogProjection:
        return BacklogProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        rows = _Rows(connection, self._suffix)
        concerned = [(item.event.booking_id, item) for item in events if isinstance(item.event, _Concerning)]
        stored = rows.load({booking_id for booking_id, _ in concerned})
        states = dict(stored)
        for booking_id, item in concerned:
            before = states.get(booking_id)
            state = evolve(before, item)
            if state is not None:
                states[booking_id] = state
            rows.note_outcomes(item)
            if state is not None and state.parked:
                rows.park(booking_id, state.conflict or "refused")
            elif before is not None and before.parked:
                rows.unpark(booking_id)
        for state in states.values():
            rows.save(stored.get(state.booking_id), state)


class _Rows:
    """The backlog's rows as one transaction changes them, in its own tables or in those beside them."""

    def __init__(self, connection: Connection, suffix: str) -> None:
        self._connection, self._suffix = connection, suffix

    def load(self, booking_ids: Collection[BookingId]) -> dict[BookingId, SyncState]:
        rows = self._execute("SELECT state::text FROM backlog{suffix} WHERE booking_id = ANY (%s)", list(booking_ids))
        states = [msgspec.json.decode(row[0], type=SyncState) for row in rows]
        return {state.booking_id: state for state in states}

    def save(self, before: SyncState | None, state: SyncState) -> None:
        self._execute(
            """INSERT INTO backlog{suffix}
                   (booking_id, status, staff_id, starts_at, ends_at, pending_since, record_id, state)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
               ON CONFLICT (booking_id) DO UPDATE SET status = excluded.status, staff_id = excluded.staff_id,
                   starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                   pending_since = excluded.pending_since, record_id = excluded.record_id, state = excluded.state""",
            state.booking_id,
            state.status,
            state.slot.staff_id,
            state.slot.starts_at,
            state.slot.ends_at,
            state.pending_since,
            state.record_id,
            msgspec.json.encode(state).decode(),
        )
        queue.note_leaving(self._execute, before, state)

    def note_outcomes(self, item: Recorded) -> None:
        match item.event:
            case e.BookingMade() | e.BookingMoved() | e.BookingCancelled():
                self._execute(
                    "INSERT INTO backlog_events{suffix} (position, booking_id, sync) VALUES (%s, %s, 'pending')",
                    item.position,
                    item.event.booking_id,
                )
            case e.SyncAttempted(covers=covers):
                self._settle(covers, "pending", None, item.position)
            case e.SyncSucceeded(covers=covers):
                self._settle(covers, "succeeded", None, None)
            case e.SyncSkipped(covers=covers, reason=reason):
                self._settle(covers, "erased" if reason == "erased" else "skipped", reason, None)
            case e.SyncFailed() as failed:
                sync_failures.note_failure(self._execute, item, failed)
            case _:
                pass  # only booking and sync events come here

    def park(self, booking_id: BookingId, reason: str) -> None:
        self._execute(
            """UPDATE backlog_events{suffix} SET sync = 'parked', reason = %s
               WHERE booking_id = %s AND sync = 'pending'""",
            reason,
            booking_id,
        )

    def unpark(self, booking_id: BookingId) -> None:
        """Whoever answered, an operator or the client by another wish: what waited for a person waits for its turn."""
        self._execute(
            """UPDATE backlog_events{suffix} SET sync = 'pending', reason = NULL
               WHERE booking_id = %s AND sync = 'parked'""",
            booking_id,
        )

    def _settle(self, covers: Sequence[int], sync: EventSync, reason: str | None, attempt_position: int | None) -> None:
        self._execute(
            """UPDATE backlog_events{suffix}
               SET sync = %s, reason = %s, attempt_position = coalesce(%s, attempt_position)
               WHERE position = ANY (%s)""",
            sync,
            reason,
            attempt_position,
            list(covers),
        )

    def _execute(self, statement: str, *parameters: object) -> Cursor[TupleRow]:
        return self._connection.execute(statement.format(suffix=self._suffix), parameters)


def open_items(database: Database, *, limit: int | None = None, only_parked: bool = False) -> list[SyncState]:
    """Bookings the CRM does not hold as it should, or only those that wait for a person, nearest in time first."""
    statuses = "'parked'" if only_parked else "'pending', 'unknown', 'parked'"
    return _states(database, f"status IN ({statuses})", limit)


def lacking(database: Database, now: datetime) -> dict[Lack, list[BookingId]]:
    """The open bookings by what the CRM lacks of them, visits nearest in time first."""
    found: dict[Lack, list[BookingId]] = {}
    for state in open_items(database):
        found.setdefault(lack_of(state, now), []).append(state.booking_id)
    return found


def to_send(found: Mapping[Lack, Sequence[BookingId]], *, with_past: bool) -> int:
    """How many bookings the sender has still to do with the CRM about."""
    lacks: tuple[Lack, ...] = ("create", "move", "cancel", "unknown")
    return sum(len(found.get(lack, ())) for lack in lacks) + (len(found.get("past", ())) if with_past else 0)


def lack_of(state: SyncState, now: datetime) -> Lack:
    """What the CRM lacks of an open booking; a visit that has begun is sent only if the operator wants it."""
    if state.parked:
        return "parked"
    if state.open_attempt is not None or state.operation is None:
        return "unknown"
    if state.operation in ("create", "move") and state.slot.starts_at <= now:
        return "past"
    return "cancel" if state.operation == "remove" else state.operation


def _states(database: Database, condition: str, limit: int | None) -> list[SyncState]:
    with database.transaction() as connection:
        rows = connection.execute(
            f"SELECT state::text FROM backlog WHERE {condition} ORDER BY starts_at, booking_id LIMIT %s",  # noqa: S608  fixed text
            (limit,),
        ).fetchall()
    return [msgspec.json.decode(row[0], type=SyncState) for row in rows]


def statuses(connection: Connection) -> dict[BookingId, tuple[Status, int | None]]:
    """Each booking's sync status and the CRM's record of it."""
    rows = connection.execute("SELECT booking_id, status, record_id FROM backlog").fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def records_of_others(database: Database, booking_id: BookingId) -> set[int]:
    """CRM records known to be our other bookings'."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT record_id FROM backlog WHERE record_id IS NOT NULL AND booking_id <> %s", (booking_id,)
        ).fetchall()
    return {row[0] for row in rows}


def known(database: Database) -> tuple[set[int], set[int]]:
    """The ids of all our bookings, and of all CRM records known to be theirs."""
    with database.transaction() as connection:
        rows = connection.execute("SELECT booking_id, record_id FROM backlog").fetchall()
    return {row[0] for row in rows}, {row[1] for row in rows if row[1] is not None}


def counts(database: Database) -> BacklogCounts:
    with database.transaction() as connection:
        row: Any = connection.execute(
            """SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'unknown'),
                   count(*) FILTER (WHERE status = 'parked'),
                   extract(epoch FROM clock_timestamp() - min(pending_since)
                       FILTER (WHERE status IN ('pending', 'unknown', 'parked')))
               FROM backlog"""
        ).fetchone()
    return BacklogCounts(row[0], row[1], row[2], float(row[3]) if row[3] is not None else None)


def outcomes(database: Database, positions: Sequence[int]) -> dict[int, EventOutcome]:
    """What became of the booking events at these positions."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT position, sync, reason, attempt_position FROM backlog_events WHERE position = ANY (%s)",
            (list(positions),),
        ).fetchall()
    return {row[0]: EventOutcome(*row) for row in rows}
