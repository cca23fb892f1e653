"""Many events of one decision: their read model is written without waiting for each answer, and fails as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import pytest

from ledger import events as e
from ledger.errors import SlotTakenError, StoredFormError
from ledger.ledger import Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, Slot
from tests.builders import made, order, slot
from tests.store import Salon

FOUR = ("10:00", "11:00", "12:00", "13:00")


@dataclass(frozen=True)
class BookThemAll:
    """Bookings out of the blue, without a look at the log."""

    order: Order
    slots: tuple[Slot, ...]

    def boundary(self) -> Sequence[BoundaryItem]:
        return []

    def decide(self, history: Sequence[object]) -> Sequence[e.AnyEvent]:
        return [made(place, booking_id=BookingId(number)) for number, place in enumerate(self.slots, 1)]

    def answer(self, events: Sequence[e.AnyEvent]) -> int:
        return len(events)


def test_all_events_of_an_append_stand_in_the_schedule(salon: Salon) -> None:
    done = salon.ledger.execute(BookThemAll(order(), tuple(slot(start) for start in FOUR)))

    assert done.answer == 4
    rows = salon.rows("SELECT booking_id, starts_at FROM schedule ORDER BY booking_id")
    assert rows == [(number, slot(start).starts_at) for number, start in enumerate(FOUR, 1)]


def test_one_overlap_among_many_refuses_them_all(salon: Salon) -> None:
    head = salon.recorder.head()

    with pytest.raises(SlotTakenError):
        salon.ledger.execute(BookThemAll(order(), tuple(slot(start) for start in (*FOUR, "12:30"))))

    assert salon.recorder.head() == head
    assert salon.rows("SELECT booking_id FROM schedule") == []


def test_what_the_read_model_cannot_take_in_the_middle_is_said_and_nothing_stays(salon: Salon) -> None:
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE schedule ADD CONSTRAINT not_the_second CHECK (booking_id <> 2)")
    head = salon.recorder.head()

    with pytest.raises(StoredFormError, match="not_the_second") as caught:
        salon.ledger.execute(BookThemAll(order(), tuple(slot(start) for start in FOUR)))

    assert isinstance(caught.value.__cause__, psycopg.errors.CheckViolation)
    assert salon.recorder.head() == head
    assert salon.rows("SELECT booking_id FROM schedule") == []
