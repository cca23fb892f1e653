"""A page of the log folded into finished rows of the schedule, which go into the table in few statements.

One statement an event costs a rebuild most of its time. Within a page a booking is mostly held, made and perhaps moved:
that is one row. What is about a booking of an earlier page goes the usual way, event by event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from ledger import events as e
from ledger.codec import Recorded
from ledger.postgres import Connection
from ledger.values import BookingId

COLUMNS = (
    "booking_id", "version", "client_id", "staff_id", "starts_at", "ends_at", "service_ids", "price", "status",
    "origin", "record_id", "overlap_allowed", "expires_at", "awaits", "made_at", "confirmed_at",
)  # fmt: skip
_ID, _VERSION, _STAFF, _STARTS, _ENDS, _SERVICES, _PRICE, _STATUS, _ORIGIN = 0, 1, 3, 4, 5, 6, 7, 8, 9
_OVERLAP, _CONFIRMED = 11, 15
Row = list[object]


@dataclass
class Page:
    """What a page comes down to: rows to stand in the table, ids not to stand there, and events about other rows."""

    rows: dict[BookingId, Row] = field(default_factory=dict)
    gone: set[BookingId] = field(default_factory=set)
    others: list[Recorded] = field(default_factory=list)


def fold_page(events: Sequence[Recorded]) -> Page:
    """A booking is folded here from the first event that says all about it; if others come before, none is."""
    page, begun_before = Page(), set[BookingId]()
    rows = page.rows
    for item in events:
        event = item.event
        if not isinstance(event, _PLACING):
            continue
        booking_id = event.booking_id
        if booking_id in begun_before:
            page.others.append(item)
        elif (row := _new_row(item)) is not None:
            rows[booking_id] = row
        elif booking_id in rows:
            _change(page, rows[booking_id], item)
        elif booking_id not in page.gone:
            begun_before.add(booking_id)
            page.others.append(item)
    return page


def write_page(connection: Connection, page: Page, table: str) -> None:
    """Puts the folded rows into `table`, over what stands there of an earlier page; `others` are left to the caller."""
    if page.gone:
        statement = f"DELETE FROM {table} WHERE booking_id = ANY (%s)"  # noqa: S608  fixed text
        connection.execute(statement.encode(), (list(page.gone),))
    if not page.rows:
        return
    names, staging = ", ".join(COLUMNS), f"{table}_page"
    connection.execute(
        f"""CREATE TEMPORARY TABLE IF NOT EXISTS {staging} ON COMMIT DROP
            AS SELECT {names} FROM {table} WITH NO DATA""".encode()  # noqa: S608  fixed text
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY {staging} ({names}) FROM STDIN".encode()) as copy:
        for row in page.rows.values():
            copy.write_row(row)
    replaced = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    connection.execute(
        f"""INSERT INTO {table} ({names}) SELECT {names} FROM {staging}
            ON CONFLICT (booking_id) DO UPDATE SET {replaced}""".encode()  # noqa: S608  fixed text
    )
    connection.execute(f"TRUNCATE {staging}".encode())


_PLACING = e.BookingEvent | e.VisitEvent


def _new_row(item: Recorded) -> Row | None:
    match item.event:
        case e.SlotHeld() as held:
            return _row(held, 0, "held", item.at, held.expires_at, held.awaits)
        case e.BookingMade() as made:
            row = _row(made, 1, "booked", item.at, None, None)
            row[_OVERLAP] = made.overlap_allowed
            return row
        case e.CrmBookingSeen(slot=slot) as seen:
            return [
                seen.booking_id, 1, None, slot.staff_id, slot.starts_at, slot.ends_at, _array(seen.service_ids), None,
                "booked", "crm", seen.record_id, seen.overlap_allowed, None, None, item.at, None,
            ]  # fmt: skip
        case _:
            return None


def _row(
    event: e.SlotHeld | e.BookingMade, version: int, status: str, at: object, expires: object, awaits: object
) -> Row:
    slot, services = event.slot, event.services
    return [
        event.booking_id, version, event.client_id, slot.staff_id, slot.starts_at, slot.ends_at,
        _array(one.service_id for one in services), sum(one.price for one in services), status, "bot", None, False,
        expires, awaits, at, None,
    ]  # fmt: skip


def _array(ids: Iterable[int]) -> str:
    """As PostgreSQL writes an array: a list would be looked through for its type at every row."""
    return f"{{{','.join(map(str, ids))}}}"


def _change(page: Page, row: Row, item: Recorded) -> None:
    """One more event about a row of this page."""
    match item.event:
        case e.BookingMoved(slot=slot, services=services):
            row[_STAFF : _ENDS + 1] = slot.staff_id, slot.starts_at, slot.ends_at
            row[_SERVICES], row[_PRICE] = _array(one.service_id for one in services), sum(one.price for one in services)
            row[_OVERLAP], row[_CONFIRMED] = False, None
        case e.CrmBookingMoved(slot=slot) as moved if row[_STATUS] == "booked":
            row[_STAFF : _ENDS + 1] = slot.staff_id, slot.starts_at, slot.ends_at
            row[_OVERLAP], row[_CONFIRMED] = moved.overlap_allowed, None
            if row[_ORIGIN] == "crm":
                row[_SERVICES] = _array(moved.service_ids)
        case e.CrmBookingRemoved() if row[_STATUS] == "booked":
            row[_STATUS] = "cancelled"
        case e.BookingCancelled():
            row[_STATUS] = "cancelled"
        case e.VisitConfirmed():
            row[_CONFIRMED] = item.at
            return
        case e.HoldLapsed(booking_id=booking_id) if row[_STATUS] == "held":
            del page.rows[booking_id]
            page.gone.add(booking_id)
            return
        case _:
            return  # a lapse of what was booked, a change in the CRM of what was called off here
    row[_VERSION] = cast("int", row[_VERSION]) + 1
