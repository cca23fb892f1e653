"""What a client is still to be told, by the booking's own history: only what is so, and what they do not know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.untold import Untold, untold
from ledger.values import Actor, Slot
from tests.builders import (
    BOOKING,
    HAIRCUT,
    MARIA,
    MONDAY,
    OLGA,
    RECORD,
    SERVICES,
    cancelled,
    history,
    made,
    moved,
    seen_in_crm,
    slot,
)

A, B, C = slot("10:00"), slot("15:00"), slot("12:00", on=MONDAY + timedelta(days=1), staff_id=OLGA)
OFFER = e.ConflictResolved(BOOKING, MARIA, "offer", "slot_busy")
REMOVED = e.CrmBookingRemoved(BOOKING, RECORD, A, MARIA)


def in_crm(was: Slot, now: Slot) -> e.CrmBookingMoved:
    return e.CrmBookingMoved(BOOKING, RECORD, was, now, (HAIRCUT,), MARIA)


def told(*covers: int) -> e.ClientNoticeSent:
    return e.ClientNoticeSent(BOOKING, MARIA, covers)


def log(*events: e.AnyEvent, by: str = "client", cause: str = "") -> list[Recorded]:
    """Bookings are the work of `by`; the rest is the program's."""
    who = msgspec.convert({"kind": by, "id": "1"}, Actor)
    return [
        msgspec.structs.replace(item, by=who, cause=cause) if isinstance(item.event, e.BookingCancelled) else item
        for item in history(*events)
    ]


def find(*events: e.AnyEvent, by: str = "client", cause: str = "") -> Untold | None:
    return untold(log(*events, by=by, cause=cause), BOOKING)


def seen(found: Untold | None) -> tuple[str, Sequence[int], Slot, Slot] | None:
    return None if found is None else (found.what, found.covers, found.known, found.slot)


def test_a_move_by_hand_is_told_with_both_times_and_the_version_as_it_stands() -> None:
    found = find(made(A), in_crm(A, B))
    assert found == Untold(BOOKING, MARIA, "moved", (2,), A, B, 2, SERVICES)


def test_two_moves_are_one_thing_to_tell() -> None:
    assert seen(find(made(A), in_crm(A, B), in_crm(B, C))) == ("moved", (2, 3), A, C)


def test_there_and_back_is_nothing_to_tell_and_neither_is_another_length() -> None:
    assert find(made(A), in_crm(A, B), in_crm(B, A)) is None
    assert find(made(A), in_crm(A, slot("10:00", minutes=90))) is None
    assert find(made(A), in_crm(A, B), in_crm(B, slot("10:00", minutes=90))) is None
    found = find(made(A), in_crm(A, slot("10:00", minutes=90)), in_crm(slot("10:00", minutes=90), B))
    assert seen(found) == ("moved", (2, 3), A, B)


def test_another_master_at_the_same_time_is_told() -> None:
    other = slot("10:00", staff_id=OLGA)
    assert seen(find(made(A), in_crm(A, other))) == ("moved", (2,), A, other)


def test_it_is_compared_with_where_it_was_last_told() -> None:
    assert find(made(A), in_crm(A, B), told(2)) is None
    assert seen(find(made(A), in_crm(A, B), told(2), in_crm(B, A))) == ("moved", (4,), B, A)
    assert seen(find(made(A), in_crm(A, B), in_crm(B, C), told(2))) == ("moved", (3,), B, C)
    assert find(made(A), in_crm(A, B), e.ClientNoticeFailed(BOOKING, MARIA, (2,), "blocked")) is None


def test_what_was_removed_is_told_by_the_time_the_client_knows() -> None:
    assert seen(find(made(A), REMOVED)) == ("removed", (2,), A, A)
    off = e.CrmBookingRemoved(BOOKING, RECORD, B, MARIA)
    assert seen(find(made(A), in_crm(A, B), off)) == ("removed", (2, 3), A, B)
    assert find(made(A), REMOVED, told(2)) is None
    assert find(made(A), REMOVED, told(2), in_crm(A, B)) is None


@pytest.mark.parametrize("by", ["operator", "staff", "system", "crm"])
def test_a_cancellation_by_anybody_else_is_told(by: str) -> None:
    assert seen(find(made(A), cancelled(A), by=by)) == ("removed", (2,), A, A)


def test_what_the_client_did_themselves_is_nothing_to_tell_and_ends_what_came_before() -> None:
    assert find(made(A), cancelled(A)) is None
    assert find(made(A), in_crm(A, B), cancelled(B)) is None
    assert find(made(A), in_crm(A, B), moved(C, B)) is None
    assert find(made(A), OFFER, moved(C, A)) is None
    assert seen(find(made(A), in_crm(A, B), moved(C, B), told(2), in_crm(C, A))) == ("moved", (5,), C, A)


def test_what_an_older_system_had_cancelled_is_no_news() -> None:
    assert find(made(A), cancelled(A), by="operator", cause="import:table:1") is None


def test_another_time_is_asked_for_until_that_is_settled_otherwise() -> None:
    assert seen(find(made(A), OFFER)) == ("offered", (2,), A, A)
    assert find(made(A), OFFER, told(2)) is None
    assert find(made(A), OFFER, e.ConflictResolved(BOOKING, MARIA, "ours", "slot_busy")) is None
    assert seen(find(made(A), OFFER, in_crm(A, B))) == ("moved", (3,), A, B)
    assert seen(find(made(A), OFFER, cancelled(A), by="operator")) == ("removed", (2, 3), A, A)
    assert seen(find(made(A), in_crm(A, B), OFFER)) == ("offered", (2, 3), A, B)


def test_of_a_booking_made_by_hand_nobody_is_told() -> None:
    by_hand = e.CrmBookingMoved(BOOKING, RECORD, A, B, (HAIRCUT,))
    off = e.CrmBookingRemoved(BOOKING, RECORD, B)
    assert find(seen_in_crm(A, booking_id=BOOKING), by_hand, off) is None
