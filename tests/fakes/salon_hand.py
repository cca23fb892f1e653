"""The salon's own hand: what staff do with bookings in the CRM, and what operators answer, by the real decisions."""

from __future__ import annotations

from datetime import timedelta

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.privacy import random_id
from ledger.sync_state import SyncState, fold_sync
from ledger.values import Actor, BookingId, RecordId, Slot
from tests.salon import Salon

CRM, OPERATOR = Actor("crm", "test"), Actor("operator", "1")


class Hand:
    """Sends what it touches to a CRM that takes everything; the record's number is the booking's."""

    def __init__(self, salon: Salon) -> None:
        self._salon = salon
        salon.resume()

    def moves(self, booking_id: BookingId, slot: Slot) -> None:
        """Staff give the record another time, master or length."""
        self._send(booking_id)
        self._salon.ledger.execute(FollowCrmRecord(self._salon.order(CRM), booking_id, RecordId(booking_id), slot))

    def removes(self, booking_id: BookingId) -> None:
        """Staff remove the record."""
        self._send(booking_id)
        self._salon.ledger.execute(FollowCrmRecord(self._salon.order(CRM), booking_id, RecordId(booking_id), None))

    def answers(self, booking_id: BookingId, answer: e.Answer) -> None:
        """The CRM has that time taken, and an operator answers."""
        if not self._state(booking_id).parked:
            self._salon.ledger.execute(NoteConflict(self._salon.order(), booking_id, "slot_busy", ()))
        self._salon.ledger.execute(ResolveConflict(self._salon.order(OPERATOR), booking_id, answer))

    def _send(self, booking_id: BookingId) -> None:
        state, attempt_id = self._state(booking_id), random_id()
        operation = state.operation
        if not state.pending or operation not in ("create", "move"):
            return
        order, deadline = self._salon.order(), self._salon.clock.now() + timedelta(seconds=5)
        self._salon.ledger.execute(BeginAttempt(order, booking_id, attempt_id, operation, deadline, state.slot))
        done = e.SyncSucceeded(booking_id, attempt_id, operation, state.pending, RecordId(booking_id), "answer")
        self._salon.ledger.execute(NoteOutcome(self._salon.order(), done))

    def _state(self, booking_id: BookingId) -> SyncState:
        state = fold_sync(self._salon.ledger.history(boundaries.booking(booking_id)))
        assert state is not None
        return state
