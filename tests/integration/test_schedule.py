"""The schedule as people read it back: moves, a client's word, and the guard of last resort."""

from __future__ import annotations

import psycopg
import pytest

from ledger import events as e
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.move import MoveBooking
from ledger.values import Slot
from projections import schedule
from projections.schedule import Schedule, ScheduledBooking
from tests.builders import BOOKING, DARIA, HAIRCUT, MARIA, OLGA, OTHER_BOOKING, history, made, moved, order, slot
from tests.store import Salon

FOUR = slot("16:00")


def move(salon: Salon, place: Slot, version: int) -> None:
    salon.ledger.execute(MoveBooking(order(), BOOKING, MARIA, version, place))


def apply(salon: Salon, *events: e.AnyEvent) -> None:
    """The read model alone, in one transaction, past every decision."""
    with salon.database.transaction() as connection:
        Schedule().apply(connection, history(*events))


def row(salon: Salon) -> ScheduledBooking:
    found = schedule.booking(salon.database, BOOKING)
    assert found is not None
    return found


def test_a_moved_booking_stands_at_its_new_time_under_the_next_version(salon: Salon) -> None:
    salon.book()
    move(salon, slot("16:00", staff_id=OLGA), 1)

    now = row(salon)

    assert (now.staff_id, now.starts_at, now.ends_at) == (OLGA, FOUR.starts_at, FOUR.ends_at)
    assert (now.version, now.status, now.service_ids, now.price) == (2, "booked", [HAIRCUT], 150_000)


def test_a_clients_word_is_shown_until_the_booking_moves(salon: Salon) -> None:
    salon.book()
    salon.ledger.execute(ConfirmVisit(order(), BOOKING, MARIA, 1))
    confirmed = row(salon)
    move(salon, FOUR, 1)

    assert confirmed.confirmed_at is not None
    assert confirmed.version == 1
    assert row(salon).confirmed_at is None


def test_two_bookings_may_swap_in_one_append(salon: Salon) -> None:
    """The guard looks at the end of the transaction, not between the two."""
    salon.book()
    salon.book(FOUR, OTHER_BOOKING, DARIA)
    swap = [moved(FOUR), moved(slot(), FOUR, booking_id=OTHER_BOOKING, client_id=DARIA)]
    apply(salon, *swap)

    assert row(salon).starts_at == FOUR.starts_at


def test_even_without_the_rule_no_booking_moves_onto_another(salon: Salon) -> None:
    salon.book()
    salon.book(FOUR, OTHER_BOOKING, DARIA)

    with pytest.raises(psycopg.errors.ExclusionViolation):
        apply(salon, moved(slot("16:30")))


def test_a_booking_of_an_older_system_may_stand_over_another_until_it_moves(salon: Salon) -> None:
    salon.book()
    taken_over = e.BookingMade(OTHER_BOOKING, DARIA, slot(), made().services, overlap_allowed=True)
    apply(salon, taken_over)

    with pytest.raises(psycopg.errors.ExclusionViolation):
        apply(salon, moved(slot("10:30"), booking_id=OTHER_BOOKING, client_id=DARIA))
