"""What clients have not been told yet of what the salon did with their bookings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions.folds import fold_entries
from ledger.postgres import Connection, Database
from ledger.sync_state import fold_sync
from ledger.values import BookedService, BookingId, ClientId, Slot

TABLES = """
CREATE TABLE client_notices{suffix} (
    position bigint PRIMARY KEY,
    booking_id bigint NOT NULL,
    client_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX client_notices{suffix}_booking ON client_notices{suffix} (booking_id, position);
"""

KEPT_FOR = timedelta(days=7)
"""News older than this, counted back from the newest event, is none any more."""


@dataclass(frozen=True)
class Untold:
    """All that happened to one booking and its client was not told of, oldest first."""

    booking_id: BookingId
    client_id: ClientId
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Waiting:
    """Bookings with news, the oldest first; `position` is how far the read model has come."""

    position: int
    untold: list[Untold]


@dataclass(frozen=True)
class ClientNews:
    """What a client has to know now: their visit is elsewhere, is called off, or they are asked for another time.

    `slot` is where it stands, `before` where they last knew it; of a visit that is called off both are the same.
    """

    kind: Literal["moved", "removed", "offer"]
    version: int
    slot: Slot
    before: Slot
    services: tuple[BookedService, ...]


class ClientNoticesProjection:
    """Keeps the news until a notice covers it."""

    name = "client_notices"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> ClientNoticesProjection:
        return ClientNoticesProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        def execute(statement: str, *parameters: object) -> None:
            connection.execute(statement.format(suffix=self._suffix), parameters)

        for item in events:
            if isinstance(item.event, e.ClientNoticeSent | e.ClientNoticeFailed):
                execute("DELETE FROM client_notices{suffix} WHERE position = ANY (%s)", list(item.event.covers))
            elif (who := _concerned(item)) is not None:
                execute(_NEWS, item.position, *who, item.recorded_at)
        execute("DELETE FROM client_notices{suffix} WHERE recorded_at < %s", later(events[-1].recorded_at, -KEPT_FOR))


_NEWS = "INSERT INTO client_notices{suffix} (position, booking_id, client_id, recorded_at) VALUES (%s, %s, %s, %s)"


def _concerned(item: Recorded) -> tuple[BookingId, ClientId] | None:
    """The booking and the client who may have to be told; None when nobody has."""
    match item.event:
        case e.CrmBookingMoved(client_id=int(client_id), from_slot=old, slot=new) as event if not _is_same(old, new):
            return event.booking_id, client_id
        case e.CrmBookingRemoved(client_id=int(client_id)) as event:
            return event.booking_id, client_id
        case e.BookingCancelled() | e.BookingMoved() as event if item.by.kind in ("staff", "operator"):
            return event.booking_id, event.client_id
        case e.ConflictResolved(answer="offer") as event:
            return event.booking_id, event.client_id
        case _:
            return None  # everything else the clients did themselves, or need not know


def waiting(database: Database, *, limit: int) -> Waiting:
    """At most so many bookings with news, of one snapshot with how far the read model has come."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT p.position, n.booking_id, n.client_id, n.positions FROM projections p LEFT JOIN (
                   SELECT booking_id, client_id, array_agg(position ORDER BY position) AS positions
                   FROM client_notices GROUP BY booking_id, client_id ORDER BY min(position) LIMIT %s) n ON true
               WHERE p.name = 'client_notices' ORDER BY n.positions[1]""",
            (limit,),
        ).fetchall()
    untold = [Untold(row[1], row[2], tuple(row[3])) for row in rows if row[1] is not None]
    return Waiting(position=rows[0][0], untold=untold)


def news_of(history: Sequence[Recorded], since: int, now: datetime) -> ClientNews | None:
    """What became of a booking from that position on, of which its client knew all before; None for nothing they
    do not know, or need not any more. `history` is the booking's own timeline."""
    earlier = [item for item in history if item.position < since]
    before, after = (next(iter(fold_entries(items).values()), None) for items in (earlier, history))
    if before is None or after is None or before.status != "booked":
        return None
    if after.status != "booked":
        is_theirs = _ended_by(history) == "client"
        gone = ClientNews("removed", after.version, before.slot, before.slot, before.services)
        return None if is_theirs or before.slot.starts_at <= now else gone
    if _placed_by(history) == "client" or after.slot.starts_at <= now:
        return None
    if not _is_same(before.slot, after.slot):
        return ClientNews("moved", after.version, after.slot, before.slot, after.services)
    state = fold_sync(history)
    is_offered = state is not None and state.parked and state.offered
    return ClientNews("offer", after.version, after.slot, before.slot, after.services) if is_offered else None


def _is_same(one: Slot, other: Slot) -> bool:
    """The same master at the same time: a visit that only takes longer is no news to its client."""
    return (one.staff_id, one.starts_at) == (other.staff_id, other.starts_at)


def _ended_by(history: Sequence[Recorded]) -> str:
    """What kind of person called it off."""
    ends = (item.by.kind for item in history if isinstance(item.event, e.BookingCancelled | e.CrmBookingRemoved))
    return next(ends, "")


def _placed_by(history: Sequence[Recorded]) -> str:
    """What kind of person gave it its present time, if that was not the one it was booked for."""
    for item in reversed(history):
        match item.event:
            case e.BookingMoved():
                return item.by.kind
            case e.CrmBookingMoved(from_slot=old, slot=new) if not _is_same(old, new):
                return item.by.kind
            case _:
                pass  # nothing else gives it a time
    return ""
