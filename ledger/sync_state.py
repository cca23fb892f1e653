"""What the CRM should hold of one booking, what it was last known to hold, and what is still open between the two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from ledger import events as e
from ledger.codec import Recorded
from ledger.values import BookedService, BookingId, ClientId, RecordId, Slot

MAX_ATTEMPTS = 5
"""Attempts for one wish after which the CRM was found without it; the last one parks the booking."""

ABOUT_RECORDS = ("duplicate", "ambiguous")
"""Conflicts in which several records may be the booking's: nothing may be created until one is named."""

Status = Literal["pending", "synced", "unknown", "parked", "skipped"]


class SyncState(msgspec.Struct, frozen=True):
    """The sync side of one booking, folded from its timeline.

    `slot` is where the booking is wanted, `crm_slot` where the CRM was last known to hold it, `asked_slot` what the
    newest attempt asked for. `pending` are the positions of booking events that no attempt or skip has settled yet;
    `record_id` stays after a removal, `is_in_crm` tells whether the CRM holds the record now.

    While `parked`: `conflict` is the question (None: a plain refusal), about `conflict_records`, with `their_slot`
    where staff put it; `offered` when the client was asked to choose another time. `forced` goes over whatever stands
    there, by an operator's word. `surplus` are further records of the same visit, to be removed; `disowned` those
    that are not to be taken for this booking any more.
    """

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    services: tuple[BookedService, ...]
    is_wanted: bool
    pending: tuple[int, ...]
    pending_since: datetime | None
    record_id: RecordId | None = None
    is_in_crm: bool = False
    crm_slot: Slot | None = None
    asked_slot: Slot | None = None
    open_attempt: e.SyncAttempted | None = None
    attempts: int = 0
    was_absent: bool = False
    retry_at: datetime | None = None
    parked: bool = False
    conflict: e.ConflictKind | None = None
    skipped: bool = False
    conflict_records: tuple[RecordId, ...] = ()
    their_slot: Slot | None = None
    offered: bool = False
    forced: bool = False
    surplus: tuple[RecordId, ...] = ()
    disowned: tuple[RecordId, ...] = ()

    @property
    def status(self) -> Status:
        if self.parked:
            return "parked"
        if self.open_attempt is not None:
            return "unknown"
        if self.pending or self.surplus:
            return "pending"
        return "skipped" if self.skipped else "synced"

    @property
    def operation(self) -> e.Operation | Literal["skip"] | None:
        """What would bring the CRM to what is wanted; None when nothing is left to do."""
        if self.surplus:
            return "remove"
        if not self.pending:
            return None
        if self.is_wanted and self.is_in_crm:
            return "skip" if self.crm_slot == self.slot else "move"
        if self.is_wanted == self.is_in_crm:
            return "skip"
        return "create" if self.is_wanted else "cancel"

    def slots_to_leave(self) -> tuple[Slot, ...]:
        """Where the CRM holds this booking, or may, although it is wanted elsewhere or not at all."""
        may_hold = [self.crm_slot] if self.is_in_crm else []
        if self.open_attempt is not None or self.parked:
            may_hold.append(self.asked_slot)
        wanted = self.slot if self.is_wanted else None
        return tuple(dict.fromkeys(slot for slot in may_hold if slot is not None and slot != wanted))


def evolve(state: SyncState | None, item: Recorded) -> SyncState | None:
    """The state after one more event; None until the booking is made."""
    event = item.event
    if isinstance(event, e.BookingMade):
        return SyncState(
            event.booking_id,
            event.client_id,
            event.slot,
            event.services,
            is_wanted=True,
            pending=(item.position,),
            pending_since=item.recorded_at,
        )
    if state is None:
        return None
    match event:
        case e.BookingMoved():
            return msgspec.structs.replace(_wished_anew(state, item), slot=event.slot, services=event.services)
        case e.BookingCancelled():
            return msgspec.structs.replace(_wished_anew(state, item), is_wanted=False)
        case e.CrmBookingMoved() | e.CrmBookingRemoved():
            return _as_in_crm(state, event)
        case e.ConflictFound():
            return _in_conflict(state, event)
        case e.ConflictResolved():
            return _resolved(state, event)
        case e.SyncAttempted() | e.SyncSucceeded() | e.SyncFailed() | e.SyncSkipped():
            return _on_the_way(state, event)
        case _:
            return state  # everything else does not change what the CRM should hold


def _on_the_way(state: SyncState, event: e.SyncAttempted | e.SyncSucceeded | e.SyncFailed | e.SyncSkipped) -> SyncState:
    change = msgspec.structs.replace
    match event:
        case e.SyncAttempted():
            asked = None if event.operation in ("cancel", "remove") else event.slot or state.slot
            return change(state, open_attempt=event, asked_slot=asked)
        case e.SyncSucceeded(operation="remove"):
            left = tuple(record for record in state.surplus if record != event.record_id)
            return change(state, surplus=left, open_attempt=None, attempts=0, was_absent=False, retry_at=None)
        case e.SyncSucceeded():
            is_in_crm = event.operation != "cancel"
            return change(
                _settled(state, event.covers),
                record_id=event.record_id,
                is_in_crm=is_in_crm,
                crm_slot=(event.slot or state.asked_slot) if is_in_crm else None,
                open_attempt=None,
                attempts=0,
                was_absent=False,
                retry_at=None,
                forced=False,
            )
        case e.SyncFailed():
            return _failed(state, event)
        case e.SyncSkipped():
            return change(_settled(state, event.covers), skipped=True, retry_at=None, forced=False)


