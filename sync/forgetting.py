"""Deleting erased clients from the CRM, where nothing personal of them is known any more.

Their bookings' records are known by number, and a record names its client by a number of the CRM's own: that one is
deleted. A client is deleted twice without harm, so an unknown outcome is simply tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog

from ledger import events as e
from ledger.clock import Clock
from ledger.decisions import boundaries
from ledger.decisions.erase_client import ERASE, sync_states
from ledger.decisions.note_crm_erasure import NoteCrmErasure
from ledger.decisions.record_holder import holder_of
from ledger.errors import NothingToSyncError
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import random_id
from ledger.values import Actor, ClientId, RecordId
from projections.erased import ErasedClient, erased_clients, erased_records, erasures, life_of
from projections.integration import integration
from sync.errors import (
    AuthError,
    GoneError,
    InvalidError,
    LicenceError,
    RateLimitedError,
    RightsError,
    SyncError,
    UnknownOutcomeError,
)
from sync.pace import Stopwatch
from sync.refusals import pause_for
from sync.turns import LONGEST_WAIT, Turns
from sync.wire import CrmRecord
from sync.yclients import Yclients

MOST_RECORDS = 50
"""The newest records of a client that are asked for their card."""
FIRST_REST, LONGEST_REST = 5.0, 300.0
LOOK_EVERY = 5.0
_SENDER = Actor("system", "sync")
_log = structlog.get_logger("sync")


class Forgetting:
    """One erased client a step, the oldest first, once nothing of their bookings is left to be done there."""

    def __init__(self, ledger: Ledger, crm: Yclients, turns: Turns, clock: Clock, stopwatch: Stopwatch) -> None:
        self._ledger, self._crm, self._turns, self._clock = ledger, crm, turns, clock
        self._stopwatch = stopwatch
        self._rest_until, self._rest_seconds = float("-inf"), FIRST_REST
        # Whom a delete was sent for without an answer: if no record names them any more, it was done.
        self._unanswered: set[ClientId] = set()

    def step(self, lease: Lease) -> bool:
        """Deletes one; False when there is none, or the CRM is out of reach. Raises LeaseLostError."""
        if self._stopwatch() < self._rest_until:
            return False
        waiting = [one for one in erasures(self._ledger) if one.in_crm == "waiting"]
        if not waiting or integration(self._ledger).state == "paused":
            self._rest_until = self._stopwatch() + LOOK_EVERY
            return False
        for erased in waiting:
            if self._is_settled(erased.client_id):
                return self._guarded(erased, lease)
        self._rest_until = self._stopwatch() + LOOK_EVERY
        return False

    def _guarded(self, erased: ErasedClient, lease: Lease) -> bool:
        try:
            outcome = self._forget(erased.client_id)
        except (AuthError, LicenceError, RightsError) as failure:
            pause_for(self._ledger, self._clock, failure, f"sync:forget:{random_id()}")
            return False
        except SyncError as failure:
            self._rest(failure)
            return False
        self._rest_seconds = FIRST_REST
        order = Order(f"{ERASE}{erased.client_id}:crm:{erased.position}", _SENDER, self._clock.now())
        try:
            self._ledger.execute(NoteCrmErasure(order, outcome), lease=lease)
        except NothingToSyncError:
            return False
        _log.info("erased in the CRM", client=erased.client_id, outcome=type(outcome).__name__)
        return True

    def _forget(self, client_id: ClientId) -> e.CrmClientRemoved | e.CrmClientKept:
        """Raises any SyncError of reading, and those of a delete after which nothing is known."""
        records = erased_records(self._ledger, client_id)
        cards = self._cards(records)
        if not cards:
            was_sent = client_id in self._unanswered
            return e.CrmClientRemoved(client_id, 1) if was_sent else e.CrmClientKept(client_id, "not_found")
        for card in cards:
            if (reason := self._objection(card, records)) is not None:
                return e.CrmClientKept(client_id, reason)
        for card in cards:
            if (reason := self._delete(card, client_id)) is not None:
                return e.CrmClientKept(client_id, reason)
        return e.CrmClientRemoved(client_id, len(cards))

    def _delete(self, card: int, client_id: ClientId) -> e.KeptReason | None:
        """None when it is gone. A missing right is no trouble of the integration: all else goes on."""
        try:
            self._crm.delete_client(card)
        except GoneError:
            return None
        except RightsError:
            return "no_right"
        except InvalidError:
            return "crm_refused"
        except UnknownOutcomeError:
            self._unanswered.add(client_id)
            raise
        return None

    def _cards(self, records: Iterable[RecordId]) -> list[int]:
        """The CRM's clients that these records name."""
        found: dict[int, None] = {}
        for record_id in list(records)[-MOST_RECORDS:]:
            try:
                record = self._crm.record(record_id)
            except GoneError:
                continue
            if record.client_id is not None:
                found[record.client_id] = None
        return list(found)

    def _objection(self, card: int, own: Iterable[RecordId]) -> e.KeptReason | None:
        """Why the card is not the erased client's alone: two clients of ours may have given one phone."""
        now, ours = self._clock.now(), set(own)
        others = [one for one in self._crm.records(client_id=card, with_deleted=True) if one.record_id not in ours]
        if any(self._is_anothers(one) for one in others):
            return "shared"
        return "coming_visit" if any(not one.deleted and one.slot_start > now for one in others) else None

    def _is_anothers(self, record: CrmRecord) -> bool:
        record_id = RecordId(record.record_id)
        holder = holder_of(self._ledger.history(boundaries.record(record_id)), record_id)
        if holder is None:
            return False
        states = sync_states(self._ledger.history(boundaries.booking(holder.booking_id)), [holder.booking_id])
        erased = erased_clients(self._ledger)
        return any(state.client_id not in erased for state in states)

    def _is_settled(self, client_id: ClientId) -> bool:
        """Whether nothing is to be removed there any more, and no request is on its way."""
        life = life_of(self._ledger, client_id)
        states = sync_states(life, {item.event.booking_id for item in life if isinstance(item.event, e.BookingMade)})
        return not any(state.open_attempt or state.operation in ("cancel", "remove") for state in states)

    def _rest(self, failure: SyncError) -> None:
        if isinstance(failure, RateLimitedError):
            self._turns.hold_back(timedelta(seconds=min(failure.retry_after or 60, LONGEST_WAIT.total_seconds())))
        self._rest_until = self._stopwatch() + self._rest_seconds
        self._rest_seconds = min(2 * self._rest_seconds, LONGEST_REST)
        _log.warning("cannot delete an erased client in the CRM yet", kind=failure.kind, status=failure.status)
