"""A busy salon: random wishes of many clients and of the CRM, each decided by the real rules."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import ResumeIntegration
from ledger.decisions.lapse import LapseHold
from ledger.decisions.move import MoveBooking
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome, SkipSync
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.errors import RefusalError
from ledger.ledger import Decision
from ledger.sync_state import fold_sync
from ledger.values import BookingId, ClientId, RecordId, Slot
from projections import schedule
from projections.schedule import ScheduledBooking
from tests.builders import ANNA, HAIRCUT, MONDAY, NOW, OLGA, failed, order, slot, succeeded
from tests.store import Salon


class Season:
    """Plays wishes by a seed; a refusal is an answer too. The same seed gives the same bookings."""

    def __init__(self, salon: Salon, seed: int) -> None:
        self._salon, self._dice = salon, random.Random(seed)
        self._ids = count(seed * 1_000_000 + 10_000)
        self._clients = [ClientId(next(self._ids)) for _ in range(12)]
        self._bookings: list[tuple[BookingId, ClientId]] = []
        often, seldom = [self._hold, self._book], [self._cancel, self._confirm, self._lapse, self._see, self._conflict]
        self._wishes: list[Callable[[], None]] = 4 * often + 2 * [self._move, self._send] + seldom
        for client_id in self._clients:
            salon.know(client_id)
        salon.ledger.execute(ResumeIntegration(order()))

    def play(self, wishes: int) -> None:
        for _ in range(wishes):
            self._dice.choice(self._wishes)()

    def _do(self, decision: Decision[object]) -> bool:
        with suppress(RefusalError):
            self._salon.ledger.execute(decision)
            return True
        return False

    def _slot(self) -> Slot:
        hour = self._dice.choice(("10:00", "10:30", "11:00", "12:30", "13:00", "15:00", "16:30", "18:00"))
        on = MONDAY + timedelta(days=self._dice.randrange(4))
        return slot(hour, on=on, staff_id=self._dice.choice((ANNA, OLGA)))

    def _one(self) -> ScheduledBooking | None:
        """Any hold or booking of a client so far, as the schedule has it."""
        if not self._bookings:
            return None
        return schedule.booking(self._salon.database, self._dice.choice(self._bookings)[0])

    def _hold(self) -> None:
        booking_id, client_id = BookingId(next(self._ids)), self._dice.choice(self._clients)
        if self._do(HoldSlot(order(), booking_id, client_id, self._slot(), (HAIRCUT,))):
            self._bookings.append((booking_id, client_id))

    def _book(self) -> None:
        for booking_id, client_id in self._bookings[-2:]:
            self._do(MakeBooking(order(), booking_id, client_id))

    def _move(self) -> None:
        if (one := self._one()) and one.client_id:
            self._do(MoveBooking(order(), one.booking_id, one.client_id, one.version, self._slot()))

    def _cancel(self) -> None:
        if (one := self._one()) and one.client_id:
            self._do(CancelBooking(order(), one.booking_id, one.client_id, one.version))

    def _confirm(self) -> None:
        if (one := self._one()) and one.client_id:
            self._do(ConfirmVisit(order(), one.booking_id, one.client_id, one.version))

    def _lapse(self) -> None:
        for hold in schedule.expired_holds(self._salon.database, NOW + timedelta(minutes=30)):
            self._do(LapseHold(order(at=NOW + timedelta(minutes=30)), hold.booking_id))

    def _see(self) -> None:
        booking_id, record_id = BookingId(next(self._ids)), RecordId(next(self._ids))
        self._do(SeeCrmBooking(order(), booking_id, record_id, self._slot(), (HAIRCUT,)))

    def _send(self) -> None:
        """One attempt with its outcome, or a skip, of whatever booking comes up."""
        if not self._bookings:
            return
        booking_id, client_id = self._dice.choice(self._bookings)
        state = fold_sync(self._salon.ledger.history(boundaries.booking(booking_id)))
        if state is None or state.operation is None:
            return
        if state.operation == "skip":
            self._do(SkipSync(order(), booking_id, "superseded"))
            return
        attempt_id, operation, deadline_at = next(self._ids), state.operation, NOW + timedelta(seconds=30)
        if not self._do(BeginAttempt(order(), booking_id, attempt_id, operation, deadline_at, state.slot)):
            return
        outcome: e.SyncSucceeded | e.SyncFailed = succeeded(
            booking_id=booking_id,
            attempt_id=attempt_id,
            operation=operation,
            covers=state.pending,
            record_id=RecordId(attempt_id),
        )
        if self._dice.random() < 0.3:
            outcome = failed(booking_id=booking_id, client_id=client_id, attempt_id=attempt_id, operation=operation)
        self._do(NoteOutcome(order(), outcome))

    def _conflict(self) -> None:
        if (one := self._one()) and one.status == "booked":
            self._do(NoteConflict(order(), one.booking_id, "duplicate", (RecordId(1), RecordId(2))))
