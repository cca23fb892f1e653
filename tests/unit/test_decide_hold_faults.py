"""Faults of a caller that holding a slot refuses: foreign digits, and an id that is taken."""

from __future__ import annotations

from datetime import UTC

import pytest

from ledger.decisions.hold import HoldSlot
from ledger.errors import MalformedValueError
from ledger.values import BookingId, Slot
from tests.builders import ANNA, BOOKING, DARIA, HAIRCUT, MARIA, at, made, open_salon, order, slot


def test_a_slot_whose_digits_are_not_the_salons_is_refused() -> None:
    nine_in_the_evening = Slot(ANNA, at("21:00").astimezone(UTC), at("22:00").astimezone(UTC))  # 18:00 in UTC's digits

    with pytest.raises(MalformedValueError):
        open_salon().decide(HoldSlot(order(), BookingId(900), MARIA, nine_in_the_evening, (HAIRCUT,)))


def test_a_booking_id_that_is_taken_cannot_be_held_again() -> None:
    salon = open_salon(made(slot("12:00"), client_id=DARIA))

    with pytest.raises(MalformedValueError):
        salon.decide(HoldSlot(order(), BOOKING, MARIA, slot("10:00"), (HAIRCUT,)))
