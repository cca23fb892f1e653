"""Who is with whom and when: the one read model written with the events themselves, and their last guard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions.folds import CLOCKS_DIFFER
from ledger.postgres import Connection, Database
from ledger.values import BookingId, ClientId, RecordId, ServiceId, Slot, StaffId
from projections.schedule_pages import fold_page, write_page
from projections.schedule_writes import STATEMENTS, WRITER, Change, changes

TABLES = """
CREATE TABLE schedule{suffix} (
    booking_id bigint PRIMARY KEY,
    version int NOT NULL,
    client_id bigint,
    staff_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    service_ids bigint[] NOT NULL,
    price bigint,
    status text NOT NULL,
    overlap_allowed boolean NOT NULL DEFAULT false,
    origin text NOT NULL,
    record_id bigint,
    expires_at timestamptz,
    awaits text,
    made_at timestamptz,
    confirmed_at timestamptz,
    -- Even with the rule deleted from the code, two bookings of one master that are not cancelled cannot overlap.
    -- Computed columns and a check of `status` would be read from the catalogue and planned anew in every append.
    CONSTRAINT schedule{suffix}_no_overlap EXCLUDE USING gist (staff_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status <> 'cancelled' AND NOT overlap_allowed) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX schedule{suffix}_client ON schedule{suffix} (client_id, starts_at);
CREATE INDEX schedule{suffix}_staff ON schedule{suffix} (staff_id, starts_at) WHERE status <> 'cancelled';
CREATE INDEX schedule{suffix}_holds ON schedule{suffix} (expires_at) WHERE status = 'held';
"""

# As the decisions see it (`Entry.is_live_hold`): given are that moment, and by how much clocks may differ after it.
_LIVE_HOLD = "status = 'held' AND expires_at > %s AND made_at <= %s"
_COLUMNS = """booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status, origin,
    record_id, expires_at, awaits, overlap_allowed, confirmed_at"""


@dataclass(frozen=True)
class ScheduledBooking:
    """A booking or hold as the schedule shows it; instants in UTC, price in minor units (None: made in the CRM)."""

    booking_id: BookingId
    version: int
    client_id: ClientId | None
    staff_id: StaffId
    starts_at: datetime
    ends_at: datetime
    service_ids: list[ServiceId]
    price: int | None
    status: Literal["held", "booked", "cancelled", "visited", "missed"]
    origin: Literal["bot", "crm"]
    record_id: RecordId | None
    expires_at: datetime | None
    awaits: e.Awaits | None
    overlap_allowed: bool
    confirmed_at: datetime | None = None


class Schedule:
    """Folds bookings and holds into rows; a lapsed hold leaves no row."""

    name = "schedule"
    version = 3
    mode: Literal["inline", "following"] = "inline"
    writer = WRITER

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> Schedule:
        return Schedule(suffix)

    def changes(self, facts: Iterable[tuple[e.AnyEvent, datetime]]) -> Sequence[Change]:
        return changes(facts)

    def load(self, connection: Connection, events: Sequence[Recorded]) -> None:
        """As `apply`, for many events at once."""
        page = fold_page(events)
        write_page(connection, page, f"schedule{self._suffix}")
        with connection.pipeline():
            self._apply_each(connection, page.others)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        self._apply_each(connection, events)

    def _apply_each(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for kind, rows in changes((item.event, item.at) for item in events):
            statement = STATEMENTS[kind].format(suffix=self._suffix, rows="%s::jsonb")
            connection.execute(statement.encode(), (msgspec.json.encode(rows).decode(),))


def all_bookings(connection: Connection) -> list[ScheduledBooking]:
    """Every row, by time, then master."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM schedule ORDER BY starts_at, staff_id, booking_id"  # noqa: S608  fixed text
    )
    return [ScheduledBooking(*row) for row in rows]


def booking(database: Database, booking_id: BookingId) -> ScheduledBooking | None:
    return _one(database, "booking_id = %s", (booking_id,))


def live_hold(database: Database, client_id: ClientId, now: datetime) -> ScheduledBooking | None:
    """The slot this client is being kept at that moment, if any."""
    return _one(database, f"client_id = %s AND {_LIVE_HOLD}", (client_id, now, later(now, CLOCKS_DIFFER)))


def bookings_of(database: Database, client_id: ClientId, since: datetime) -> list[ScheduledBooking]:
    """The client's bookings that end after `since` and stand, soonest first."""
    return _many(database, "client_id = %s AND status = 'booked' AND ends_at > %s", (client_id, since))


def expired_holds(database: Database, now: datetime) -> list[ScheduledBooking]:
    return _many(database, "status = 'held' AND expires_at <= %s", (now,))


def taken(
    database: Database,
    staff_ids: Sequence[StaffId],
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    moving: BookingId | None = None,
) -> list[Slot]:
    """Times of these masters between two instants that nobody else can have: bookings and holds live at `now`.

    A booking that is `moving` is not in its own way.
    """
    # A slot lasts at most a day, so the index on starts_at bounds the search from both sides.
    day_before = since.fromtimestamp(since.timestamp() - 86400, since.tzinfo)
    with database.transaction() as connection:
        rows = connection.execute(
            f"""SELECT staff_id, starts_at, ends_at FROM schedule
               WHERE staff_id = ANY (%s) AND status <> 'cancelled'
                   AND starts_at < %s AND starts_at > %s AND ends_at > %s
                   AND (status <> 'held' OR {_LIVE_HOLD}) AND booking_id IS DISTINCT FROM %s
               ORDER BY starts_at, staff_id""",  # noqa: S608  fixed text
            (list(staff_ids), until, day_before, since, now, later(now, CLOCKS_DIFFER), moving),
            binary=True,
        ).fetchall()
    return [Slot(*row) for row in rows]


def between(database: Database, since: datetime, until: datetime) -> list[ScheduledBooking]:
    """Everything that touches the time between two instants, cancelled bookings included."""
    return _many(database, "tstzrange(starts_at, ends_at) && tstzrange(%s, %s)", (since, until))


def _one(database: Database, condition: str, parameters: Sequence[object]) -> ScheduledBooking | None:
    rows = _many(database, condition, parameters)
    return rows[0] if rows else None


def _many(database: Database, condition: str, parameters: Sequence[object]) -> list[ScheduledBooking]:
    with database.transaction() as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM schedule WHERE {condition} ORDER BY starts_at, staff_id",  # noqa: S608  fixed text
            parameters,
        ).fetchall()
    return [ScheduledBooking(*row) for row in rows]
