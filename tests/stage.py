"""A salon, its simulated CRM over real HTTP, and a sender that is stepped by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.decisions import boundaries
from ledger.leases import Lease, acquire
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId
from sync.access import Access
from sync.inbound import connect
from sync.pace import Pace, Stopwatch
from sync.plan import PlanItem
from sync.projector import SyncProjector
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, NewEntry, Simulator
from sync.turns import Turns
from sync.yclients import Yclients
from tests.builders import MOSCOW, at
from tests.salon import Salon

PACE = Pace(request=timedelta(seconds=2), settle=timedelta(seconds=60), ramp=(0.0,))


def by_hand(staff_id: int, start: str, minutes: int) -> NewEntry:
    """What the salon's staff write into the CRM themselves."""
    return NewEntry(staff_id, at(start).replace(tzinfo=None), minutes * 60)


class Stage:
    """A salon, its simulated CRM, and a sender that is stepped by hand."""

    def __init__(self, salon: Salon, simulator: Simulator, url: str) -> None:
        self.salon, self.simulator, self.url = salon, simulator, url
        self.turns = Turns(salon.database, timedelta(milliseconds=1))
        access = Access(url, PARTNER_TOKEN, USER_TOKEN, 1)
        self.crm = Yclients(access, wait_turn=self.turns, zone=MOSCOW, deadline=PACE.request)
        # The hand of the clock is the stopwatch's too, until a test parts them.
        self.stopwatch: Stopwatch = lambda: salon.clock.now().timestamp()
        self.sender = self.new_sender()
        self.lease = self.take_lease("sender")

    def new_sender(self) -> SyncProjector:
        """As after a restart: nothing remembered."""
        pace = replace(PACE, stopwatch=self.stopwatch)
        return SyncProjector(self.salon.ledger, self.salon.vault, self.crm, self.turns, self.salon.clock, pace)

    def take_lease(self, holder: str) -> Lease:
        lease = acquire(self.salon.database, "sync", holder, lasting=timedelta(seconds=30))
        assert lease is not None
        return lease

    def connect(self) -> None:
        connect(self.salon.ledger, self.salon.clock, 1)

    def step(self) -> PlanItem | None:
        self.salon.catch_up()
        done = self.sender.step(self.lease)
        self.salon.catch_up()
        return done

    def drain(self, most: int = 30) -> int:
        for steps in range(most):
            if self.step() is None:
                return steps
        pytest.fail("the sender does not come to an end")

    def state(self, booking_id: BookingId) -> SyncState:
        state = fold_sync(self.salon.ledger.history(boundaries.booking(booking_id)))
        assert state is not None
        return state

    def types(self, booking_id: BookingId) -> list[str]:
        return [item.type for item in self.salon.ledger.history(boundaries.booking(booking_id))]

    def places(self) -> dict[str, str]:
        """Where each live record stands: `{api_id: "7 2030-01-07 10:00"}`."""
        return {
            str(record["api_id"]): f"{record['staff_id']} {str(record['date'])[:16]}"
            for record in self.simulator.records()
            if not record["deleted"]
        }

    def sent(self, method: str) -> int:
        """How many calls of this method reached the CRM."""
        return sum(call.method == method for call in self.simulator.journal())

    def live_records(self) -> list[str]:
        """The api_id of every record that stands in the CRM."""
        return sorted(str(record["api_id"]) for record in self.simulator.records() if not record["deleted"])
