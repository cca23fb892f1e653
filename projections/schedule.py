"""Who is with whom and when: the one read model written with the events themselves, and their last guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions.folds import CLOCKS_DIFFER
from ledger.postgres import Connection, Database
from ledger.values import BookingId, ClientId, RecordId, ServiceId, Slot, StaffId
from projections.schedule_pages import fold_page, write_page

TABLES = """
CREATE TABLE schedule{suffix} (
    booking_id bigint PRIMARY KEY,
    version int NOT NULL,
    client_id bigint,
    staff_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    service_ids bigint[] NOT NULL,
    price bigint,
    status text NOT NULL CHECK (status IN ('held', 'booked', 'cancelled', 'visited', 'missed')),
    active boolean NOT NULL GENERATED ALWAYS AS (status IN ('held', 'booked')) STORED,
    overlap_allowed boolean NOT NULL DEFAULT false,
    origin text NOT NULL,
    record_id bigint,
    expires_at timestamptz,
    awaits text,
    made_at timestamptz,
    confirmed_at timestamptz,
    -- Even with the rule deleted from the code, two active bookings of one master cannot overlap.
    CONSTRAINT schedule{suffix}_no_overlap EXCLUDE USING gist (staff_id WITH =, during WITH &&)
        WHERE (active AND NOT overlap_allowed) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX schedule{suffix}_client ON schedule{suffix} (client_id, starts_at);
CREATE INDEX schedule{suffix}_staff ON schedule{suffix} (staff_id, starts_at) WHERE active;
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
    version = 2
    mode: Literal["inline", "following"] = "inline"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> Schedule:
        return Schedule(suffix)

    def load(self, connection: Connection, events: Sequence[Recorded]) -> None:
        """As `apply`, for many events at once."""
        page = fold_page(events)
        write_page(connection, page, f"schedule{self._suffix}")
        with connection.pipeline():
            self._apply_each(connection, page.others)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        self._apply_each(connection, events)

    def _apply_each(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for item in events:
            change = _change(item)
            if change is not None:
                statement, parameters = change
                connection.execute(statement.format(suffix=self._suffix), parameters)


def _change(item: Recorded) -> tuple[str, dict[str, Any]] | None:
    """The statement an event comes down to, with its parameters; the table's suffix is still open in it."""
    match item.event:
        case e.SlotHeld() as held:
            return _INSERT, {
                **_row(held, "held"), "version": 0, "expires_at": held.expires_at, "awaits": held.awaits,
                "made_at": item.at,
            }  # fmt: skip
        case e.BookingMade() as made:
            return _INSERT, {
                **_row(made, "booked"), "version": 1, "expires_at": None, "awaits": None, "made_at": item.at
            }  # fmt: skip
        case e.BookingMoved() as moved:
            return _MOVE, {
                "booking_id": moved.booking_id, "staff_id": moved.slot.staff_id, "starts_at": moved.slot.starts_at,
                "ends_at": moved.slot.ends_at, "service_ids": [one.service_id for one in moved.services],
                "price": sum(one.price for one in moved.services),
            }  # fmt: skip
        case e.CrmBookingSeen() | e.CrmBookingMoved() | e.CrmBookingRemoved() as event:
            return _crm_change(event, item.at)
        case e.VisitConfirmed(booking_id=booking_id):
            return (
                "UPDATE schedule{suffix} SET confirmed_at = %(at)s WHERE booking_id = %(booking_id)s",
                {"booking_id": booking_id, "at": item.at},
            )
        case e.BookingCancelled(booking_id=booking_id):
            return (
                """UPDATE schedule{suffix} SET status = 'cancelled', version = version + 1
                   WHERE booking_id = %(booking_id)s""",
                {"booking_id": booking_id},
            )
        case e.HoldLapsed(booking_id=booking_id):
            return (
                "DELETE FROM schedule{suffix} WHERE booking_id = %(booking_id)s AND status = 'held'",
                {"booking_id": booking_id},
            )
        case _:
            return None  # catalogue, clients, messages, integration and sync do not change whose time it is


def _crm_change(event: e.CrmBookingEvent, at: datetime) -> tuple[str, dict[str, Any]]:
    """What staff did in the CRM; it never wakes a booking that was called off here."""
    match event:
        case e.CrmBookingSeen() as seen:
            return _INSERT, {
                "booking_id": seen.booking_id, "client_id": None, "staff_id": seen.slot.staff_id,
                "starts_at": seen.slot.starts_at, "ends_at": seen.slot.ends_at, "service_ids": list(seen.service_ids),
                "price": None, "status": "booked", "origin": "crm", "record_id": seen.record_id,
                "overlap_allowed": seen.overlap_allowed, "version": 1, "expires_at": None,
                "awaits": None, "made_at": at,
            }  # fmt: skip
        case e.CrmBookingMoved() as moved:
            return _MOVE_IN_CRM, {
                "booking_id": moved.booking_id, "staff_id": moved.slot.staff_id, "starts_at": moved.slot.starts_at,
                "ends_at": moved.slot.ends_at, "service_ids": list(moved.service_ids),
                "overlap_allowed": moved.overlap_allowed,
            }  # fmt: skip
        case e.CrmBookingRemoved(booking_id=booking_id):
            return (
                """UPDATE schedule{suffix} SET status = 'cancelled', version = version + 1
                   WHERE booking_id = %(booking_id)s AND status = 'booked'""",
                {"booking_id": booking_id},
            )


def _row(event: e.SlotHeld | e.BookingMade, status: str) -> dict[str, Any]:
    return {
        "booking_id": event.booking_id,
        "client_id": event.client_id,
        "staff_id": event.slot.staff_id,
        "starts_at": event.slot.starts_at,
        "ends_at": event.slot.ends_at,
        "service_ids": [service.service_id for service in event.services],
        "price": sum(service.price for service in event.services),
        "status": status,
        "origin": "bot",
        "record_id": None,
        "overlap_allowed": isinstance(event, e.BookingMade) and event.overlap_allowed,
    }


_MOVE = """
UPDATE schedule{suffix} SET version = version + 1, staff_id = %(staff_id)s,
    starts_at = %(starts_at)s, ends_at = %(ends_at)s, service_ids = %(service_ids)s, price = %(price)s,
    overlap_allowed = false, confirmed_at = NULL
WHERE booking_id = %(booking_id)s"""
# What the client agreed to stays; only of a booking made in the CRM do its services go by the CRM.
_MOVE_IN_CRM = """
UPDATE schedule{suffix} SET version = version + 1, staff_id = %(staff_id)s, starts_at = %(starts_at)s,
    ends_at = %(ends_at)s, overlap_allowed = %(overlap_allowed)s, confirmed_at = NULL,
    service_ids = CASE WHEN origin = 'crm' THEN %(service_ids)s::bigint[] ELSE service_ids END
WHERE booking_id = %(booking_id)s AND status = 'booked'"""
_INSERT = """
INSERT INTO schedule{suffix} (booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status,
    origin, record_id, overlap_allowed, expires_at, awaits, made_at)
VALUES (%(booking_id)s, %(version)s, %(client_id)s, %(staff_id)s, %(starts_at)s, %(ends_at)s, %(service_ids)s,
    %(price)s, %(status)s, %(origin)s, %(record_id)s, %(overlap_allowed)s, %(expires_at)s, %(awaits)s, %(made_at)s)
ON CONFLICT (booking_id) DO UPDATE SET version = excluded.version, client_id = excluded.client_id,
    staff_id = excluded.staff_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    service_ids = excluded.service_ids, price = excluded.price, status = excluded.status, origin = excluded.origin,
    record_id = excluded.record_id, overlap_allowed = excluded.overlap_allowed, expires_at = excluded.expires_at,
    awaits = excluded.awaits, made_at = excluded.made_at, confirmed_at = NULL"""


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
               WHERE staff_id = ANY (%s) AND active AND starts_at < %s AND starts_at > %s AND ends_at > %s
                   AND (status <> 'held' OR {_LIVE_HOLD}) AND booking_id IS DISTINCT FROM %s
               ORDER BY starts_at, staff_id""",  # noqa: S608  fixed text
            (list(staff_ids), until, day_before, since, now, later(now, CLOCKS_DIFFER), moving),
            binary=True,
        ).fetchall()
    return [Slot(*row) for row in rows]


def between(database: Database, since: datetime, until: datetime) -> list[ScheduledBooking]:
    """Everything that touches the time between two instants, cancelled bookings included."""
    return _many(database, "during && tstzrange(%s, %s)", (since, until))


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
