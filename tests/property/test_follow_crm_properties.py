"""Whatever clients, the sender and staff in the CRM do, in any order, following the CRM writes over nobody's wish."""

from __future__ import annotations

import pytest
from hypothesis import Phase, find, given, settings, strategies as st

from ledger.errors import AttemptOpenError, NothingToSyncError, UnknownBookingError
from ledger.events import (
    AnyEvent,
    BookingCancelled,
    ConflictFound,
    ConflictResolved,
    CrmBookingMoved,
    CrmBookingRemoved,
)
from ledger.sync_state import SyncState
from tests.builders import ANNA, OLGA, slot
from tests.following import BOOKINGS, STEP_KINDS, Following, Look, Step

places = st.builds(
    lambda staff_id, hour, minutes: slot(f"{hour:02}:00", minutes, staff_id=staff_id),
    st.sampled_from([ANNA, OLGA]),
    st.integers(9, 13),
    st.sampled_from([60, 60, 90]),
)
likely = (*STEP_KINDS, "begin", "succeed", "begin", "succeed", "look", "look", "staff_move")
# The first booking more often than the others: what is interesting takes several steps with one of them.
picks = st.sampled_from([0, 0, 0, 0, 1, 2])
steps = st.lists(st.tuples(st.sampled_from(likely), picks, places), min_size=5, max_size=30)


def played(moves: list[Step]) -> Following:
    world = Following()
    for move in moves:
        world.play(move)
    return world


def wishes(state: SyncState | None) -> bool:
    """True while the client wishes something that the CRM was not told yet."""
    return state is not None and state.is_wanted and bool(state.pending)


@given(steps)
@settings(max_examples=400, deadline=None)
def test_following_never_writes_over_what_a_client_wishes(moves: list[Step]) -> None:
    for look in played(moves).looks:
        if wishes(look.state_before) and look.seen != look.before.slot:
            assert (look.after.slot, look.after.status) == (look.before.slot, look.before.status)
            assert all(isinstance(event, ConflictFound) for event in look.written or ())


@given(steps)
@settings(max_examples=400, deadline=None)
def test_what_was_called_off_never_stands_again(moves: list[Step]) -> None:
    world = Following()
    called_off = set()
    for move in moves:
        world.play(move)
        called_off |= {one for one in BOOKINGS if world.entry(one).status == "cancelled"}
        for booking_id in called_off:
            state = world.state(booking_id)
            assert world.entry(booking_id).status == "cancelled"
            assert state is None or not state.is_wanted


@given(steps)
@settings(max_examples=400, deadline=None)
def test_a_second_look_at_the_same_is_no_news(moves: list[Step]) -> None:
    world = Following()
    for move in moves:
        world.play(move)
        for booking_id in BOOKINGS:
            first = world.look(booking_id)
            length = len(world.memory.log)
            second = world.look(booking_id)
            if first is not None and second is not None:
                assert isinstance(second.refused, NothingToSyncError if first.written else type(first.refused))
                assert len(world.memory.log) == length


@given(steps)
@settings(max_examples=400, deadline=None)
def test_nothing_is_concluded_while_a_request_of_ours_may_be_on_its_way(moves: list[Step]) -> None:
    for look in played(moves).looks:
        if look.state_before is not None and look.state_before.open_attempt is not None:
            assert look.written is None


@given(steps)
@settings(max_examples=1000, deadline=None)
def test_a_look_ends_in_the_crms_place_or_in_a_question_or_is_no_news(moves: list[Step]) -> None:
    for look in played(moves).looks:
        if look.written is None:
            assert isinstance(look.refused, NothingToSyncError | AttemptOpenError | UnknownBookingError)
            assert look.after == look.before
        elif not asks(look):
            assert look.after.status == ("booked" if look.seen and look.before.status == "booked" else "cancelled")
            assert look.seen is None or look.before.status == "cancelled" or look.after.slot == look.seen
            state = look.state_after
            assert state is None or (state.crm_slot, state.is_in_crm) == (look.seen, look.seen is not None)
            assert state is None or not state.is_wanted or state.slot == look.after.slot
            assert state is None or state.is_wanted or state.slot == look.before.slot


def asks(look: Look) -> bool:
    return any(
        isinstance(one, ConflictFound) and one.booking_id == look.before.booking_id for one in look.written or ()
    )


@pytest.mark.parametrize(
    "shape", [BookingCancelled, ConflictFound, ConflictResolved, CrmBookingMoved, CrmBookingRemoved]
)
def test_the_drawn_steps_reach_every_event_that_following_is_about(shape: type[AnyEvent]) -> None:
    """Guards the properties above against passing because nothing ever happens."""
    find(
        steps,
        lambda moves: any(isinstance(event, shape) for event in played(moves).memory.events()),
        settings=settings(max_examples=10_000, deadline=None, phases=[Phase.generate], derandomize=True),
    )


@pytest.mark.parametrize("refusal", [NothingToSyncError, AttemptOpenError])
def test_the_drawn_looks_are_refused_for_every_reason(refusal: type[Exception]) -> None:
    find(
        steps,
        lambda moves: any(isinstance(look.refused, refusal) for look in played(moves).looks),
        settings=settings(max_examples=10_000, deadline=None, phases=[Phase.generate], derandomize=True),
    )
