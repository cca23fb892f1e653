"""The sender: brings the CRM to what the ledger says, one item, one attempt, one recorded outcome at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

import msgspec
import structlog

from ledger import events as e
from ledger.clock import Clock, later
from ledger.decisions.note_sync import BeginAttempt, SkipSync
from ledger.errors import IntegrationPausedError, MalformedValueError, NothingToSyncError, SealError
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.sync_state import SyncState
from ledger.values import Actor, BookingId, Slot
from projections import backlog
from projections.clients import Contact, contact_of
from projections.integration import integration
from sync import errors, look_up
from sync.contradictions import slot_of
from sync.outcomes import LONGEST_LOOK_PAUSE, Outcomes
from sync.pace import START_WITHIN, USUAL_PACE, Pace
from sync.plan import PlanItem, make_plan
from sync.turns import LONGEST_WAIT, Turns
from sync.wire import CrmRecord, NewCrmRecord, write_record
from sync.yclients import Yclients

SENDER = Actor("system", "sync")
LONGEST_PROBE_PAUSE = 60.0
_ON_THE_WAY = (errors.NotSentError, errors.UnknownOutcomeError, errors.RateLimitedError, errors.GoneError)
_log = structlog.get_logger("sync")


class SyncProjector:
    """Sends what the CRM lacks. It may be killed between any two lines: the next one starts from the ledger."""

    def __init__(
        self, ledger: Ledger, vault: Vault, crm: Yclients, turns: Turns, clock: Clock, pace: Pace = USUAL_PACE
    ) -> None:
        self._ledger, self._vault, self._crm = ledger, vault, crm
        self._turns, self._clock, self._pace = turns, clock, pace
        self._rests: dict[BookingId, tuple[float, float]] = {}
        self._outcomes = Outcomes(ledger, vault, crm, clock, pace)
        self._probe_at: float | None = None
        self._probe_pause = 1.0

    def step(self, lease: Lease) -> PlanItem | None:
        """Does the first item of the plan that can be done now; None when nothing can.

        Raises LeaseLostError when another sender took over.
        """
        now = self._clock.now()
        state = integration(self._ledger)
        if state.state == "paused" or not state.is_diary_loaded or not self._way_is_open():
            return None
        for item in make_plan(backlog.open_items(self._ledger.recorder.database), now, state.past):
            handler = self._handler(item, state.past)
            if handler is None:
                continue
            try:
                handler(item, lease)
            except NothingToSyncError:
                continue  # the read model was a moment behind; the ledger itself says there is nothing to do
            except IntegrationPausedError:
                return None
            except (SealError, MalformedValueError) as unsendable:
                _log.error("cannot be sent", booking=item.booking_id, error=type(unsendable).__name__)
                self._outcomes.park(item.state, lease)
            except errors.SyncError as failure:
                # Only reads get here: outcomes of writes are recorded where they happen.
                self._rest(item.booking_id)
                self._step_back(failure)
            else:
                self._rests.pop(item.booking_id, None)
            return item
        return None

    def _rest(self, booking_id: BookingId) -> None:
        """One record that cannot be read must not keep all others waiting: its turn comes again, later."""
        pause = min(2 * self._rests.get(booking_id, (0.0, 5.0))[1], LONGEST_LOOK_PAUSE)
        self._rests[booking_id] = (self._pace.stopwatch() + pause, pause)

    def _handler(self, item: PlanItem, past: str) -> Callable[[PlanItem, Lease], None] | None:
        """What to do about an item now; None when it has to wait for time, for another item or for a person."""
        if item.after or self._pace.stopwatch() < self._rests.get(item.booking_id, (0.0, 0.0))[0]:
            return None
        match item.step:
            case "create":
                return self._create
            case "move":
                return self._move
            case "cancel" | "remove":
                return self._cancel
            case "skip":
                return lambda item, lease: self._skip(item.state, lease, "superseded")
            case "past":
                return (lambda item, lease: self._skip(item.state, lease, "past")) if past == "skip" else None
            case "look_up":
                attempt = item.state.open_attempt
                is_due = attempt is not None and self._outcomes.is_look_up_due(attempt)
                return (lambda item, lease: self._outcomes.look_up(item.state, lease)) if is_due else None
            case "parked" | "wait":
                return None

    def _create(self, item: PlanItem, lease: Lease) -> None:
        state, contact = item.state, self._contact(item.state)
        write_record(_record_of(state, state.slot, contact), save_if_busy=False)  # what cannot be written is no attempt
        attempt = self._begin(state, "create", lease)
        try:
            self._check_start(attempt)
            record = self._crm.create(_record_of(state, state.slot, contact), save_if_busy=state.forced)
        except errors.BusyError as busy:
            self._outcomes.settle_busy(state, attempt, contact.phone, busy, lease)
        except errors.SyncError as failure:
            self._failed(attempt, failure, lease)
        else:
            self._outcomes.succeed(attempt, record.record_id, "answer", lease)
            if state.was_absent:
                self._outcomes.look_for_twin(state, attempt, contact.phone, lease)

    def _move(self, item: PlanItem, lease: Lease) -> None:
        """Replaces the record; before that it is looked at, so that nobody's change in the CRM is written over."""
        state, contact = item.state, self._contact(item.state)
        if state.record_id is None or state.crm_slot is None:
            raise NothingToSyncError
        write_record(_record_of(state, state.slot, contact), save_if_busy=False)
        record = look_up.by_number(self._crm, state.record_id, [state.crm_slot, state.slot])
        if record is None or record.deleted:
            self._outcomes.conflict(state, "removed_in_crm", [state.record_id], lease)
        elif not look_up.is_at(record, state.crm_slot) and not look_up.is_at(record, state.slot):
            self._outcomes.conflict(state, "moved_in_crm", [state.record_id], lease, slot_of(record))
        elif not self._send_move(item, contact, record, lease):
            # Only our own old time was in the way: some answers take a record for its own rival. Staff may have been
            # at work meanwhile, so it is looked at anew.
            self._move(replace(item, over=(state.record_id,), circle=(state.slot,)), lease)

    def _send_move(self, item: PlanItem, contact: Contact, record: CrmRecord, lease: Lease) -> bool:
        """One attempt; False when it was refused as busy and nothing but the booking itself stands there.

        With `over`, records of ours that are known to stand there, it is sent to be saved all the same, once a look
        has shown that nobody else's does, there or where those records go. By an operator's word it needs no look.
        """
        state, is_forced = item.state, bool(item.over) or item.state.forced
        if not state.forced and (strangers := self._strangers(item.circle, {record.record_id, *item.over})):
            self._outcomes.conflict(state, "slot_busy", strangers, lease)
            return True
        attempt = self._begin(state, "move", lease)
        if look_up.is_at(record, state.slot):
            self._outcomes.succeed(attempt, record.record_id, "look_up", lease)
            return True
        try:
            self._check_start(attempt)
            new = msgspec.structs.replace(_record_of(state, state.slot, contact), comment=record.comment)
            self._crm.change(record.record_id, new, save_if_busy=is_forced)
        except errors.BusyError as busy:
            return self._outcomes.settle_busy_move(state, attempt, busy, lease, is_forced=is_forced)
        except errors.SyncError as failure:
            self._failed(attempt, failure, lease)
        else:
            self._outcomes.succeed(attempt, record.record_id, "answer", lease)
        return True

    def _strangers(self, slots: Collection[Slot], ours: Collection[int]) -> list[int]:
        """Records in any of these slots that are none of ours. Raises any SyncError of reading."""
        return [
            record.record_id
            for slot in slots
            for record in look_up.by_slot(self._crm, slot)
            if look_up.stands_in(record, slot) and record.record_id not in ours
        ]

    def _cancel(self, item: PlanItem, lease: Lease) -> None:
        """Takes the booking's record out of the CRM, or a second one of the same visit."""
        attempt = self._begin(item.state, "remove" if item.step == "remove" else "cancel", lease)
        record_id = attempt.record_id
        if record_id is None:
            raise NothingToSyncError
        try:
            self._check_start(attempt)
            self._crm.delete(record_id)
        except errors.GoneError:
            # Gone already, or never there for us: only a look tells which.
            self._outcomes.look_up_cancelled(item.state, attempt, record_id, lease)
        except errors.SyncError as failure:
            self._failed(attempt, failure, lease)
        else:
            self._outcomes.succeed(attempt, record_id, "answer", lease)

    def _skip(self, state: SyncState, lease: Lease, reason: e.SkipReason) -> None:
        order = self._order(f"sync:skip:{state.booking_id}:{state.pending[-1]}:{reason}")
        self._ledger.execute(SkipSync(order, state.booking_id, reason), lease=lease)
        _log.info("skipped", booking=state.booking_id, reason=reason)

    def _begin(self, state: SyncState, operation: e.Operation, lease: Lease) -> e.SyncAttempted:
        """Writes the attempt down. The turn is taken before, so that the deadline named is the request's own."""
        self._turns.prepay()
        attempt_id = random_id()
        order = self._order(f"sync:{attempt_id}:attempt")
        deadline_at = later(order.at, START_WITHIN + self._pace.request)
        begin = BeginAttempt(order, state.booking_id, attempt_id, operation, deadline_at, state.slot)
        return self._ledger.execute(begin, lease=lease).answer

    def _check_start(self, attempt: e.SyncAttempted) -> None:
        """Raises NotSentError when this process slept, or the store was slow, since the attempt was written down."""
        if self._clock.now() > attempt.deadline_at - self._pace.request:
            raise errors.NotSentError(detail="too late after the attempt was written down")

    def _failed(self, attempt: e.SyncAttempted, failure: errors.SyncError, lease: Lease) -> None:
        self._outcomes.fail(attempt, failure, lease)
        if isinstance(failure, _ON_THE_WAY):
            self._step_back(failure)

    def _contact(self, state: SyncState) -> Contact:
        contact = contact_of(self._ledger, self._vault, state.client_id)
        if contact is None:
            raise SealError(f"booking {state.booking_id} has a client without a contact")
        return contact

    def _way_is_open(self) -> bool:
        """After trouble on the way one read at a time asks whether the CRM answers; only then writes go on."""
        if self._probe_at is None:
            return True
        now = self._pace.stopwatch()
        if now < self._probe_at:
            return False
        try:
            self._crm.probe()
        except errors.RateLimitedError as failure:
            self._step_back(failure)
        except (errors.AuthError, errors.LicenceError, errors.RightsError) as failure:
            self._outcomes.pause_for(failure, f"sync:probe:{random_id()}")
            return False
        except errors.SyncError:
            # Away, redirected, or an address where nothing is found any more: not for us to tell apart.
            self._probe_pause = min(self._probe_pause * 2, LONGEST_PROBE_PAUSE)
            self._probe_at = now + self._probe_pause
            return False
        self._probe_at, self._probe_pause = None, 1.0
        return True

    def _step_back(self, failure: errors.SyncError) -> None:
        if isinstance(failure, errors.RateLimitedError):
            self._turns.hold_back(timedelta(seconds=min(failure.retry_after or 60, LONGEST_WAIT.total_seconds())))
        else:
            self._probe_at = self._pace.stopwatch() + self._probe_pause
        _log.warning("the CRM is out of reach", kind=failure.kind, status=failure.status, detail=failure.detail)

    def _order(self, command_id: str) -> Order:
        return Order(command_id, SENDER, self._clock.now())


def _record_of(state: SyncState, slot: Slot, contact: Contact) -> NewCrmRecord:
    """The booking as the CRM is to hold it, in this slot."""
    return NewCrmRecord(
        state.booking_id,
        slot.staff_id,
        slot.starts_at,
        int((slot.ends_at - slot.starts_at) / timedelta(minutes=1)),
        state.services,
        contact.phone,
        contact.name,
    )
