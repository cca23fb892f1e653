"""Following what staff did in the CRM: what is news there, and what only looks like it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.errors import NothingToSyncError
from ledger.values import Slot
from tests.builders import BOOKING, HAIRCUT, RECORD, Memory, attempted, given, made, moved, order, slot, succeeded

TEN, FOUR, SIX = slot("10:00"), slot("16:00"), slot("18:00")


@pytest.fixture
def not_sent_any_more() -> Memory:
    """Sent for ten, moved to four here; by then that was past, and the operator chose to skip what is past."""
    return given(
        made(TEN),
        attempted(slot=TEN),
        succeeded(record_id=RECORD),
        moved(FOUR, TEN),
        e.SyncSkipped(BOOKING, (4,), "past"),
    )


def follow(place: Slot) -> FollowCrmRecord:
    return FollowCrmRecord(order(), BOOKING, RECORD, place, (HAIRCUT,))


def test_a_move_that_is_not_sent_any_more_is_not_taken_for_staffs(not_sent_any_more: Memory) -> None:
    with pytest.raises(NothingToSyncError):
        not_sent_any_more.decide(follow(TEN))


def test_what_staff_do_with_it_afterwards_is_followed(not_sent_any_more: Memory) -> None:
    [event] = not_sent_any_more.new(follow(SIX))

    assert isinstance(event, e.CrmBookingMoved)
    assert (event.from_slot, event.slot) == (FOUR, SIX)


def test_made_longer_at_its_old_place_it_is_followed_too(not_sent_any_more: Memory) -> None:
    longer = Slot(TEN.staff_id, TEN.starts_at, TEN.ends_at + timedelta(minutes=30))

    [event] = not_sent_any_more.new(follow(longer))

    assert isinstance(event, e.CrmBookingMoved)
