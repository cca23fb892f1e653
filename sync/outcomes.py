"""What became of an attempt: by its answer, or by looking the booking up; each ends as one event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import structlog

from ledger import events as e
from ledger.clock import Clock
from ledger.codec import stored_name
from ledger.decisions.note_sync import NoteConflict, NoteOutcome
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.sync_state import MAX_ATTEMPTS, SyncState
from ledger.values import Actor, RecordId, Slot
from projections import backlog
from projections.clients import phone_of
from sync import errors, look_up
from sync.contradictions import as_far_as_fulfilled, conflict_of, dragged, elsewhere, in_question, slot_of, suspicion
from sync.pace import Pace
from sync.patience import Patience
from sync.refusals import RefusedError, pause_for
from sync.steps import At, Point, pass_by
from sync.way import Way
from sync.wire import CrmRecord
from sync.yclients import Yclients

_log = structlog.get_logger("sync")
_SENDER = Actor("system", "sync")
MOST_ATTEMPTS_IN_OUTAGE = 30
"""Absences that park a booking even while no write at all gets through: nothing is tried for ever."""
_MESSAGE = f"{stored_name(e.SyncFailed)}.message"


class Outcomes:
    """Writes outcomes down and looks up those nobody knows."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        crm: Yclients,
        clock: Clock,
        pace: Pace,
        way: Way | None = None,
        at: At = pass_by,
    ) -> None:
        self._ledger, self._vault, self._crm, self._clock = ledger, vault, crm, clock
        self._pace, self._way, self._at = pace, way or Way(pace), at
        self._patience = Patience(pace)

    def succeed(
        self,
        attempt: e.SyncAttempted,
        record_id: int,
        seen_by: Literal["answer", "look_up"],
        lease: Lease,
        slot: Slot | None = None,
    ) -> None:
        """The CRM holds what it should; at `slot`, if that is not where it was asked to."""
        booking_id, doing, record = attempt.booking_id, attempt.operation, RecordId(record_id)
        done = e.SyncSucceeded(booking_id, attempt.attempt_id, doing, attempt.covers, record, seen_by, slot)
        self._ledger.execute(NoteOutcome(self._order(attempt, "outcome"), done), lease=lease)
        _log.info("synced", booking=booking_id, operation=doing, record=record_id, by=seen_by)

    def fail(self, attempt: e.SyncAttempted, failure: errors.SyncError, lease: Lease) -> None:
        """Sorts a failure: the CRM untouched, its own no, or unknown; a no to us as such pauses the integration."""
        outcome: Literal["not_sent", "refused", "unknown"]
        match failure:
            case errors.NotSentError():
                outcome = "not_sent"
            case errors.UnknownOutcomeError() | errors.RateLimitedError() | errors.GoneError():
                # Nobody has shown that a 429 always comes before the work: looked up like any unknown. And a 404 to
                # a write is about the address, which was wrong for everybody when the API was cut off.
                outcome = "unknown"
            case _:
                outcome = "refused"
        parked = outcome == "refused" and not isinstance(failure, RefusedError)
        self._note_failure(attempt, failure, outcome, lease, parked=parked, conflict=conflict_of(failure, attempt))
        if isinstance(failure, RefusedError):
            self._at("pause", Point.OUTCOME_STORED)
            pause_for(self._ledger, self._clock, failure, f"sync:{attempt.attempt_id}:pause")
            self._at("pause", Point.PAUSED)

    def settle_busy(
        self, state: SyncState, attempt: e.SyncAttempted, phone: str, busy: errors.BusyError, lease: Lease
    ) -> None:
        """Busy is not an answer by itself: what stands there may be our own record, or staff's copy of it."""
        slot = attempt.slot or state.slot
        try:
            records = look_up.by_slot(self._crm, slot)
        except errors.SyncError:
            self._note_failure(attempt, busy, "unknown", lease)
            return
        found = look_up.matching(records, state, slot, phone, self.bound_elsewhere(state))
        if len(found.live) == 1:
            there, record_id = elsewhere(found.live[0], slot), found.live[0].record_id
            self.succeed(as_far_as_fulfilled(self._ledger, attempt, there), record_id, "look_up", lease, there)
            return
        clashing = found.live or [record for record in records if look_up.stands_in(record, slot)]
        self._refuse_busy(attempt, busy, "ambiguous" if found.live else "slot_busy", clashing, lease)

    def standing(self, state: SyncState, phone: str) -> list[CrmRecord]:
        """Live records where the booking is wanted that are its own, or staff's copies. Raises a read's SyncError."""
        records, others = look_up.by_slot(self._crm, state.slot), self.bound_elsewhere(state)
        return look_up.matching(records, state, state.slot, phone, others).live

    def settle_busy_move(
        self, state: SyncState, attempt: e.SyncAttempted, busy: errors.BusyError, lease: Lease, *, is_forced: bool
    ) -> bool:
        """False when nothing but the booking's own old time is in the way, so that it may be sent over that."""
        slot = attempt.slot or state.slot
        try:
            records = look_up.by_slot(self._crm, slot)
        except errors.SyncError:
            self._note_failure(attempt, busy, "unknown", lease)
            return True
        clashing = [one for one in records if look_up.stands_in(one, slot) and one.record_id != attempt.record_id]
        if clashing or is_forced or attempt.number >= MAX_ATTEMPTS:
            self._refuse_busy(attempt, busy, "slot_busy", clashing, lease)
            return True
        self._note_failure(attempt, busy, "refused", lease)
        return False

    def _refuse_busy(
        self,
        attempt: e.SyncAttempted,
        busy: errors.BusyError,
        kind: e.ConflictKind,
        clashing: Sequence[CrmRecord],
        lease: Lease,
    ) -> None:
        records = tuple(RecordId(record.record_id) for record in clashing)
        conflict = e.ConflictFound(attempt.booking_id, kind, records)
        self._at("conflict", Point.LOOKED)
        self._note_failure(attempt, busy, "refused", lease, parked=True, conflict=conflict)
        self._at("conflict", Point.OUTCOME_STORED)

    def is_look_up_due(self, attempt: e.SyncAttempted) -> bool:
        return self._patience.is_due(attempt.attempt_id)

    def look_up(self, state: SyncState, lease: Lease) -> None:
        """Finds out what became of an attempt nobody knows the outcome of. Raises a read's SyncError."""
        attempt = state.open_attempt
        if attempt is None:
            return
        try:
            if attempt.operation in ("cancel", "remove") and attempt.record_id is not None:
                self.look_up_cancelled(state, attempt, attempt.record_id, lease)
            elif attempt.operation == "move" and attempt.record_id is not None:
                self._look_up_moved(state, attempt, attempt.record_id, lease)
            else:
                self._look_up_created(state, attempt, lease)
        except (errors.AuthError, errors.LicenceError, errors.RightsError) as failure:
            again = f"sync:{attempt.attempt_id}:pause:{self._clock.now().isoformat()}"
            pause_for(self._ledger, self._clock, failure, again)
        except errors.SyncError:
            self._patience.put_off(attempt.attempt_id)
            raise

    def look_up_cancelled(self, state: SyncState, attempt: e.SyncAttempted, record_id: RecordId, lease: Lease) -> None:
        """A removal happened when the CRM says so itself: the record is marked removed, or not there any more."""
        record = look_up.by_number(self._crm, record_id, [state.crm_slot or state.slot])
        self._at("look_up", Point.LOOKED)
        if record is None or record.deleted:
            self.succeed(attempt, record_id, "look_up", lease)
        else:
            self._conclude_absence(attempt, lease)

    def _look_up_moved(self, state: SyncState, attempt: e.SyncAttempted, record_id: RecordId, lease: Lease) -> None:
        """A move happened when the record stands where it was asked to; at a third place somebody else moved it."""
        asked, was = attempt.slot or state.slot, state.crm_slot or state.slot
        record = look_up.by_number(self._crm, record_id, [asked, was])
        self._at("look_up", Point.LOOKED)
        if record is None or record.deleted:
            if state.is_wanted:
                self.conflict(state, "removed_in_crm", [record_id], lease)
            else:
                gone = errors.UnknownOutcomeError(detail="looked up, the record was removed")
                self._note_failure(attempt, gone, "absent", lease)
        elif look_up.is_at(record, asked):
            self.succeed(attempt, record_id, "look_up", lease)
        elif look_up.is_at(record, was) or not state.is_wanted:
            self._conclude_absence(attempt, lease)
        else:
            self.conflict(state, "moved_in_crm", [record_id], lease, slot_of(record))

    def look_for_twin(self, state: SyncState, attempt: e.SyncAttempted, phone: str, lease: Lease) -> None:
        """After a create that followed a "not there": the first request may have arrived late after all."""
        try:
            records = look_up.by_creation(self._crm, attempt.deadline_at - timedelta(days=1), self._clock.now())
        except errors.SyncError:
            _log.warning("could not look for a twin", booking=state.booking_id)
            return
        found = look_up.matching(records, state, attempt.slot or state.slot, phone, self.bound_elsewhere(state))
        if len(found.live) > 1:
            self.conflict(state, "duplicate", in_question(found.live, state), lease)

    def _look_up_created(self, state: SyncState, attempt: e.SyncAttempted, lease: Lease) -> None:
        phone = phone_of(self._ledger, self._vault, state.client_id)
        others = self.bound_elsewhere(state)
        records = look_up.by_creation(self._crm, attempt.deadline_at, self._clock.now())
        self._at("look_up", Point.LOOKED)
        found = look_up.matching(records, state, slot := attempt.slot or state.slot, phone, others)
        if len(found.live) == 1:
            there, record_id = elsewhere(found.live[0], slot), found.live[0].record_id
            self.succeed(as_far_as_fulfilled(self._ledger, attempt, there), record_id, "look_up", lease, there)
        elif found.live:
            self.conflict(state, "duplicate", in_question(found.live, state), lease)
        elif found.deleted and state.is_wanted:
            # Created, then removed in the CRM: creating it again would undo somebody's decision.
            self.conflict(state, "removed_in_crm", [record.record_id for record in found.deleted], lease)
        elif self._patience.is_sure(attempt.attempt_id) and (
            one := dragged(records, state, attempt, phone, others, self._pace)
        ):
            kind, there = suspicion(one)
            self.conflict(state, kind, [one.record_id], lease, there)
        else:
            self._conclude_absence(attempt, lease)

    def _conclude_absence(self, attempt: e.SyncAttempted, lease: Lease) -> None:
        """ "Not there" counts only once the request can no longer be on its way; until then look again."""
        if not self._patience.is_sure(attempt.attempt_id):
            self._patience.wait_on(attempt.attempt_id)
            return
        absent = errors.UnknownOutcomeError(detail="looked up, not there")
        # While nothing gets through, that is no question about this booking.
        most = MAX_ATTEMPTS if self._way.is_open else MOST_ATTEMPTS_IN_OUTAGE
        self._note_failure(attempt, absent, "absent", lease, parked=attempt.number >= most)

    def _note_failure(
        self,
        attempt: e.SyncAttempted,
        failure: errors.SyncError,
        outcome: Literal["not_sent", "refused", "unknown", "absent"],
        lease: Lease,
        *,
        parked: bool = False,
        conflict: e.ConflictFound | None = None,
    ) -> None:
        if outcome == "unknown":
            self._patience.knows(attempt.attempt_id)
        words = failure.crm_message or failure.detail
        failed = e.SyncFailed(
            attempt.booking_id,
            attempt.client_id,
            attempt.attempt_id,
            attempt.operation,
            outcome,
            failure.kind,
            self._vault.seal_of_known(attempt.client_id, words, _MESSAGE),
            status=failure.status,
            parked=parked,
        )
        step = "unknown" if outcome == "unknown" else "outcome"
        self._ledger.execute(NoteOutcome(self._order(attempt, step), failed, conflict), lease=lease)
        _log.warning(
            "not synced",
            booking=attempt.booking_id,
            operation=attempt.operation,
            outcome=outcome,
            kind=failure.kind,
            status=failure.status,
        )

    def park(self, state: SyncState, lease: Lease) -> None:
        """A booking that cannot be put into a request at all waits for a person; the others go on."""
        self.conflict(state, "unsendable", [], lease)

    def conflict(
        self,
        state: SyncState,
        kind: e.ConflictKind,
        record_ids: Sequence[int],
        lease: Lease,
        their_slot: Slot | None = None,
    ) -> None:
        """Ledger and CRM contradict each other: the booking waits for a person, the others go on."""
        records = tuple(RecordId(record_id) for record_id in record_ids)
        # A new id each time: once answered, the very same question may come up again.
        order = Order(f"sync:conflict:{random_id()}", _SENDER, self._clock.now())
        self._at("conflict", Point.LOOKED)
        question = NoteConflict(order, state.booking_id, kind, records, state.pending, their_slot)
        self._ledger.execute(question, lease=lease)
        self._at("conflict", Point.OUTCOME_STORED)
        _log.warning("conflict", booking=state.booking_id, kind=kind, records=record_ids)

    def bound_elsewhere(self, state: SyncState) -> set[int]:
        """Records that are other bookings', and those that are not to be taken for this one any more."""
        others = backlog.records_of_others(self._ledger.recorder.database, state.booking_id)
        return {*others, *state.disowned, *state.surplus}

    def _order(self, attempt: e.SyncAttempted, step: str) -> Order:
        about = f"sync:{attempt.attempt_id}"
        return Order(f"{about}:{step}", _SENDER, self._clock.now(), cause=f"{about}:attempt")
