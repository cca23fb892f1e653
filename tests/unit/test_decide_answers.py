"""What each answer to each question writes down, sends next and never sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest

from ledger import errors, events as e
from ledger.decisions.note_sync import BeginAttempt
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.questions import answers_to
from ledger.values import RecordId, Slot
from tests.builders import (
    BOOKING,
    HAIRCUT,
    MARIA,
    NOW,
    RECORD,
    attempted,
    cancelled,
    given,
    moved,
    order,
    succeeded,
)
from tests.questions import FOUR, ON, QUESTIONS, SIX, TEN, TWIN, answer, asked, state_of, then

ADOPTED = succeeded(seen_by="look_up")
AWAY = cancelled()
REMOVED = e.CrmBookingRemoved(BOOKING, RECORD, FOUR, MARIA)


def taken_over(was: Slot) -> e.CrmBookingMoved:
    return e.CrmBookingMoved(BOOKING, RECORD, was, SIX, (HAIRCUT,), MARIA)


ANSWERS: list[tuple[str, e.Answer, Sequence[e.AnyEvent], str | None]] = [
    # question, answer, what is written besides the answer, what is to be done next
    ("refused", "ours", (), "create"),
    ("refused", "theirs", (AWAY,), "skip"),
    ("refused", "offer", (), "create"),
    ("refused", "retry", (), "create"),
    ("busy", "ours", (), "create"),
    ("busy", "theirs", (AWAY,), "skip"),
    ("busy", "offer", (), "create"),
    ("busy", "retry", (), "create"),
    ("busy move", "ours", (), "move"),
    ("busy move", "theirs", (cancelled(FOUR),), "cancel"),
    ("busy move", "offer", (), "move"),
    ("busy move", "retry", (), "move"),
    ("overlap", "ours", (), None),
    ("overlap", "theirs", (AWAY,), "cancel"),
    ("overlap", "offer", (), None),
    ("overlap unsent", "ours", (), "create"),
    ("overlap unsent", "theirs", (AWAY,), "skip"),
    ("overlap unsent", "offer", (), "create"),
    ("overlap unsent", "retry", (), "create"),
    ("overlap open", "ours", (), "create"),
    ("overlap open", "theirs", (AWAY,), "skip"),
    ("overlap open", "offer", (), "create"),
    ("overlap open", "retry", (), "create"),
    ("lost twice", "ours", (ADOPTED,), "remove"),
    ("lost twice", "theirs", (succeeded(seen_by="look_up", record_id=TWIN),), "remove"),
    ("twin", "ours", (), "remove"),
    ("twin", "theirs", (), "remove"),
    ("alike", "ours", (ADOPTED,), "remove"),
    ("alike", "theirs", (succeeded(seen_by="look_up", record_id=TWIN),), "remove"),
    ("dragged", "ours", (), "move"),
    ("dragged", "theirs", (succeeded(seen_by="look_up", slot=SIX), taken_over(TEN)), None),
    ("dragged", "retry", (), "create"),
    ("moved", "ours", (), "move"),
    ("moved", "theirs", (taken_over(FOUR),), "skip"),
    ("moved", "offer", (), "move"),
    ("moved", "retry", (), "move"),
    ("moved of before", "offer", (), "move"),
    ("moved of before", "retry", (), "move"),
    ("removed", "ours", (), "create"),
    ("removed", "theirs", (REMOVED,), "skip"),
    ("removed", "offer", (), "move"),
    ("removed unknown", "ours", (), "create"),
    ("removed unknown", "theirs", (e.CrmBookingRemoved(BOOKING, RECORD, TEN, MARIA),), "skip"),
    ("removed unknown", "offer", (), "create"),
    ("blacklisted", "ours", (), "create"),
    ("blacklisted", "theirs", (AWAY,), "skip"),
    ("blacklisted", "retry", (), "create"),
    ("not offered", "ours", (), "create"),
    ("not offered", "theirs", (AWAY,), "skip"),
    ("not offered", "offer", (), "create"),
    ("not offered", "retry", (), "create"),
    ("unsendable", "ours", (), "create"),
    ("unsendable", "theirs", (AWAY,), "skip"),
    ("unsendable", "retry", (), "create"),
    ("unremovable", "ours", (), "cancel"),
    ("unremovable", "retry", (), "cancel"),
    ("second unremovable", "ours", (), "remove"),
    ("second unremovable", "theirs", (), None),
    ("second unremovable", "retry", (), "remove"),
]
OPEN = {"overlap open"}
"""Questions that stand beside a request whose outcome is not known: that is looked up first."""


@pytest.mark.parametrize(("question", "given_answer", "following", "next_step"), ANSWERS)
def test_an_answer_writes_down_what_follows_and_leaves_the_rest_to_the_sender(
    question: str, given_answer: e.Answer, following: Sequence[e.AnyEvent], next_step: str | None
) -> None:
    memory = asked(question)
    kind = state_of(memory).conflict

    assert answer(memory, given_answer) == [e.ConflictResolved(BOOKING, MARIA, given_answer, kind), *following]

    after = state_of(memory)
    assert after.operation == next_step
    assert after.parked == (given_answer == "offer"), "only a client who is still asked keeps it waiting"
    if not after.parked:
        waiting = "unknown" if question in OPEN else "synced" if next_step is None else "pending"
        assert after.status == waiting


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answers_a_question_has_are_those_of_the_table_and_any_other_is_refused(question: str) -> None:
    memory = asked(question)
    has = {given_answer for one, given_answer, *_ in ANSWERS if one == question}

    assert set(answers_to(state_of(memory))) == has
    for other in set(get_args(e.Answer)) - has:
        with pytest.raises(errors.NoSuchAnswerError):
            memory.decide(ResolveConflict(order(), BOOKING, other, state_of(memory).their_slot))


@pytest.mark.parametrize("question", ["refused", "busy", "busy move", "overlap unsent", "overlap open"])
def test_only_an_operators_word_goes_over_what_stands_there_and_only_for_that_wish(question: str) -> None:
    memory, again = asked(question), asked(question)
    answer(memory, "ours")
    answer(again, "retry")
    assert (state_of(memory).forced, state_of(again).forced) == (True, False)

    then(memory, moved(SIX))
    assert not state_of(memory).forced, "that was said of another time"


def test_what_is_in_the_crm_already_is_not_forced_later() -> None:
    memory = asked("overlap")
    answer(memory, "ours")
    assert not state_of(memory).forced


@pytest.mark.parametrize(("given_answer", "kept", "surplus"), [("ours", RECORD, (TWIN,)), ("theirs", TWIN, (RECORD,))])
@pytest.mark.parametrize("question", ["lost twice", "twin", "alike"])
def test_of_several_records_one_stays_and_each_other_is_removed(
    question: str, given_answer: e.Answer, kept: RecordId, surplus: tuple[RecordId, ...]
) -> None:
    memory = given(ON, *(_from_second(event) for event in QUESTIONS[question]))
    answer(memory, given_answer)
    assert (state_of(memory).record_id, state_of(memory).surplus) == (kept, surplus)

    begun = memory.execute(BeginAttempt(order(), BOOKING, 78, "remove", NOW, TEN))
    assert begun == [
        attempted(attempt_id=78, operation="remove", covers=(), record_id=surplus[0], deadline_at=NOW, number=1)
    ]
    gone = succeeded(attempt_id=78, operation="remove", covers=(), record_id=surplus[0])
    then(memory, gone)
    after = state_of(memory)
    assert (after.status, after.record_id, after.is_in_crm, after.crm_slot) == ("synced", kept, True, TEN)


def test_a_further_record_found_before_the_second_is_gone_is_removed_as_well() -> None:
    memory, third = asked("twin"), RecordId(9003)
    answer(memory, "ours")
    then(memory, e.ConflictFound(BOOKING, "duplicate", (RECORD, third)))
    answer(memory, "ours")
    assert (state_of(memory).record_id, state_of(memory).surplus) == (RECORD, (TWIN, third))


def _from_second(event: e.AnyEvent) -> e.AnyEvent:
    """The switch stands first in the log, so what covers the booking covers the second position."""
    if isinstance(event, e.SyncAttempted):
        return attempted(slot=event.slot, covers=(2,))
    return succeeded(covers=(2,)) if isinstance(event, e.SyncSucceeded) else event


def test_nothing_is_created_while_several_records_may_be_the_bookings() -> None:
    memory = given(ON, *QUESTIONS["lost twice"])
    then(memory, moved(FOUR))
    with pytest.raises(errors.NothingToSyncError):
        memory.decide(BeginAttempt(order(), BOOKING, 78, "create", NOW, FOUR))


@pytest.mark.parametrize("question", ["removed", "removed unknown"])
def test_what_is_created_anew_is_never_taken_for_the_record_that_was_removed(question: str) -> None:
    memory = asked(question)
    answer(memory, "ours")
    after = state_of(memory)
    assert (after.disowned, after.record_id, after.is_in_crm, after.crm_slot) == ((RECORD,), None, False, None)


def test_a_record_that_is_somebody_elses_is_not_the_bookings_any_more() -> None:
    memory = asked("dragged")
    answer(memory, "retry")
    assert (state_of(memory).disowned, state_of(memory).record_id) == ((RECORD,), None)


def test_a_record_moved_by_hand_is_moved_from_where_it_stands() -> None:
    memory = asked("moved")
    answer(memory, "ours")
    assert (state_of(memory).crm_slot, state_of(memory).slot) == (SIX, FOUR)
