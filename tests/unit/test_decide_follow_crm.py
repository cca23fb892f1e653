"""What staff do in the CRM with a record we know: when it is followed, when it is asked about, when it is no news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from ledger import errors, events as e
from ledger.decisions.brake import AcceptCrmChange, BrakeCrmChange, NoteCrmChangeSubsided
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.record_holder import holder_of
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.sync_state import fold_sync
from ledger.values import BookingId, RecordId, Slot
from tests.builders import (
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    NOW,
    OLGA,
    OTHER_BOOKING,
    RECORD,
    Memory,
    attempted,
    cancelled,
    given,
    held,
    history,
    made,
    moved,
    order,
    seen_in_crm,
    slot,
    succeeded,
)

TEN, NOON, FOUR = slot("10:00"), slot("12:00"), slot("16:00", staff_id=OLGA)
OTHER_RECORD = RecordId(9002)


def synced(place: Slot = TEN) -> list[e.AnyEvent]:
    """A booking of ours that the CRM holds."""
    return [made(place), attempted(slot=place), succeeded()]


def follow(place: Slot | None, booking_id: BookingId = BOOKING, record_id: RecordId = RECORD) -> FollowCrmRecord:
    return FollowCrmRecord(order(), booking_id, record_id, place, (HAIRCUT,))


def moved_there(place: Slot, from_place: Slot = TEN, *, overlap: bool = False) -> e.CrmBookingMoved:
    return e.CrmBookingMoved(BOOKING, RECORD, from_place, place, (HAIRCUT,), MARIA, overlap)


def test_a_move_there_is_a_move_here() -> None:
    assert given(*synced()).new(follow(FOUR)) == [moved_there(FOUR)]


def test_a_removal_there_calls_it_off_here() -> None:
    assert given(*synced()).new(follow(None)) == [e.CrmBookingRemoved(BOOKING, RECORD, TEN, MARIA)]


@pytest.mark.parametrize(
    "past",
    [
        synced(),
        [*synced(), moved_there(FOUR, TEN), moved_there(TEN, FOUR)],
        [*synced(), moved(NOON)],
    ],
    ids=["as it was sent", "moved there and back", "our move is not sent yet"],
)
def test_where_the_crm_was_known_to_hold_it_is_no_news(past: Sequence[e.AnyEvent]) -> None:
    with pytest.raises(errors.NothingToSyncError):
        given(*past).new(follow(TEN))


def test_while_a_request_may_be_on_its_way_nothing_is_concluded() -> None:
    for past in ([*synced(), moved(NOON), attempted(operation="move", covers=(4,), slot=NOON)],):
        for place in (FOUR, NOON, None):
            with pytest.raises(errors.AttemptOpenError):
                given(*past).new(follow(place))


@pytest.mark.parametrize(("place", "kind"), [(FOUR, "moved_in_crm"), (None, "removed_in_crm")])
def test_where_the_client_wishes_something_else_a_person_is_asked_once(
    place: Slot | None, kind: e.ConflictKind
) -> None:
    memory = given(*synced(), moved(NOON))
    assert memory.execute(follow(place)) == [e.ConflictFound(BOOKING, kind, (RECORD,), place)]
    with pytest.raises(errors.NothingToSyncError):
        memory.new(follow(place))


def test_moved_on_after_the_question_it_is_asked_anew() -> None:
    memory = given(*synced(), moved(NOON))
    memory.execute(follow(FOUR))
    later = slot("17:00", staff_id=OLGA)
    assert memory.new(follow(later)) == [e.ConflictFound(BOOKING, "moved_in_crm", (RECORD,), later)]


def test_where_both_sides_wish_the_same_it_is_done() -> None:
    memory = given(*synced(), moved(NOON))
    assert memory.execute(follow(NOON)) == [moved_there(NOON, NOON)]
    state = fold_sync(memory.log)
    assert state is not None
    assert (state.crm_slot, state.operation) == (NOON, "skip")


@pytest.mark.parametrize(("place", "then"), [(FOUR, "cancel"), (None, "skip")])
def test_what_was_called_off_here_stays_so_wherever_its_record_goes(place: Slot | None, then: str) -> None:
    memory = given(*synced(), cancelled())
    memory.execute(follow(place))
    state = fold_sync(memory.log)
    assert state is not None
    assert (state.is_wanted, state.operation) == (False, then)


def test_over_another_booking_it_stands_and_the_other_is_asked_about() -> None:
    other = made(slot("12:30"), booking_id=OTHER_BOOKING, client_id=DARIA)
    found = given(*synced(), other).new(follow(NOON))
    assert found == [moved_there(NOON, overlap=True), e.ConflictFound(OTHER_BOOKING, "overlap", (RECORD,))]


def test_a_hold_in_its_way_lapses() -> None:
    hold = held(slot("12:30"), booking_id=OTHER_BOOKING, client_id=DARIA)
    found = given(*synced(), hold).new(follow(NOON))
    assert found[0] == e.HoldLapsed(OTHER_BOOKING, DARIA, slot("12:30"), "taken_in_crm")
    assert found[1] == moved_there(NOON)


def test_longer_at_its_place_it_may_run_over_its_neighbour_without_a_question() -> None:
    other = made(slot("11:00"), booking_id=OTHER_BOOKING, client_id=DARIA)
    longer = slot("10:00", minutes=90)
    assert given(*synced(), other).new(follow(longer)) == [moved_there(longer, overlap=True)]


def test_a_record_that_is_not_this_bookings_is_refused() -> None:
    for past in (synced(), [made()], []):
        with pytest.raises(errors.UnknownBookingError):
            given(*past).new(follow(FOUR, record_id=OTHER_RECORD))


def test_a_record_it_had_before_is_no_news() -> None:
    past = [*synced(), attempted(operation="create", attempt_id=78), succeeded(attempt_id=78, record_id=OTHER_RECORD)]
    with pytest.raises(errors.NothingToSyncError):
        given(*past).new(follow(None))


# --- made by hand in the CRM ---


def test_a_booking_made_by_hand_follows_its_record_without_a_client() -> None:
    memory = given(seen_in_crm(TEN))
    (event,) = memory.execute(follow(FOUR, OTHER_BOOKING))
    assert event == e.CrmBookingMoved(OTHER_BOOKING, RECORD, TEN, FOUR, (HAIRCUT,))
    (gone,) = memory.execute(follow(None, OTHER_BOOKING))
    assert gone == e.CrmBookingRemoved(OTHER_BOOKING, RECORD, FOUR)
    for place in (None, FOUR, TEN):
        with pytest.raises(errors.NothingToSyncError):
            memory.new(follow(place, OTHER_BOOKING))


def test_a_record_that_was_removed_and_is_back_is_a_booking_anew() -> None:
    memory = given(*synced())
    memory.execute(follow(None))
    see = SeeCrmBooking(order(), BookingId(777), RECORD, TEN, (HAIRCUT,))
    assert memory.execute(see) == [e.CrmBookingSeen(BookingId(777), RECORD, TEN, (HAIRCUT,))]
    assert memory.new(SeeCrmBooking(order(), BookingId(778), RECORD, TEN, (HAIRCUT,))) == []
    holder = holder_of(memory.log, RECORD)
    assert holder is not None
    assert (holder.booking_id, holder.stands) == (BookingId(777), True)


def test_whose_a_record_is_the_newest_word_tells() -> None:
    def holder(*events: e.AnyEvent) -> tuple[BookingId, bool, bool] | None:
        found = holder_of(history(*events), RECORD)
        return (found.booking_id, found.stands, found.is_in_question) if found else None

    overlap = e.ConflictFound(BOOKING, "overlap", (RECORD,))
    twins = e.ConflictFound(BOOKING, "duplicate", (OTHER_RECORD, RECORD))
    gone = e.CrmBookingRemoved(OTHER_BOOKING, RECORD, TEN)
    assert holder(made(), overlap) is None
    assert holder(made(), twins) == (BOOKING, True, True)
    assert holder(seen_in_crm(), succeeded()) == (BOOKING, True, False)
    assert holder(seen_in_crm(), succeeded(), gone) == (BOOKING, True, False), "only the second booking of it is gone"
    assert holder(succeeded(), succeeded(operation="cancel")) == (BOOKING, False, False)


# --- the brake ---


def test_the_brake_is_noted_once_and_taken_off_up_to_its_size() -> None:
    memory = Memory()
    with pytest.raises(errors.NotBrakedError):
        memory.new(AcceptCrmChange(order()))
    assert memory.execute(BrakeCrmChange(order(), 6, 1, 10)) == [e.CrmChangeBraked(6, 1, 10)]
    assert memory.execute(BrakeCrmChange(order(), 6, 1, 10)) == []
    assert memory.execute(BrakeCrmChange(order(), 8, 1, 10)) == [e.CrmChangeBraked(8, 1, 10)]
    assert memory.new(NoteCrmChangeSubsided(order())) == [e.CrmChangeSubsided(8, 1)]
    assert memory.execute(AcceptCrmChange(order(at=NOW + timedelta(minutes=1)))) == [e.CrmChangeAccepted(8, 1)]
    for late in (AcceptCrmChange(order()), NoteCrmChangeSubsided(order())):
        with pytest.raises(errors.NotBrakedError):
            memory.decide(late)
