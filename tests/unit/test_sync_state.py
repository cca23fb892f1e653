"""What the CRM should hold, as folded from a booking's timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.sync_state import SyncState, fold_sync
from tests.builders import (
    BOOKING,
    MARIA,
    NOW,
    RECORD,
    attempted,
    cancelled,
    catalog,
    failed,
    held,
    history,
    lapsed,
    made,
    moved,
    seen_in_crm,
    slot,
    succeeded,
)

DUPLICATE = e.ConflictFound(BOOKING, "duplicate", (RECORD,))
BUSY = e.ConflictFound(BOOKING, "slot_busy", (RECORD,))


def state(*events: e.AnyEvent) -> SyncState:
    folded = fold_sync(history(*events))
    assert folded is not None
    return folded


@pytest.mark.parametrize("events", [(), (held(),), (held(), lapsed()), (seen_in_crm(booking_id=BOOKING),)])
def test_what_was_never_booked_with_us_has_no_sync_state(events: tuple[e.AnyEvent, ...]) -> None:
    assert fold_sync(history(*events)) is None


@pytest.mark.parametrize(
    ("events", "status", "operation"),
    [
        ((made(),), "pending", "create"),
        ((made(), attempted()), "unknown", "create"),
        ((made(), attempted(), failed(outcome="unknown")), "unknown", "create"),
        ((made(), attempted(), failed()), "pending", "create"),
        ((made(), attempted(), failed(outcome="not_sent")), "pending", "create"),
        ((made(), attempted(), failed(parked=True)), "parked", "create"),
        ((made(), attempted(), succeeded()), "synced", None),
        ((made(), cancelled()), "pending", "skip"),
        ((made(), cancelled(), e.SyncSkipped(BOOKING, (1, 2), "superseded")), "skipped", None),
        ((made(), e.SyncSkipped(BOOKING, (1,), "past")), "skipped", None),
        ((made(), attempted(), succeeded(), cancelled()), "pending", "cancel"),
        ((made(), BUSY), "parked", "create"),
    ],
)
def test_a_timeline_tells_status_and_what_is_left_to_do(
    events: tuple[e.AnyEvent, ...], status: str, operation: str | None
) -> None:
    folded = state(*events)

    assert (folded.status, folded.operation) == (status, operation)


def test_a_cancellation_during_an_attempt_is_sent_after_it() -> None:
    during = state(made(), attempted(), cancelled())
    after = state(made(), attempted(), cancelled(), succeeded())

    assert (during.status, during.pending) == ("unknown", (1, 3))
    assert (after.status, after.operation, after.pending, after.record_id) == ("pending", "cancel", (3,), RECORD)


def test_the_record_number_stays_after_its_removal() -> None:
    removed = state(
        made(),
        attempted(),
        succeeded(),
        cancelled(),
        attempted(operation="cancel", covers=(4,)),
        succeeded(operation="cancel", covers=(4,)),
    )

    assert (removed.record_id, removed.is_in_crm, removed.status) == (RECORD, False, "synced")


@pytest.mark.parametrize(("outcome", "burnt"), [("refused", 1), ("absent", 1), ("unknown", 0), ("not_sent", 0)])
def test_only_an_attempt_that_arrived_is_counted(outcome: str, burnt: int) -> None:
    assert state(made(), attempted(), failed(outcome=outcome)).attempts == burnt


def test_an_absence_is_remembered_until_success() -> None:
    missing = (made(), attempted(), failed(outcome="unknown"), failed(outcome="absent"))

    assert state(*missing).was_absent
    assert state(*missing).open_attempt is None
    assert not state(*missing, attempted(), succeeded()).was_absent


def test_a_retry_time_stands_until_the_next_outcome() -> None:
    later = NOW + timedelta(minutes=1)

    assert state(made(), attempted(), failed(retry_at=later)).retry_at == later
    assert state(made(), attempted(), failed(retry_at=later), attempted(), succeeded()).retry_at is None


def test_a_cancellation_starts_anew_with_attempts_and_retry_time() -> None:
    folded = state(made(), attempted(), failed(retry_at=NOW), cancelled())

    assert (folded.attempts, folded.retry_at) == (0, None)


def test_a_given_up_wish_leaves_the_persons_desk_but_several_records_stay() -> None:
    assert state(made(), BUSY, cancelled()).status == "pending"
    assert state(made(), attempted(), failed(parked=True), cancelled()).status == "pending"
    assert state(made(), DUPLICATE, cancelled()).status == "parked"


def test_the_age_is_that_of_the_oldest_unsettled_event() -> None:
    log = history(made(), cancelled())

    folded = fold_sync(log)

    assert folded is not None
    assert folded.pending_since == log[0].recorded_at
    assert state(made(), attempted(), succeeded()).pending_since is None


def test_what_does_not_concern_the_crm_changes_nothing() -> None:
    assert state(made(), catalog(), held(client_id=MARIA), e.IntegrationPaused("auth")) == state(made())


NEXT, THIRD = slot("16:00"), slot("18:00")
SENT = made(), attempted(slot=slot()), succeeded()
MOVE = attempted(operation="move", covers=(4,), slot=NEXT)
MOVED = succeeded(operation="move", covers=(4,))


@pytest.mark.parametrize(
    ("events", "status", "operation"),
    [
        ((*SENT, moved(NEXT)), "pending", "move"),
        ((*SENT, moved(NEXT), MOVE), "unknown", "move"),
        ((*SENT, moved(NEXT), MOVE, MOVED), "synced", None),
        ((*SENT, moved(NEXT), moved(slot(), NEXT)), "pending", "skip"),
        ((*SENT, moved(NEXT), cancelled(NEXT)), "pending", "cancel"),
        ((made(), moved(NEXT)), "pending", "create"),
        ((made(), moved(NEXT), cancelled(NEXT)), "pending", "skip"),
        # Moved again while the first move was under way: what was asked for is what the CRM holds now.
        ((*SENT, moved(NEXT), MOVE, moved(THIRD, NEXT), MOVED), "pending", "move"),
        ((made(), attempted(slot=slot()), moved(NEXT), succeeded()), "pending", "move"),
        # An attempt of before attempts named their slot.
        ((made(), attempted(), moved(NEXT), succeeded()), "pending", "move"),
    ],
)
def test_a_move_is_sent_as_long_as_the_crm_holds_another_slot(
    events: tuple[e.AnyEvent, ...], status: str, operation: str | None
) -> None:
    assert (state(*events).status, state(*events).operation) == (status, operation)


def test_what_the_crm_holds_is_known_after_a_move() -> None:
    after = state(*SENT, moved(NEXT), MOVE, moved(THIRD, NEXT), MOVED)
    assert (after.slot, after.crm_slot, after.pending, after.is_in_crm) == (THIRD, NEXT, (6,), True)


@pytest.mark.parametrize(
    ("events", "slots"),
    [
        ((made(),), ()),
        (SENT, ()),
        ((*SENT, moved(NEXT)), (slot(),)),
        ((*SENT, moved(NEXT), MOVE), (slot(),)),
        ((*SENT, moved(NEXT), MOVE, moved(THIRD, NEXT)), (slot(), NEXT)),
        ((*SENT, cancelled()), (slot(),)),
        ((made(), attempted(slot=slot()), cancelled()), (slot(),)),
        ((made(), attempted(slot=slot()), moved(NEXT)), (slot(),)),
        ((made(), attempted(slot=slot()), failed(outcome="not_sent"), moved(NEXT)), ()),
        ((made(), attempted(slot=slot()), DUPLICATE, cancelled()), (slot(),)),
    ],
)
def test_a_slot_is_left_only_when_the_crm_no_longer_holds_it(
    events: tuple[e.AnyEvent, ...], slots: tuple[object, ...]
) -> None:
    assert state(*events).slots_to_leave() == slots


def test_a_move_asks_again_what_was_refused() -> None:
    assert not state(made(), attempted(), failed(parked=True), moved(NEXT)).parked
    assert state(made(), attempted(), DUPLICATE, moved(NEXT)).parked
