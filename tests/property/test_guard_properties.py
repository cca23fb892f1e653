"""The decisions and the store's own guard agree: what one lets through the other never refuses, and the other way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import Rollback

from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.move import MoveBooking
from ledger.errors import RefusalError, SlotTakenError
from ledger.ledger import Decision
from ledger.values import BookingId, ClientId, Slot
from projections import schedule
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, at, order
from tests.store import Salon, salon_at

INSERT = """
INSERT INTO schedule (booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status, origin)
VALUES (%s, 1, 1, %s, %s, %s, '{1}', 1, 'booked', 'bot')"""
days = count()
places = st.builds(
    lambda staff_id, quarter: (staff_id, timedelta(minutes=15 * quarter)),
    st.sampled_from([ANNA, OLGA]),
    st.integers(0, 12),
)
moves = st.lists(
    st.tuples(st.sampled_from(["hold", "hold", "book", "move", "cancel"]), places), min_size=4, max_size=16
)


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with salon_at(database_url, schema) as one:
        one.open()
        yield one


def guard_refuses(salon: Salon, place: Slot, but: BookingId) -> bool:
    """Whether the table itself would refuse a booking there, were `but` not in it."""
    refused = False
    with salon.database.transaction() as connection:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("DELETE FROM schedule WHERE booking_id = %s", (but,))
        try:
            connection.execute(INSERT, (1, place.staff_id, place.starts_at, place.ends_at))
        except psycopg.errors.ExclusionViolation:
            refused = True
        raise Rollback
    return refused


def refusal_of(salon: Salon, decision: Decision[object]) -> RefusalError | None:
    """None for a yes."""
    try:
        salon.ledger.execute(decision)
    except RefusalError as error:
        return error
    return None


def test_the_rules_and_the_guard_say_the_same_of_an_overlap(salon: Salon) -> None:
    told = {"yes": 0, "no": 0}
    numbers = count(100)

    @given(moves)
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def agree(moves: list[tuple[str, tuple[int, timedelta]]]) -> None:
        day = MONDAY + timedelta(days=next(days) % 27)  # a day of its own, or it meets what an earlier one left
        known: list[tuple[BookingId, ClientId]] = []
        for kind, (staff_id, offset) in moves:
            starts_at = at("15:00", day) + offset
            place = Slot(staff_id, starts_at, starts_at + timedelta(hours=1))  # type: ignore[arg-type]  # a master
            if kind == "hold" or not known:
                number = next(numbers)
                known.append((BookingId(number), ClientId(10_000 + number)))
                salon.know(known[-1][1])
            booking_id, client_id = known[-1]
            one = schedule.booking(salon.database, booking_id)
            version = one.version if one else 1
            wishes: dict[str, Decision[object]] = {
                "hold": HoldSlot(order(), booking_id, client_id, place, (HAIRCUT,)),
                "book": MakeBooking(order(), booking_id, client_id),
                "move": MoveBooking(order(), booking_id, client_id, version, place),
                "cancel": CancelBooking(order(), booking_id, client_id, version),
            }
            refusal = refusal_of(salon, wishes[kind])
            told["yes"] += refusal is None
            if isinstance(refusal, SlotTakenError):
                assert not isinstance(refusal.__cause__, psycopg.errors.ExclusionViolation), "the rules had said yes"
                assert guard_refuses(salon, place, but=booking_id), f"{kind}: the guard would have taken it"
                told["no"] += 1

    agree()
    assert told["yes"] > 50
    assert told["no"] > 5, "nothing ever collided"


def test_a_rule_that_let_an_overlap_through_would_be_found(salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the test above: without the rule the guard refuses, and says so as the cause."""
    place = Slot(ANNA, at("10:00"), at("11:00"))
    salon.hold(place, BookingId(1), ClientId(1))
    monkeypatch.setattr("ledger.values.Slot.overlaps", lambda *_: False)

    with pytest.raises(SlotTakenError) as raised:
        salon.hold(place, BookingId(2), ClientId(2))

    assert isinstance(raised.value.__cause__, psycopg.errors.ExclusionViolation)
