"""The question with which a booking waits for a person: how it comes up, which answers it has, what each changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger import events as e
from ledger.values import RecordId, Slot

if TYPE_CHECKING:
    from ledger.sync_state import SyncState  # which folds by these functions

ABOUT_RECORDS = ("duplicate", "ambiguous")
"""Conflicts in which several records may be the booking's: nothing may be created until one is named."""

STAYS_OPEN = ("overlap", "unsendable")
"""Conflicts that say nothing about a request that may be on its way: it is still looked up."""


def ask(
    state: SyncState,
    position: int,
    kind: e.ConflictKind | None,
    records: tuple[RecordId, ...] = (),
    their_slot: Slot | None = None,
) -> SyncState:
    """Parks the booking with this question, if it matters at all: what nobody wants nor has is no question."""
    if kind not in ABOUT_RECORDS and not (state.is_wanted or state.is_in_crm):
        return state
    return msgspec.structs.replace(
        state,
        parked=True,
        asked_at=position,
        conflict=kind,
        conflict_records=records,
        their_slot=their_slot,
        offered=False,
    )


def find_conflict(state: SyncState, position: int, event: e.ConflictFound) -> SyncState:
    """The question that comes up, unless a weightier one stands: which record is ours has to be answered first.

    What stands over the booking in the diary (overlap) the sender meets anyway, so it displaces no question.
    """
    change = msgspec.structs.replace
    if event.kind not in STAYS_OPEN:
        state = change(state, open_attempt=None)
    records = event.record_ids
    if state.parked:
        if state.conflict in ABOUT_RECORDS and event.kind not in ABOUT_RECORDS:
            return state
        if event.kind == "overlap" and state.conflict != "overlap":
            return state
        if event.kind == "overlap":
            records = tuple(dict.fromkeys((*state.conflict_records, *records)))
    return ask(state, position, event.kind, records, event.their_slot)


def unasked(state: SyncState) -> SyncState:
    """Without its question."""
    return msgspec.structs.replace(
        state, parked=False, asked_at=None, conflict=None, conflict_records=(), their_slot=None, offered=False
    )


def answer_by_wish(state: SyncState, *, is_move: bool) -> SyncState:
    """What the client wishes anew answers most questions by itself.

    Not which of several records is theirs; nor, unless they were asked to choose another time, whether a record that
    staff removed is to come back.
    """
    if state.conflict in ABOUT_RECORDS:
        return state
    if state.conflict == "removed_in_crm" and is_move:
        return _without_record(state) if state.offered else state
    if state.conflict == "moved_in_crm":
        return msgspec.structs.replace(unasked(state), crm_slot=state.their_slot or state.crm_slot)
    return unasked(state)


def answers_to(state: SyncState) -> tuple[e.Answer, ...]:
    """Every answer the question has; none when the booking does not wait for a person.

    What cannot be forced on the CRM (a client it refuses, a service it no longer has) takes `ours` for one more try.
    """
    if not state.parked:
        return ()
    offer: tuple[e.Answer, ...] = () if state.offered else ("offer",)
    match state.conflict:
        case "duplicate" | "ambiguous":
            return ("ours", "theirs", "retry") if is_dragged(state) else ("ours", "theirs")
        case _ if not state.is_wanted:
            return ("ours", "retry")
        case "moved_in_crm" if state.their_slot is None:
            return (*offer, "retry")
        case "removed_in_crm":
            return ("ours", "theirs", *offer)
        case "overlap" if state.operation is None and state.open_attempt is None:
            return ("ours", "theirs", *offer)
        case "unsendable" | "client_refused":
            return ("ours", "theirs", "retry")
        case None if state.surplus:
            return ("ours", "theirs", "retry")
        case _:
            return ("ours", "theirs", *offer, "retry")


def is_dragged(state: SyncState) -> bool:
    """True for the question whether a single record, elsewhere and without our number, is the booking's."""
    return state.conflict == "ambiguous" and state.their_slot is not None


def kept_record(state: SyncState, answer: e.Answer) -> RecordId | None:
    """Which of several records of one visit stays: the one we know as ours, or the one that is not."""
    records = state.conflict_records
    if not records:
        return state.record_id
    ours = state.record_id if state.record_id in records else records[0]
    if answer == "ours":
        return ours
    return next((record for record in reversed(records) if record != ours), ours)


def resolve(state: SyncState, event: e.ConflictResolved) -> SyncState:
    """What an answer changes by itself; `theirs` is carried out by the events that follow it in the same append."""
    change = msgspec.structs.replace
    if event.answer == "offer":
        return change(state, offered=state.parked)
    free = change(unasked(state), attempts=0, retry_at=None, forced=False)
    match event.kind:
        case "duplicate" | "ambiguous" if event.answer == "retry":
            return _disowning(free, state.conflict_records)
        case "duplicate" | "ambiguous":
            return _keeping_one(state, free, event.answer)
        case None if state.surplus and event.answer == "theirs":
            return change(_disowning(free, state.surplus), surplus=())
        case _ if event.answer != "ours":
            return free
        case "removed_in_crm":
            return change(_without_record(state), attempts=0, retry_at=None, forced=False)
        case "moved_in_crm":
            return change(free, crm_slot=state.their_slot or state.crm_slot)
        case _:
            return change(free, forced=bool(state.pending))


def _keeping_one(state: SyncState, free: SyncState, answer: e.Answer) -> SyncState:
    kept = kept_record(state, answer)
    if kept is None:
        return free
    further = dict.fromkeys((*state.surplus, *state.conflict_records))  # what was to be removed still is
    surplus = tuple(record for record in further if record != kept)
    crm_slot = state.their_slot or state.crm_slot or state.asked_slot or state.slot
    return msgspec.structs.replace(free, record_id=kept, is_in_crm=True, crm_slot=crm_slot, surplus=surplus)


def _without_record(state: SyncState) -> SyncState:
    """The record that staff removed stays removed; the booking gets another one."""
    free = _disowning(unasked(state), state.conflict_records)
    return msgspec.structs.replace(free, record_id=None, is_in_crm=False, crm_slot=None)


def _disowning(state: SyncState, records: tuple[RecordId, ...]) -> SyncState:
    return msgspec.structs.replace(state, disowned=tuple(dict.fromkeys((*state.disowned, *records))))
