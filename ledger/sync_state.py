"""What the CRM should hold of one booking, what it was last known to hold, and what is still open between the two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from ledger import events as e, questions
from ledger.codec import Recorded
from ledger.values import BookedService, BookingId, ClientId, RecordId, Slot

MAX_ATTEMPTS = 5
"""Attempts for one wish after which the CRM was found without it; the last one parks the booking."""

Status = Literal["pending", "synced", "unknown", "parked", "skipped"]


class SyncState(msgspec.Struct, frozen=True):
    """The sync side of one booking, folded from its timeline.

    `slot` is where the booking is wanted, `crm_slot` where the CRM was last known to hold it, `asked_slot` what the
    newest attempt asked for. `pending` are the positions of booking events that no attempt or skip has settled yet;
    `record_id` stays after a removal, `is_in_crm` tells whether the CRM holds the record now.

    While `parked`: `conflict` is the question (None: a plain refusal), about `conflict_records`, with `their_slot`
    where staff put it; `asked_at` is the position of the event that asked it, and tells it from any later one;
    `offered` when the client was asked to choose another time. `forced` goes over whatever stands there, by an
    operator's word. `surplus` are further records of the same visit, to be removed; `disowned` those that are not to
    be taken for this booking any more.
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
    asked_at: int | None = None
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
            moved = _wished_anew(state, item, is_move=True)
            return msgspec.structs.replace(moved, slot=event.slot, services=event.services)
        case e.BookingCancelled():
            return msgspec.structs.replace(_wished_anew(state, item, is_move=False), is_wanted=False)
        case e.CrmBookingMoved() | e.CrmBookingRemoved():
            return _as_in_crm(state, event)
        case e.ConflictFound():
            return questions.find_conflict(state, item.position, event)
        case e.ConflictResolved():
            return questions.resolve(state, event)
        case e.SyncFailed():
            return _failed(state, item.position, event)
        case e.SyncAttempted() | e.SyncSucceeded() | e.SyncSkipped():
            return _on_the_way(state, event)
        case _:
            return state  # everything else does not change what the CRM should hold


def _on_the_way(state: SyncState, event: e.SyncAttempted | e.SyncSucceeded | e.SyncSkipped) -> SyncState:
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
        case e.SyncSkipped():
            skipped = change(_settled(state, event.covers), skipped=True, retry_at=None, forced=False)
            # Of an erased client nobody can be asked any more, but for which record is whose.
            is_moot = event.reason == "erased" and state.conflict not in questions.ABOUT_RECORDS
            return questions.unasked(skipped) if is_moot else skipped


def _as_in_crm(state: SyncState, event: e.CrmBookingMoved | e.CrmBookingRemoved) -> SyncState:
    """What staff did in the CRM is wished from now on, unless the booking was called off already."""
    if state.conflict not in questions.ABOUT_RECORDS:
        state = questions.unasked(state)
    change = msgspec.structs.replace
    if isinstance(event, e.CrmBookingRemoved):
        return change(state, is_wanted=False, is_in_crm=False, crm_slot=None, attempts=0)
    slot = event.slot if state.is_wanted else state.slot
    return change(state, slot=slot, crm_slot=event.slot, record_id=event.record_id, is_in_crm=True, attempts=0)


def _wished_anew(state: SyncState, item: Recorded, *, is_move: bool) -> SyncState:
    return msgspec.structs.replace(
        questions.answer_by_wish(state, is_move=is_move),
        pending=(*state.pending, item.position),
        pending_since=state.pending_since or item.recorded_at,
        attempts=0,
        retry_at=None,
        skipped=False,
        forced=False,
    )


def fold_sync(history: Iterable[Recorded]) -> SyncState | None:
    """The state after a booking's whole timeline."""
    state: SyncState | None = None
    for item in history:
        state = evolve(state, item)
    return state


def _settled(state: SyncState, covers: tuple[int, ...]) -> SyncState:
    pending = tuple(position for position in state.pending if position not in covers)
    return msgspec.structs.replace(state, pending=pending, pending_since=state.pending_since if pending else None)


def _failed(state: SyncState, position: int, event: e.SyncFailed) -> SyncState:
    burns = event.outcome in ("refused", "absent") and event.kind not in ("auth", "licence", "rights")
    failed = msgspec.structs.replace(
        state,
        open_attempt=state.open_attempt if event.outcome == "unknown" else None,
        attempts=state.attempts + burns,
        was_absent=state.was_absent or event.outcome == "absent",
        retry_at=event.retry_at,
    )
    # What was asked before this attempt ended (overlap) stands whatever became of it.
    return questions.ask(failed, position, None) if event.parked and not state.parked else failed
