"""Questions that wait: how they come up, what displaces or outlives them, and what answers them without an operator."""

from __future__ import annotations

import pytest

from ledger import errors, events as e
from ledger.decisions.note_sync import NoteConflict, SkipSync
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.questions import answers_to
from tests.builders import (
    BOOKING,
    HAIRCUT,
    MARIA,
    OLGA,
    OTHER_BOOKING,
    RECORD,
    attempted,
    cancelled,
    failed,
    given,
    made,
    moved,
    order,
    slot,
)
from tests.questions import FOUR, QUESTIONS, SENT, SIX, STRANGER, TEN, TRIED, TWIN, answer, asked, found, state_of, then

ABOUT_RECORDS = ("lost twice", "twin", "alike", "dragged")


# --- the client answers ---


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one not in ABOUT_RECORDS])
def test_a_client_who_calls_it_off_answers_every_question_that_is_not_about_records(question: str) -> None:
    memory = asked(question)
    then(memory, cancelled())
    assert not state_of(memory).parked
    assert state_of(memory).operation in ("skip", "cancel", "remove")


@pytest.mark.parametrize(
    ("question", "next_step"),
    [
        ("refused", "create"),
        ("busy", "create"),
        ("busy move", "move"),
        ("overlap", "move"),
        ("overlap unsent", "create"),
        ("moved", "move"),
        ("removed", "create"),
        ("removed unknown", "create"),
        ("not offered", "create"),
    ],
)
def test_a_client_who_was_offered_another_time_and_takes_it_has_answered(question: str, next_step: str) -> None:
    memory = asked(question)
    answer(memory, "offer")
    offered = state_of(memory)
    assert (offered.parked, offered.offered) == (True, True)
    assert "offer" not in answers_to(offered), "they were asked already"

    then(memory, moved(slot("12:00")))
    after = state_of(memory)
    assert (after.parked, after.offered, after.operation) == (False, False, next_step)


def test_a_record_that_staff_moved_is_moved_from_there_once_the_client_chooses_anew() -> None:
    memory = asked("moved")
    then(memory, moved(slot("12:00")))
    assert (state_of(memory).crm_slot, state_of(memory).operation) == (SIX, "move")


@pytest.mark.parametrize("question", ["removed", "removed unknown"])
def test_a_client_who_moves_unasked_does_not_undo_that_staff_removed_it(question: str) -> None:
    memory = asked(question)
    then(memory, moved(slot("12:00")))
    assert (state_of(memory).parked, state_of(memory).conflict) == (True, "removed_in_crm")


# --- stale, unknown and odd ---


def test_an_answer_to_another_question_than_was_shown_is_refused() -> None:
    memory = asked("busy")
    shown = state_of(memory).asked_at
    assert shown == 4
    then(memory, found("moved_in_crm", RECORD, at=SIX))

    with pytest.raises(errors.StaleVersionError):
        memory.decide(ResolveConflict(order(), BOOKING, "retry", asked_at=shown))
    assert memory.new(ResolveConflict(order(), BOOKING, "retry", asked_at=5))


def test_theirs_is_what_the_operator_was_shown() -> None:
    memory = asked("moved")
    with pytest.raises(errors.StaleVersionError):
        memory.decide(ResolveConflict(order(), BOOKING, "theirs", slot("20:00")))
    with pytest.raises(errors.StaleVersionError):
        memory.decide(ResolveConflict(order(), BOOKING, "theirs"))


def test_a_booking_that_waits_for_nobody_has_no_answer() -> None:
    with pytest.raises(errors.NothingToResolveError):
        given(*SENT).decide(ResolveConflict(order(), BOOKING, "ours"))
    with pytest.raises(errors.UnknownBookingError):
        given().decide(ResolveConflict(order(), BOOKING, "ours"))


def test_their_time_is_taken_over_even_over_another_booking_which_then_asks_itself() -> None:
    memory = asked("moved")
    then(memory, made(SIX, booking_id=OTHER_BOOKING))
    events = answer(memory, "theirs")
    assert events[1:] == [
        e.CrmBookingMoved(BOOKING, RECORD, FOUR, SIX, (HAIRCUT,), MARIA, overlap_allowed=True),
        e.ConflictFound(OTHER_BOOKING, "overlap", (RECORD,)),
    ]


def test_what_stands_over_it_displaces_no_weightier_question() -> None:
    for question in ("moved", "removed", "twin", "busy"):
        before = state_of(asked(question))
        memory = asked(question)
        then(memory, found("overlap", STRANGER))
        assert state_of(memory) == before


def test_two_records_over_one_booking_are_one_question_about_both() -> None:
    memory = asked("overlap")
    then(memory, found("overlap", TWIN))
    assert state_of(memory).conflict_records == (STRANGER, TWIN)


@pytest.mark.parametrize("outcome", ["not_sent", "unknown", "absent", "refused"])
def test_a_question_from_the_diary_survives_whatever_becomes_of_a_request_under_way(outcome: str) -> None:
    memory = asked("overlap open")
    then(memory, failed(outcome=outcome))
    assert (state_of(memory).parked, state_of(memory).conflict) == (True, "overlap")


def test_a_request_of_unknown_outcome_is_still_looked_up_after_an_unsendable_one_is_tried_again() -> None:
    memory = given(*TRIED, failed(outcome="unknown"), found("unsendable"))
    answer(memory, "retry")
    assert (state_of(memory).status, state_of(memory).open_attempt) == ("unknown", attempted(slot=TEN))


def test_a_question_that_was_answered_may_come_up_again_unchanged() -> None:
    memory = asked("moved")
    answer(memory, "retry")
    note = NoteConflict(order(), BOOKING, "moved_in_crm", (RECORD,), their_slot=SIX)
    assert memory.new(note) == [found("moved_in_crm", RECORD, at=SIX)]


def test_a_booking_that_waits_for_a_person_is_not_skipped_behind_their_back() -> None:
    with pytest.raises(errors.NothingToSyncError):
        asked("busy").decide(SkipSync(order(), BOOKING, "past"))


def test_staff_who_move_the_record_answer_the_question_by_that() -> None:
    memory = asked("busy move")
    staff = e.CrmBookingMoved(BOOKING, RECORD, FOUR, slot("12:00", staff_id=OLGA), (HAIRCUT,), MARIA)
    then(memory, staff)
    assert (state_of(memory).parked, state_of(memory).operation) == (False, "skip")


def test_whether_it_stands_there_twice_is_no_question_of_what_staff_have_removed() -> None:
    memory = given(*SENT, e.CrmBookingRemoved(BOOKING, RECORD, TEN, MARIA))
    with pytest.raises(errors.NothingToSyncError):
        memory.decide(NoteConflict(order(), BOOKING, "duplicate", (RECORD, TWIN)))
