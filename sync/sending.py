"""Sending one booking's wish to the CRM: its attempt written down before, what became of it after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import msgspec
import structlog

from ledger import events as e
from ledger.clock import Clock, later
from ledger.decisions import boundaries
from ledger.decisions.note_sync import BeginAttempt
from ledger.errors import ErasedClientError, NothingToSyncError, SealError
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.sync_state import SyncState
from ledger.values import Actor, Slot
from projections.clients import Contact, contact_of
from sync import errors, look_up
from sync.contradictions import dragged, slot_of, suspicion
from sync.outcomes import Outcomes
from sync.pace import START_WITHIN, Pace
from sync.plan import PlanItem
from sync.steps import At, Point
from sync.turns import Turns
from sync.way import Way
from sync.wire import CrmRecord, NewCrmRecord, write_record
from sync.yclients import Yclients

SENDER = Actor("system", "sync")
_ON_THE_WAY = (errors.NotSentError, errors.UnknownOutcomeError, errors.RateLimitedError, errors.GoneError)
_log = structlog.get_logger("sync")


class Sending:
    """One attempt, one recorded outcome, for each of the three things the CRM can be asked to do."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        crm: Yclients,
        turns: Turns,
        clock: Clock,
        pace: Pace,
        outcomes: Outcomes,
        way: Way,
        at: At,
    ) -> None:
        self._ledger, self._vault, self._crm, self._turns = ledger, vault, crm, turns
        self._clock, self._pace = clock, pace
        self._outcomes, self._way, self._at = outcomes, way, at

    def create(self, item: PlanItem, lease: Lease) -> None:
        state, contact = item.state, self._contact(item.state)
        write_record(_record_of(state, state.slot, contact), save_if_busy=False)  # what cannot be written is no attempt
        if (one := self._another_suspect(state, contact.phone)) is not None:
            kind, there = suspicion(one)
            self._outcomes.conflict(state, kind, [one.record_id], lease, there)
            return
        # Going over what stands there must not go over staff's own copy of this very visit.
        copies = self._outcomes.standing(state, contact.phone) if state.forced else []
        if len(copies) > 1:
            self._outcomes.conflict(state, "ambiguous", [copy.record_id for copy in copies], lease)
            return
        attempt = self._begin(state, "create", lease)
        if copies:
            self._outcomes.succeed(attempt, copies[0].record_id, "look_up", lease)
            return
        try:
            self._check_start(attempt)
            record = self._crm.create(_record_of(state, state.slot, contact), save_if_busy=state.forced)
        except errors.BusyError as busy:
            self._way.was_written()
            self._outcomes.settle_busy(state, attempt, contact.phone, busy, lease)
        except errors.SyncError as failure:
            self._failed(attempt, failure, lease)
        else:
            self._answered("create")
            self._outcomes.succeed(attempt, record.record_id, "answer", lease)
            if state.was_absent:
                self._outcomes.look_for_twin(state, attempt, contact.phone, lease)

    def _another_suspect(self, state: SyncState, phone: str) -> CrmRecord | None:
        """Once a record was said not to be the booking's: another that may be what the last create made."""
        if not state.disowned:
            return None
        history = self._ledger.history(boundaries.booking(state.booking_id))
        attempts = [one.event for one in history if isinstance(one.event, e.SyncAttempted)]
        created = [attempt for attempt in attempts if attempt.operation == "create"]
        if not created:
            return None
        records = look_up.by_creation(self._crm, created[-1].deadline_at, self._clock.now())
        others = self._outcomes.bound_elsewhere(state)
        return dragged(records, state, created[-1], phone, others, self._pace)

    def move(self, item: PlanItem, lease: Lease) -> None:
        """Replaces the record; before that it is looked at, so that nobody's change in the CRM is written over."""
        state, contact = item.state, self._contact(item.state)
        if state.record_id is None or state.crm_slot is None:
            raise NothingToSyncError
        write_record(_record_of(state, state.slot, contact), save_if_busy=False)
        record = look_up.by_number(self._crm, state.record_id, [state.crm_slot, state.slot])
        self._at("move", Point.LOOKED)
        if record is None or record.deleted:
            self._outcomes.conflict(state, "removed_in_crm", [state.record_id], lease)
        elif not look_up.is_at(record, state.crm_slot) and not look_up.is_at(record, state.slot):
            self._outcomes.conflict(state, "moved_in_crm", [state.record_id], lease, slot_of(record))
        elif not self._send_move(item, contact, record, lease):
            # Only our own old time was in the way: some answers take a record for its own rival. Staff may have been
            # at work meanwhile, so it is looked at anew.
            self.move(replace(item, over=(state.record_id,), circle=(state.slot,)), lease)

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
            self._way.was_written()
            return self._outcomes.settle_busy_move(state, attempt, busy, lease, is_forced=is_forced)
        except errors.SyncError as failure:
            self._failed(attempt, failure, lease)
        else:
            self._answered("move")
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

    def cancel(self, item: PlanItem, lease: Lease) -> None:
        """Takes the booking's record out of the CRM, or a second one of the same visit."""
        operation: e.Operation = "remove" if item.step == "remove" else "cancel"
        attempt = self._begin(item.state, operation, lease)
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
            self._answered(operation)
            self._outcomes.succeed(attempt, record_id, "answer", lease)

    def _begin(self, state: SyncState, operation: e.Operation, lease: Lease) -> e.SyncAttempted:
        """Writes the attempt down. The turn is taken before, so that the deadline named is the request's own."""
        self._turns.prepay()
        self._at(operation, Point.TURN_TAKEN)
        attempt_id = random_id()
        order = Order(f"sync:{attempt_id}:attempt", SENDER, self._clock.now())
        deadline_at = later(order.at, START_WITHIN + self._pace.request)
        begin = BeginAttempt(order, state.booking_id, attempt_id, operation, deadline_at, state.slot)
        attempt = self._ledger.execute(begin, lease=lease).answer
        self._at(operation, Point.ATTEMPT_STORED)
        return attempt

    def _check_start(self, attempt: e.SyncAttempted) -> None:
        """Raises NotSentError when this process slept, or the store was slow, since the attempt was written down."""
        if self._clock.now() > attempt.deadline_at - self._pace.request:
            raise errors.NotSentError(detail="too late after the attempt was written down")

    def step_back(self, failure: errors.SyncError) -> None:
        """After trouble on the way: nobody calls for a while, or the way is to be proved again."""
        if isinstance(failure, errors.RateLimitedError):
            self._turns.obey(failure)
        else:
            self._way.failed()
        _log.warning("the CRM is out of reach", kind=failure.kind, status=failure.status, detail=failure.detail)

    def _answered(self, operation: e.Operation) -> None:
        self._at(operation, Point.ANSWER_ARRIVED)
        self._way.was_written()

    def _failed(self, attempt: e.SyncAttempted, failure: errors.SyncError, lease: Lease) -> None:
        self._outcomes.fail(attempt, failure, lease)
        if isinstance(failure, _ON_THE_WAY):
            self.step_back(failure)
        else:
            self._way.was_written()

    def _contact(self, state: SyncState) -> Contact:
        contact = contact_of(self._ledger, self._vault, state.client_id)
        if contact is None:
            raise SealError(f"booking {state.booking_id} has a client without a contact")
        if contact.is_erased:
            raise ErasedClientError
        return contact


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
