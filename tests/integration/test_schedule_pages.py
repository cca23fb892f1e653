"""Many events at once come to the same rows as one after the other, wherever the pages end."""

from __future__ import annotations

import random

import pytest
from psycopg import Rollback

from ledger import events as e
from ledger.codec import Recorded
from ledger.values import BookingId, RecordId, ServiceId, Slot
from projections.schedule import Schedule
from projections.schedule_pages import fold_page
from tests.builders import ANNA, MARIA, OLGA, SERVICES, cancelled, held, history, lapsed, made, seen_in_crm, slot
from tests.store import Salon

BOOKINGS = [BookingId(number) for number in range(501, 507)]


def any_history(dice: random.Random, length: int) -> list[Recorded]:
    """Anything after anything, also what no decision would allow: the rows must be the same all the same."""
    return history(*(any_event(dice, dice.choice(BOOKINGS)) for _ in range(length)))


def any_event(dice: random.Random, booking_id: BookingId) -> e.AnyEvent:
    place, other = any_slot(dice), any_slot(dice)
    record, services = RecordId(booking_id + 9000), (ServiceId(1), ServiceId(dice.randrange(2, 5)))
    any_of: list[e.AnyEvent] = [
        held(place, booking_id=booking_id),
        lapsed(place, booking_id=booking_id),
        made(place, booking_id=booking_id),
        e.BookingMade(booking_id, MARIA, place, SERVICES, overlap_allowed=True),
        e.BookingMoved(booking_id, MARIA, place, other, SERVICES * 2),
        e.BookingCancelled(booking_id, MARIA, place),
        e.VisitConfirmed(booking_id, MARIA, place),
        e.CrmBookingSeen(booking_id, record, place, services, overlap_allowed=dice.random() < 0.5),
        e.CrmBookingMoved(booking_id, record, place, other, services, MARIA, dice.random() < 0.5),
        e.CrmBookingRemoved(booking_id, record, place, MARIA),
        e.SyncSkipped(booking_id, (1,), "past"),
    ]
    return dice.choice(any_of)


def any_slot(dice: random.Random) -> Slot:
    return slot(f"{dice.randrange(10, 20)}:00", staff_id=dice.choice([ANNA, OLGA]))


def rows_of(salon: Salon, events: list[Recorded], pages: list[int]) -> list[tuple[object, ...]]:
    """The table after these events, in pages that end at these places; no pages: one after the other."""
    beside = Schedule("_tried")
    found: list[tuple[object, ...]] = []
    with salon.database.transaction() as connection:
        connection.execute(beside.tables.encode())
        connection.execute(b"ALTER TABLE schedule_tried DROP CONSTRAINT schedule_tried_no_overlap")
        if not pages:
            beside.apply(connection, events)
        for first, last in zip([0, *pages], [*pages, len(events)], strict=True) if pages else ():
            beside.load(connection, events[first:last])
        found = connection.execute(b"SELECT * FROM schedule_tried ORDER BY booking_id").fetchall()
        raise Rollback
    return found


@pytest.mark.parametrize("seed", range(40))
def test_pages_come_to_the_same_rows_as_single_events(salon: Salon, seed: int) -> None:
    dice = random.Random(seed)
    events = any_history(dice, 60)
    pages = sorted(dice.sample(range(1, 60), dice.randrange(1, 6)))

    assert rows_of(salon, events, pages) == rows_of(salon, events, [])


def test_a_booking_of_one_page_is_one_row_and_what_came_before_is_left_to_others() -> None:
    of_this_page = history(held(), made(), seen_in_crm(booking_id=BOOKINGS[1]), lapsed(booking_id=BOOKINGS[2]))

    page = fold_page([*of_this_page, *history(cancelled())])

    assert [(row[0], row[1], row[8]) for row in page.rows.values()] == [
        (BOOKINGS[0], 2, "cancelled"),
        (BOOKINGS[1], 1, "booked"),
    ]
    assert [item.event for item in page.others] == [lapsed(booking_id=BOOKINGS[2])]
