"""History is not up for debate: any sequence of events folds, and every question that stands can be answered."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import Phase, find, given, settings, strategies as st

from ledger import events as e
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.questions import answers_to
from ledger.sync_state import SyncState, fold_sync
from ledger.values import RecordId
from tests.builders import BOOKING, HAIRCUT, MARIA, RECORD, Memory, attempted, failed, made, order, slot, succeeded

places = st.sampled_from([slot(), slot("12:00"), slot("16:00")])
records = st.sampled_from([RECORD, RecordId(9002), RecordId(9003)])
some_records = st.lists(records, max_size=3, unique=True).map(tuple)
covers = st.sampled_from([(), (1,), (1, 2), (2, 3), (4,)])
operations = st.sampled_from(get_args(e.Operation))
kinds = st.sampled_from(get_args(e.ConflictKind))
outcomes = st.sampled_from(["not_sent", "refused", "unknown", "absent"])
events: st.SearchStrategy[e.AnyEvent] = st.one_of(
    st.builds(lambda place, was: e.BookingMoved(BOOKING, MARIA, was, place, made().services), places, places),
    st.builds(lambda place: e.BookingCancelled(BOOKING, MARIA, place), places),
    st.builds(
        lambda doing, those, record, place: attempted(operation=doing, covers=those, record_id=record, slot=place),
        *(operations, covers, st.none() | records, st.none() | places),
    ),
    st.builds(
        lambda doing, those, record, place: succeeded(operation=doing, covers=those, record_id=record, slot=place),
        *(operations, covers, records, st.none() | places),
    ),
    st.builds(
        lambda doing, outcome, parked: failed(operation=doing, outcome=outcome, parked=parked),
        *(operations, outcomes, st.booleans()),
    ),
    st.builds(lambda those: e.SyncSkipped(BOOKING, those, "superseded"), covers),
    st.builds(
        lambda kind, those, place: e.ConflictFound(BOOKING, kind, those, place),
        *(kinds, some_records, st.none() | places),
    ),
    st.builds(
        lambda answer, kind: e.ConflictResolved(BOOKING, MARIA, answer, kind),
        *(st.sampled_from(get_args(e.Answer)), st.none() | kinds),
    ),
    st.builds(
        lambda record, was, place: e.CrmBookingMoved(BOOKING, record, was, place, (HAIRCUT,), MARIA),
        *(records, places, places),
    ),
    st.builds(lambda record, place: e.CrmBookingRemoved(BOOKING, record, place, MARIA), records, places),
)
lives = st.lists(events, max_size=14)


def lived(life: list[e.AnyEvent]) -> Memory:
    return Memory(made(), *life)


def state_of(memory: Memory) -> SyncState:
    state = fold_sync(memory.log)
    assert state is not None
    return state


@given(lives)
@settings(max_examples=500, deadline=None)
def test_any_sequence_of_events_folds_and_a_question_is_there_or_not_there_as_a_whole(life: list[e.AnyEvent]) -> None:
    state = state_of(lived(life))

    asked = (state.asked_at is not None, state.status == "parked", bool(answers_to(state)))
    assert asked == (state.parked,) * 3
    if not state.parked:
        assert (state.conflict, state.conflict_records, state.their_slot, state.offered) == (None, (), None, False)


@given(lives, st.sampled_from(get_args(e.Answer)))
@settings(max_examples=500, deadline=None)
def test_every_answer_that_a_question_has_ends_it_or_asks_the_client(life: list[e.AnyEvent], answer: e.Answer) -> None:
    memory = lived(life)
    before = state_of(memory)
    if answer not in answers_to(before):
        return

    written = memory.execute(ResolveConflict(order(), BOOKING, answer, before.their_slot, before.asked_at))

    after = state_of(memory)
    assert isinstance(written[0], e.ConflictResolved)
    assert (after.parked, after.offered) == ((answer == "offer"),) * 2
    assert not set(after.surplus) & {after.record_id} or after.record_id is None
    if answer == "theirs" and before.conflict == "removed_in_crm":
        assert after.operation != "create"


@pytest.mark.parametrize("kind", [None, *get_args(e.ConflictKind)])
def test_the_generated_lives_reach_every_question(kind: e.ConflictKind | None) -> None:
    """Guards the properties above against passing because nothing is ever asked."""

    def is_asked(life: list[e.AnyEvent]) -> bool:
        state = state_of(lived(life))
        return state.parked and state.conflict == kind

    find(lives, is_asked, settings=settings(max_examples=2000, deadline=None, phases=[Phase.generate]))
