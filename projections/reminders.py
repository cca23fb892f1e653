"""Visits that clients may be reminded of, and what became of every reminder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions.remind import TIMINGS, is_due
from ledger.postgres import Connection, Database
from ledger.values import BookingId, ClientId

TABLES = """
CREATE TABLE reminder_visits{suffix} (
    booking_id bigint PRIMARY KEY,
    client_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    placed_at timestamptz NOT NULL
);
CREATE INDEX reminder_visits{suffix}_coming ON reminder_visits{suffix} (starts_at);
CREATE TABLE reminder_attempts{suffix} (
    booking_id bigint NOT NULL,
    kind text NOT NULL,
    starts_at timestamptz NOT NULL,
    client_id bigint NOT NULL,
    position bigint NOT NULL,
    attempted_at timestamptz NOT NULL,
    outcome text NOT NULL,
    PRIMARY KEY (booking_id, kind, starts_at)
);
CREATE INDEX reminder_attempts{suffix}_open ON reminder_attempts{suffix} (attempted_at) WHERE outcome = 'open';
CREATE INDEX reminder_attempts{suffix}_client ON reminder_attempts{suffix} (client_id, position);
"""


@dataclass(frozen=True)
class Reminder:
    """A reminder of one kind for one start of a booking."""

    booking_id: BookingId
    client_id: ClientId
    kind: e.ReminderKind
    starts_at: datetime


class RemindersProjection:
    """Keeps standing bookings with the moment they got their time, and each attempt with its outcome."""

    name = "reminders"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> RemindersProjection:
        return RemindersProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for item in events:
            change = _change(item)
            if change is not None:
                statement, parameters = change
                connection.execute(statement.format(suffix=self._suffix), parameters)


def _change(item: Recorded) -> tuple[str, tuple[object, ...]] | None:
    """The statement an event comes down to, with its parameters; the table's suffix is still open in it."""
    match item.event:
        case (
            e.BookingMade(booking_id=booking_id, client_id=client_id, slot=slot)
            | e.BookingMoved(booking_id=booking_id, client_id=client_id, slot=slot)
            | e.CrmBookingMoved(booking_id=booking_id, client_id=int(client_id), slot=slot)
        ):
            return _PLACE, (booking_id, client_id, slot.starts_at, item.at)
        case e.BookingCancelled(booking_id=booking_id) | e.CrmBookingRemoved(booking_id=booking_id):
            return "DELETE FROM reminder_visits{suffix} WHERE booking_id = %s", (booking_id,)
        case e.ReminderAttempted() as attempt:
            return _ATTEMPT, (*_key(attempt), attempt.client_id, item.position, item.at)
        case e.ReminderSent() as sent:
            return _CLOSE, ("sent", *_key(sent))
        case e.ReminderFailed(reason=reason) as failed:
            return _CLOSE, (reason, *_key(failed))
        case _:
            return None  # nothing else changes who is to be reminded of what


_PLACE = """
INSERT INTO reminder_visits{suffix} (booking_id, client_id, starts_at, placed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (booking_id) DO UPDATE SET starts_at = excluded.starts_at, placed_at = excluded.placed_at"""
_ATTEMPT = """
INSERT INTO reminder_attempts{suffix} (booking_id, kind, starts_at, client_id, position, attempted_at, outcome)
VALUES (%s, %s, %s, %s, %s, %s, 'open')"""
_CLOSE = "UPDATE reminder_attempts{suffix} SET outcome = %s WHERE booking_id = %s AND kind = %s AND starts_at = %s"


def _key(event: e.ReminderEvent) -> tuple[BookingId, e.ReminderKind, datetime]:
    return event.booking_id, event.kind, event.starts_at


def due(database: Database, now: datetime) -> list[Reminder]:
    """The reminders that may leave now and were not attempted yet, the nearest visit first; `now` in the salon's zone.

    A moment behind the log: the decision has the last word.
    """
    found: list[Reminder] = []
    with database.transaction() as connection:
        for kind, timing in TIMINGS.items():
            rows = connection.execute(
                """SELECT v.booking_id, v.client_id, v.starts_at, v.placed_at FROM reminder_visits v
                   WHERE v.starts_at > %(from)s AND v.starts_at <= %(until)s
                       AND extract(epoch FROM v.starts_at - v.placed_at) >= %(before)s
                       AND NOT EXISTS (SELECT FROM reminder_attempts a WHERE a.booking_id = v.booking_id
                           AND a.kind = %(kind)s AND a.starts_at = v.starts_at)""",
                {
                    "from": later(now, timing.until),
                    "until": later(now, timing.before),
                    "before": timing.before.total_seconds(),
                    "kind": kind,
                },
            ).fetchall()
            found += [Reminder(row[0], row[1], kind, row[2]) for row in rows if is_due(kind, row[2], row[3], now)]
    return sorted(found, key=lambda reminder: (reminder.starts_at, reminder.booking_id, reminder.kind))


def open_attempts(database: Database, before: datetime) -> list[Reminder]:
    """Attempts of before that moment whose outcome nobody wrote down."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT booking_id, client_id, kind, starts_at FROM reminder_attempts
               WHERE outcome = 'open' AND attempted_at < %s ORDER BY position""",
            (before,),
        ).fetchall()
    return [Reminder(*row) for row in rows]


def unreachable_clients(database: Database) -> set[ClientId]:
    """Clients who had blocked the bot when it last tried to remind them."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT client_id FROM (
                   SELECT DISTINCT ON (client_id) client_id, outcome FROM reminder_attempts
                   WHERE outcome <> 'open' ORDER BY client_id, position DESC) newest
               WHERE outcome = 'blocked'"""
        ).fetchall()
    return {row[0] for row in rows}
