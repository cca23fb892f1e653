"""What events come down to in the schedule: changes of a few kinds, each kind one statement over many rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ledger import events as e
from ledger.append_statement import writer_name
from ledger.values import BookingId, Slot

Row = dict[str, Any]
"""Of a statement's JSON; Any, as the columns differ in type."""
Change = tuple[str, list[Row]]
"""A kind, and rows of it, no booking twice."""


def changes(facts: Iterable[tuple[e.AnyEvent, datetime]]) -> list[Change]:
    """The changes, in their order, of events and the moments they were decided at; neighbours of a kind are one."""
    found: list[Change] = []
    ids: set[int] = set()
    for event, at in facts:
        change = _change(event, at)
        if change is None:
            continue
        kind, row = change
        booking_id = row["booking_id"]
        if found and found[-1][0] == kind and booking_id not in ids:
            found[-1][1].append(row)
        else:
            found.append((kind, [row]))
            ids.clear()
        ids.add(booking_id)
    return found


def _change(event: e.AnyEvent, at: datetime) -> tuple[str, Row] | None:
    match event:
        case e.SlotHeld():
            return "put", _row(event, "held") | {
                "version": 0, "expires_at": event.expires_at, "awaits": event.awaits, "made_at": at
            }  # fmt: skip
        case e.BookingMade():
            return "put", _row(event, "booked") | {
                "version": 1, "overlap_allowed": event.overlap_allowed, "made_at": at
            }  # fmt: skip
        case e.BookingMoved():
            return "move", _place(event.booking_id, event.slot) | {
                "service_ids": [one.service_id for one in event.services],
                "price": sum(one.price for one in event.services),
            }
        case e.CrmBookingSeen() | e.CrmBookingMoved() | e.CrmBookingRemoved():
            return _crm_change(event, at)
        case e.VisitConfirmed(booking_id=booking_id):
            return "confirm", {"booking_id": booking_id, "at": at}
        case e.BookingCancelled(booking_id=booking_id):
            return "cancel", {"booking_id": booking_id}
        case e.HoldLapsed(booking_id=booking_id):
            return "lapse", {"booking_id": booking_id}
        case _:
            return None  # catalogue, clients, messages, integration and sync do not change whose time it is


def _crm_change(event: e.CrmBookingEvent, at: datetime) -> tuple[str, Row]:
    """What staff did in the CRM; it never wakes a booking that was called off here."""
    match event:
        case e.CrmBookingSeen():
            return "put", _place(event.booking_id, event.slot) | {
                "version": 1, "service_ids": event.service_ids, "status": "booked", "origin": "crm",
                "record_id": event.record_id, "overlap_allowed": event.overlap_allowed, "made_at": at,
            }  # fmt: skip
        case e.CrmBookingMoved():
            return "move_in_crm", _place(event.booking_id, event.slot) | {
                "service_ids": event.service_ids, "overlap_allowed": event.overlap_allowed
            }  # fmt: skip
        case e.CrmBookingRemoved(booking_id=booking_id):
            return "cancel_in_crm", {"booking_id": booking_id}


def _row(event: e.SlotHeld | e.BookingMade, status: str) -> Row:
    return _place(event.booking_id, event.slot) | {
        "client_id": event.client_id,
        "service_ids": [service.service_id for service in event.services],
        "price": sum(service.price for service in event.services),
        "status": status,
        "origin": "bot",
        "overlap_allowed": False,
    }


def _place(booking_id: BookingId, slot: Slot) -> Row:
    return {
        "booking_id": booking_id, "staff_id": slot.staff_id, "starts_at": slot.starts_at, "ends_at": slot.ends_at
    }  # fmt: skip


STATEMENTS = {
    "put": """
INSERT INTO schedule{suffix} (booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status,
    origin, record_id, overlap_allowed, expires_at, awaits, made_at)
SELECT r.* FROM jsonb_to_recordset({rows}) AS r (booking_id bigint, version int, client_id bigint, staff_id bigint,
    starts_at timestamptz, ends_at timestamptz, service_ids bigint[], price bigint, status text,
    origin text, record_id bigint, overlap_allowed boolean, expires_at timestamptz, awaits text, made_at timestamptz)
ON CONFLICT (booking_id) DO UPDATE SET version = excluded.version, client_id = excluded.client_id,
    staff_id = excluded.staff_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    service_ids = excluded.service_ids, price = excluded.price, status = excluded.status, origin = excluded.origin,
    record_id = excluded.record_id, overlap_allowed = excluded.overlap_allowed, expires_at = excluded.expires_at,
    awaits = excluded.awaits, made_at = excluded.made_at, confirmed_at = NULL""",
    "move": """
UPDATE schedule{suffix} s SET version = s.version + 1, staff_id = r.staff_id, starts_at = r.starts_at,
    ends_at = r.ends_at, service_ids = r.service_ids, price = r.price, overlap_allowed = false, confirmed_at = NULL
FROM jsonb_to_recordset({rows}) AS r (booking_id bigint, staff_id bigint, starts_at timestamptz, ends_at timestamptz,
    service_ids bigint[], price bigint)
WHERE s.booking_id = r.booking_id""",
    # What the client agreed to stays; only of a booking made in the CRM do its services go by the CRM.
    "move_in_crm": """
UPDATE schedule{suffix} s SET version = s.version + 1, staff_id = r.staff_id, starts_at = r.starts_at,
    ends_at = r.ends_at, overlap_allowed = r.overlap_allowed, confirmed_at = NULL,
    service_ids = CASE WHEN s.origin = 'crm' THEN r.service_ids ELSE s.service_ids END
FROM jsonb_to_recordset({rows}) AS r (booking_id bigint, staff_id bigint, starts_at timestamptz, ends_at timestamptz,
    service_ids bigint[], overlap_allowed boolean)
WHERE s.booking_id = r.booking_id AND s.status = 'booked'""",
    "confirm": """
UPDATE schedule{suffix} s SET confirmed_at = r.at
FROM jsonb_to_recordset({rows}) AS r (booking_id bigint, at timestamptz)
WHERE s.booking_id = r.booking_id""",
    "cancel": """
UPDATE schedule{suffix} s SET status = 'cancelled', version = s.version + 1
FROM jsonb_to_recordset({rows}) AS r (booking_id bigint) WHERE s.booking_id = r.booking_id""",
    "cancel_in_crm": """
UPDATE schedule{suffix} s SET status = 'cancelled', version = s.version + 1
FROM jsonb_to_recordset({rows}) AS r (booking_id bigint) WHERE s.booking_id = r.booking_id AND s.status = 'booked'""",
    "lapse": """
DELETE FROM schedule{suffix} s USING jsonb_to_recordset({rows}) AS r (booking_id bigint)
WHERE s.booking_id = r.booking_id AND s.status = 'held'""",
}
"""Each writes all rows of one change; the table's suffix and the JSON they come from are still open in it."""


def _writer() -> str:
    cases = "".join(
        f"        WHEN '{kind}' THEN {statement.format(suffix='', rows='change -> 1')};\n"
        for kind, statement in STATEMENTS.items()
    )
    return f"""CREATE OR REPLACE FUNCTION {writer_name("schedule")}(changes jsonb) RETURNS void
LANGUAGE plpgsql STRICT VOLATILE AS $writer$
DECLARE
    change jsonb;
BEGIN
    FOR n IN 0 .. jsonb_array_length(changes) - 1 LOOP
        change := changes -> n;
        CASE change ->> 0
{cases}        END CASE;
    END LOOP;
END $writer$"""


WRITER = _writer()
"""The function that writes the live table within an append: the statements above, with plans that are kept."""
