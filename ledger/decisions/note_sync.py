"""Write down every step of sending a booking to the CRM: before the request leaves, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.ledger import Already, Order
from ledger.questions import ABOUT_RECORDS
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, RecordId, Slot


@dataclass(frozen=True)
class BeginAttempt:
    """Writes down that a request is about to leave, if the ledger itself says it is needed and allowed now.

    Raises IntegrationPausedError while paused, NothingToSyncError when the CRM already holds what it should, an
    attempt is open (look it up first), the booking waits for a person, its retry time has not come, or it is wanted in
    another slot than the planned one by now: what was looked at for one slot says nothing about another.
    """

    order: Order
    booking_id: BookingId
    attempt_id: int
    operation: e.Operation
    deadline_at: datetime
    slot: Slot

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id), boundaries.integration_state()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        if not isinstance(latest(history, e.IntegrationPaused, e.IntegrationResumed), e.IntegrationResumed):
            raise errors.IntegrationPausedError
        state = _state(history)
        if state.parked or state.open_attempt is not None or state.operation != self.operation:
            raise errors.NothingToSyncError
        if state.slot != self.slot:
            raise errors.NothingToSyncError
        if state.retry_at is not None and state.retry_at > self.order.at:
            raise errors.NothingToSyncError
        return [
            e.SyncAttempted(
                self.booking_id,
                state.client_id,
                self.attempt_id,
                self.operation,
                state.pending if self.operation != "remove" else (),
                state.attempts + 1,
                self.deadline_at,
                self._record(state),
                state.slot if self.operation in ("create", "move") else None,
            )
        ]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.SyncAttempted:
        return next(event for event in events if isinstance(event, e.SyncAttempted))

    def _record(self, state: SyncState) -> RecordId | None:
        if self.operation == "remove":
            return state.surplus[0]
        return state.record_id if self.operation != "create" else None


@dataclass(frozen=True)
class NoteOutcome:
    """Writes down what became of the open attempt; an attempt that is closed already stays as it was closed.

    A no to a wish that has changed since is no question for a person: the newer wish goes its own way.
    """

    order: Order
    outcome: e.SyncSucceeded | e.SyncFailed
    conflict: e.ConflictFound | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.outcome.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        state = _state(history)
        if state.open_attempt is None or state.open_attempt.attempt_id != self.outcome.attempt_id:
            raise errors.NothingToSyncError
        has_changed = state.open_attempt.operation != "remove" and state.pending != state.open_attempt.covers
        if has_changed and isinstance(self.outcome, e.SyncFailed) and not _is_about_records(self.conflict):
            return [msgspec.structs.replace(self.outcome, parked=False)]
        return [self.outcome, self.conflict] if self.conflict is not None else [self.outcome]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.SyncSucceeded | e.SyncFailed:
        return next(event for event in events if isinstance(event, e.SyncSucceeded | e.SyncFailed))


@dataclass(frozen=True)
class SkipSync:
    """Writes down that nothing need be sent: superseded, or past by the operator's choice."""

    order: Order
    booking_id: BookingId
    reason: e.SkipReason

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        state = _state(history)
        if not state.pending or state.open_attempt is not None or state.parked:
            raise errors.NothingToSyncError
        if self.reason == "superseded" and state.operation != "skip":
            raise errors.NothingToSyncError
        return [e.SyncSkipped(self.booking_id, state.pending, self.reason)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.SyncSkipped:
        return next(event for event in events if isinstance(event, e.SyncSkipped))


@dataclass(frozen=True)
class NoteConflict:
    """Parks a booking for a person, with the records in question.

    Raises NothingToSyncError when something else than `pending`, if given, is wished by now: the look was about another
    wish. Several records of one booking are a question whatever is wished, unless none is wished or in the CRM.
    """

    order: Order
    booking_id: BookingId
    kind: e.ConflictKind
    record_ids: tuple[RecordId, ...]
    pending: tuple[int, ...] | None = None
    their_slot: Slot | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        found = e.ConflictFound(self.booking_id, self.kind, self.record_ids, self.their_slot)
        state = _state(history)
        is_outdated = self.pending is not None and state.pending != self.pending
        is_over = not (state.is_wanted or state.is_in_crm or state.open_attempt or state.pending)
        if (is_outdated and not _is_about_records(found)) or (is_over and self.kind == "duplicate"):
            raise errors.NothingToSyncError
        if state.parked and (known := latest(history, e.ConflictFound)) == found:
            return Already(known)
        return [found]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ConflictFound:
        return next(event for event in events if isinstance(event, e.ConflictFound))


def _is_about_records(conflict: e.ConflictFound | None) -> bool:
    return conflict is not None and conflict.kind in ABOUT_RECORDS


def _state(history: Sequence[Recorded]) -> SyncState:
    state = fold_sync(item for item in history if hasattr(item.event, "booking_id"))
    if state is None:
        raise errors.UnknownBookingError
    return state
