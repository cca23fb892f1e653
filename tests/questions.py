"""Every question a booking can wait for a person with, as the timeline that leads to it."""

from __future__ import annotations

from ledger import events as e
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.sync_state import SyncState, fold_sync
from ledger.values import RecordId, Slot
from tests.builders import (
    BOOKING,
    MARIA,
    RECORD,
    Memory,
    attempted,
    cancelled,
    failed,
    given,
    history,
    made,
    moved,
    order,
    slot,
    succeeded,
)

TWIN, STRANGER = RecordId(9002), RecordId(9003)
TEN, FOUR, SIX = slot(), slot("16:00"), slot("18:00")
ON = e.IntegrationResumed()
TRIED = made(), attempted(slot=TEN)
SENT = *TRIED, succeeded()
WISHED = *SENT, moved(FOUR)
"""Held by the CRM at ten, wished at four."""


def found(kind: e.ConflictKind, *records: RecordId, at: Slot | None = None) -> e.ConflictFound:
    return e.ConflictFound(BOOKING, kind, records, at)


QUESTIONS: dict[str, tuple[e.AnyEvent, ...]] = {
    "refused": (*TRIED, failed(parked=True)),
    "busy": (*TRIED, failed(parked=True), found("slot_busy", STRANGER)),
    "busy move": (*WISHED, found("slot_busy", STRANGER)),
    "overlap": (*SENT, found("overlap", STRANGER)),
    "overlap unsent": (made(), found("overlap", STRANGER)),
    "overlap open": (*TRIED, found("overlap", STRANGER)),
    "lost twice": (*TRIED, found("duplicate", RECORD, TWIN)),
    "twin": (*SENT, found("duplicate", TWIN, RECORD)),
    "alike": (*TRIED, failed(parked=True), found("ambiguous", RECORD, TWIN)),
    "dragged": (*TRIED, found("ambiguous", RECORD, at=SIX)),
    "moved": (*WISHED, found("moved_in_crm", RECORD, at=SIX)),
    "moved of before": (*WISHED, found("moved_in_crm", RECORD)),
    "removed": (*WISHED, found("removed_in_crm", RECORD)),
    "removed unknown": (*TRIED, found("removed_in_crm", RECORD)),
    "blacklisted": (*TRIED, failed(parked=True), found("client_refused")),
    "not offered": (*TRIED, failed(parked=True), found("not_offered")),
    "unsendable": (made(), found("unsendable")),
    "unremovable": (*SENT, cancelled(), attempted(operation="cancel", covers=(4,)), failed(parked=True)),
    "second unremovable": (
        *(*SENT, found("duplicate", TWIN, RECORD), e.ConflictResolved(BOOKING, MARIA, "ours", "duplicate")),
        *(attempted(operation="remove", covers=(), record_id=TWIN), failed(operation="remove", parked=True)),
    ),
}


def state_of(memory: Memory) -> SyncState:
    state = fold_sync(item for item in memory.log if getattr(item.event, "booking_id", None) == BOOKING)
    assert state is not None
    return state


def asked(question: str) -> Memory:
    return given(*QUESTIONS[question])


def answer(memory: Memory, given_answer: e.Answer) -> list[e.AnyEvent]:
    return memory.execute(ResolveConflict(order(), BOOKING, given_answer, state_of(memory).their_slot))


def then(memory: Memory, *events: e.AnyEvent) -> SyncState:
    """How it stands after these too."""
    memory.log += history(*events, after=len(memory.log))
    return state_of(memory)
