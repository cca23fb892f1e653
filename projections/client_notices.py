"""What each client has not been told yet of what the salon did with their bookings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.untold import What, is_own_wish, news_of, place
from ledger.postgres import Connection, Database
from ledger.values import BookingId, Slot

TABLES = """
CREATE TABLE client_news{suffix} (
    position bigint PRIMARY KEY,
    booking_id bigint NOT NULL,
    what text NOT NULL,
    was_staff_id bigint,
    was_at timestamptz,
    passes_at timestamptz
);
CREATE INDEX client_news{suffix}_booking ON client_news{suffix} (booking_id, position);
"""


@dataclass(frozen=True)
class ClientNews:
    """A booking whose client may have something to be told; `last` is the position of the newest of it."""

    booking_id: BookingId
    last: int


class ClientNoticesProjection:
    """Keeps what the salon did with a booking until its client was told, wishes otherwise, or it is as they know it."""

    name = "client_notices"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> ClientNoticesProjection:
        return ClientNoticesProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for item in events:
            for statement, parameters in _changes(item):
                connection.execute(statement.format(suffix=self._suffix), parameters)


Change = tuple[str, tuple[object, ...]]
"""A statement with its parameters; the table's suffix is still open in it."""


def _changes(item: Recorded) -> list[Change]:
    """What an event comes down to."""
    match item.event:
        case e.BookingMoved(booking_id=booking_id) | e.BookingCancelled(booking_id=booking_id) if is_own_wish(item):
            return [("DELETE FROM client_news{suffix} WHERE booking_id = %s", (booking_id,))]
        case e.CrmBookingMoved(client_id=int()) as moved:
            return _moved(item.position, moved)
        case e.CrmBookingRemoved(client_id=int()) | e.BookingCancelled() as gone:
            what = news_of(item)
            return [] if what is None else [_kept(item.position, gone.booking_id, what, gone.slot, gone.slot)]
        case e.ConflictResolved(booking_id=booking_id):
            what = news_of(item)
            return [_taken_back(booking_id), *([] if what is None else [_kept(item.position, booking_id, what)])]
        case e.ClientNoticeSent(covers=covers) | e.ClientNoticeFailed(covers=covers):
            return [("DELETE FROM client_news{suffix} WHERE position = ANY(%s)", (list(covers),))]
        case _:
            return []  # nothing else is done to a client's booking by the salon


def _moved(position: int, moved: e.CrmBookingMoved) -> list[Change]:
    """Another length at the same place is nothing to tell, and neither is what came back to where it was known."""
    taken_back = _taken_back(moved.booking_id)
    if place(moved.from_slot) == place(moved.slot):
        return [taken_back]
    kept = _kept(position, moved.booking_id, "moved", moved.from_slot, moved.slot)
    return [taken_back, kept, (_FORGET_ROUND_TRIP, (moved.booking_id, moved.slot.staff_id, moved.slot.starts_at))]


def _taken_back(booking_id: BookingId) -> Change:
    """An offer that was not made yet, and is not to be made any more."""
    return "DELETE FROM client_news{suffix} WHERE booking_id = %s AND what = 'offered'", (booking_id,)


def _kept(
    position: int, booking_id: BookingId, what: What, was: Slot | None = None, slot: Slot | None = None
) -> Change:
    passes_at = max(was.starts_at, slot.starts_at) if was and slot else None
    was_at, was_staff_id = (was.starts_at, was.staff_id) if was else (None, None)
    return _KEEP, (position, booking_id, what, was_staff_id, was_at, passes_at)


_KEEP = """
INSERT INTO client_news{suffix} (position, booking_id, what, was_staff_id, was_at, passes_at)
VALUES (%s, %s, %s, %s, %s, %s)"""
_FORGET_ROUND_TRIP = """
DELETE FROM client_news{suffix} n USING (
    SELECT booking_id, (array_agg(was_staff_id ORDER BY position))[1] AS staff_id,
        (array_agg(was_at ORDER BY position))[1] AS starts_at, bool_and(what = 'moved') AS is_moves_only
    FROM client_news{suffix} WHERE booking_id = %s GROUP BY booking_id) known
WHERE n.booking_id = known.booking_id AND known.is_moves_only AND (known.staff_id, known.starts_at) = (%s, %s)"""


def waiting(database: Database, now: datetime) -> list[ClientNews]:
    """Bookings with something to tell whose time has not passed, the nearest visit first.

    A moment behind the log, and it may hold what came to nothing: the booking's own history has the last word.
    """
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT booking_id, max(position) FROM client_news GROUP BY booking_id
               HAVING bool_or(passes_at IS NULL OR passes_at > %s)
               ORDER BY min(passes_at) NULLS FIRST, max(position)""",
            (now,),
        ).fetchall()
    return [ClientNews(*row) for row in rows]