def _as_in_crm(state: SyncState, event: e.CrmBookingMoved | e.CrmBookingRemoved) -> SyncState:
    """What staff did in the CRM is wished from now on, unless the booking was called off already."""
    change, state = msgspec.structs.replace, _answered(state)
    if isinstance(event, e.CrmBookingRemoved):
        return change(state, is_wanted=False, is_in_crm=False, crm_slot=None, attempts=0)
    slot = event.slot if state.is_wanted else state.slot
    return change(state, slot=slot, crm_slot=event.slot, record_id=event.record_id, is_in_crm=True, attempts=0)


def _wished_anew(state: SyncState, item: Recorded) -> SyncState:
    """A wish that was refused is no longer a question once the client wishes something else; several records are."""
    return msgspec.structs.replace(
        _answered(state),
        pending=(*state.pending, item.position),
        pending_since=state.pending_since or item.recorded_at,
        attempts=0,
        retry_at=None,
        skipped=False,
        forced=False,
    )


def _answered(state: SyncState) -> SyncState:
    """Without its question, unless that is about several records: which of them is ours no new wish tells."""
    if state.conflict in ABOUT_RECORDS:
        return state
    return msgspec.structs.replace(
        state, parked=False, conflict=None, conflict_records=(), their_slot=None, offered=False
    )


def _in_conflict(state: SyncState, event: e.ConflictFound) -> SyncState:
    """What was found in the diary (overlap) says nothing about a request that is still open."""
    if state.conflict in ABOUT_RECORDS and event.kind not in ABOUT_RECORDS and state.parked:
        return state  # which record is ours has to be answered first
    return msgspec.structs.replace(
        state,
        parked=event.kind in ABOUT_RECORDS or state.is_wanted or state.is_in_crm,
        conflict=event.kind,
        conflict_records=event.record_ids,
        their_slot=event.their_slot,
        offered=False,
        open_attempt=state.open_attempt if event.kind == "overlap" else None,
    )


def _resolved(state: SyncState, event: e.ConflictResolved) -> SyncState:
    """What an answer changes by itself; `theirs` is carried out by the events that follow it in the same append."""
    change = msgspec.structs.replace
    if event.answer == "offer":
        return change(state, offered=True)
    records, their_slot = state.conflict_records, state.their_slot
    free = change(
        state,
        parked=False,
        conflict=None,
        conflict_records=(),
        their_slot=None,
        offered=False,
        attempts=0,
        retry_at=None,
    )
    if event.kind in ABOUT_RECORDS:
        kept = kept_record(state, event.answer)
        surplus = tuple(record for record in records if record != kept)
        crm_slot = state.crm_slot or state.asked_slot or state.slot
        return change(free, record_id=kept, is_in_crm=True, crm_slot=crm_slot, surplus=surplus)
    if event.answer != "ours":
        return free
    if event.kind == "removed_in_crm":
        disowned = tuple(dict.fromkeys((*state.disowned, *records)))
        return change(free, record_id=None, is_in_crm=False, crm_slot=None, disowned=disowned)
    if event.kind == "moved_in_crm":
        return change(free, crm_slot=their_slot or state.crm_slot)
    return change(free, forced=True)


def kept_record(state: SyncState, answer: e.Answer) -> RecordId:
    """Which of several records of one visit stays: the one we know as ours, or the one that is not."""
    records = state.conflict_records
    ours = state.record_id if state.record_id in records else records[0]
    if answer == "ours":
        return ours
    return next((record for record in reversed(records) if record != ours), ours)


def fold_sync(history: Iterable[Recorded]) -> SyncState | None:
    """The state after a booking's whole timeline."""
    state: SyncState | None = None
    for item in history:
        state = evolve(state, item)
    return state


def _settled(state: SyncState, covers: tuple[int, ...]) -> SyncState:
    pending = tuple(position for position in state.pending if position not in covers)
    return msgspec.structs.replace(state, pending=pending, pending_since=state.pending_since if pending else None)


def _failed(state: SyncState, event: e.SyncFailed) -> SyncState:
    burns = event.outcome in ("refused", "absent") and event.kind not in ("auth", "licence", "rights")
    return msgspec.structs.replace(
        state,
        open_attempt=state.open_attempt if event.outcome == "unknown" else None,
        attempts=state.attempts + burns,
        was_absent=state.was_absent or event.outcome == "absent",
        retry_at=event.retry_at,
        # A refusal of what nobody wants any more is no question for a person.
        parked=event.parked and (state.is_wanted or state.is_in_crm),
    )
