"""Bookings that want each other's times, sent one after the other so that nobody is ever written over."""

from __future__ import annotations

from tests.builders import ANNA, OLGA, slot
from tests.integration.test_sync_moves import FOUR, NOON, TEN, place, sent
from tests.stage import Stage, by_hand


def test_two_bookings_swap(stage: Stage) -> None:
    one, other = sent(stage, TEN), sent(stage, FOUR)
    stage.salon.move(one, NOON)
    stage.salon.move(other, TEN)
    stage.salon.move(one, FOUR)
    stage.drain()
    assert stage.places() == {str(one): place(FOUR), str(other): place(TEN)}
    assert [stage.state(booking_id).status for booking_id in (one, other)] == ["synced", "synced"]


def test_three_bookings_change_places_in_a_circle_with_masters(stage: Stage) -> None:
    places = [slot("10:00"), slot("10:00", staff_id=OLGA), slot("16:00", staff_id=OLGA)]
    bookings = [sent(stage, where) for where in places]
    stage.salon.move(bookings[0], NOON)
    stage.salon.move(bookings[2], places[0])
    stage.salon.move(bookings[1], places[2])
    stage.salon.move(bookings[0], places[1])
    stage.drain()
    assert stage.places() == {
        str(bookings[0]): place(places[1]),
        str(bookings[1]): place(places[2]),
        str(bookings[2]): place(places[0]),
    }
    assert all(stage.state(booking_id).status == "synced" for booking_id in bookings)


def test_a_swap_with_a_stranger_in_the_way_goes_over_nobody(stage: Stage) -> None:
    one, other = sent(stage, TEN), sent(stage, FOUR)
    stage.salon.move(one, NOON)
    stage.salon.move(other, TEN)
    stage.salon.move(one, FOUR)
    for start in ("10:45", "16:45"):
        stage.simulator.add_by_hand(by_hand(ANNA, start, 15))
    stage.drain()
    assert (stage.places()[str(one)], stage.places()[str(other)]) == (place(TEN), place(FOUR))
    assert "slot_busy" in (stage.state(one).conflict, stage.state(other).conflict)


def test_a_booking_into_a_time_that_a_move_frees_waits_for_the_move(stage: Stage) -> None:
    leaving = sent(stage, TEN)
    stage.salon.move(leaving, slot("18:00"))  # farther in time: without the waiting it would come second
    coming = stage.salon.book(TEN)
    stage.drain()
    assert stage.places() == {str(leaving): place(slot("18:00")), str(coming): place(TEN)}
    assert all(stage.state(booking_id).status == "synced" for booking_id in (leaving, coming))


def test_a_swap_that_was_wished_elsewhere_since_goes_over_nobody(stage: Stage) -> None:
    """The look that nobody else stands there was at another time than the one that is now wished."""
    one, other = sent(stage, TEN), sent(stage, FOUR)
    stage.salon.move(one, NOON)
    stage.salon.move(other, TEN)
    stage.salon.move(one, FOUR)
    stage.salon.catch_up()
    stage.simulator.add_by_hand(by_hand(ANNA, "18:00", 60))
    for booking_id in (one, other):  # whichever of them the sender takes first
        stage.salon.move(booking_id, slot("18:00") if booking_id == one else slot("18:00", staff_id=OLGA))
    stage.simulator.add_by_hand(by_hand(OLGA, "18:00", 60))
    stage.sender.step(stage.lease)
    stage.drain()
    assert stage.places()[str(one)] == place(TEN)
    assert stage.places()[str(other)] == place(FOUR)
    assert {stage.state(one).conflict, stage.state(other).conflict} == {"slot_busy"}
