"""The processes that talk to the CRM: two senders who share one lease, each of which may freeze or die at any step."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from ledger import leases
from ledger.decisions import boundaries
from ledger.errors import LeaseLostError
from ledger.leases import Lease
from ledger.privacy import Vault
from ledger.values import BookingId
from sync.errors import SyncError
from sync.inbound.reading import DiaryReader
from sync.inbound.steps import Inbound
from sync.pace import USUAL_PACE
from sync.plan import PlanItem
from sync.projector import SyncProjector
from sync.steps import ON_THE_WIRE, STEPS, Doing, Point
from sync.turns import Turns
from sync.yclients import Yclients
from tests.campaign.ground import Ground
from tests.campaign.hand import Hand
from tests.campaign.looks import result_of_look

COMPANY = 1
LEASE_LASTS = timedelta(seconds=30)
ANYWHERE = tuple((doing, point) for doing, points in STEPS.items() for point in points)


class KilledError(BaseException):
    """The process is no more; nothing it had in mind happens."""


class Office(Protocol):
    """What a process finds around it."""

    ground: Ground
    hand: Hand
    vault: Vault
    dice: random.Random

    def crm(self, caller: str, turns: Turns, on_the_wire: Callable[[str, Point], None]) -> Yclients: ...

    def meanwhile(self, frozen: Sender) -> None:
        """What others do while a sender stands still."""


class Sender:
    """A sender process with a name. It is told where to freeze and to die, and does so, once at each."""

    def __init__(self, office: Office, name: str) -> None:
        self._office, self.name = office, name
        self.ledger = office.ground.ledger()
        self.kill_at: set[tuple[str, Point]] = set()
        self.freeze_at: set[tuple[str, Point]] = set()
        self.kills: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.leases_lost = 0
        self.crashes: list[str] = []
        self.looks: Counter[str] = Counter()
        self._is_frozen = False
        self._doing = ""
        self._begin()

    def _begin(self) -> None:
        """As after a start: nothing remembered."""
        office = self._office
        turns = Turns(office.ground.database, sleep=office.hand.turn)
        pace = replace(USUAL_PACE, stopwatch=office.hand.stopwatch)
        self._crm = office.crm(self.name, turns, self._pass)
        clock = office.hand.clock
        self._projector = SyncProjector(self.ledger, office.vault, self._crm, turns, clock, pace, at=self._pass)
        self.reader = DiaryReader(self.ledger, office.vault, self._crm, clock, COMPANY)
        self._inbound = Inbound(
            self.ledger,
            self.reader,
            turns,
            clock,
            stopwatch=office.hand.stopwatch,
        )

    def work(self) -> bool:
        """One turn, as the product's runner takes it; False when there is nothing this sender can do now."""
        return self._led(self._turn)

    def sweep(self) -> bool:
        """Compares the whole diary now, due or not; False when that could not be done."""
        return self._led(self._swept)

    def _led(self, work: Callable[[Lease], bool]) -> bool:
        """Under the lease, if it can be had; what a process dies of is noted, and another takes its place."""
        if self._is_frozen:
            return False
        lease = leases.acquire(self._office.ground.database, "sync", self.name, lasting=LEASE_LASTS)
        if lease is None:
            return False
        self._office.ground.catch_up()
        try:
            return work(lease)
        except LeaseLostError:
            self.leases_lost += 1
        except KilledError:
            self._crm.close()
            self._begin()
        except Exception:  # noqa: BLE001  whatever it is, it is told in the run's story
            self.crashes.append(traceback.format_exc().strip())
            self._begin()
        finally:
            self._office.ground.catch_up()
        return False

    def _turn(self, lease: Lease) -> bool:
        if self._inbound.step(lease, is_idle=False):
            return True
        item = self._projector.step(lease)
        if item is None:
            return self._inbound.step(lease, is_idle=True)
        if item.step == "look_up":
            self._note_look(item)
        return True

    def _swept(self, lease: Lease) -> bool:
        try:
            self.reader.sweep(lease)
        except SyncError:
            return False
        return True

    def _pass(self, doing: str, point: Point) -> None:
        if point not in ON_THE_WIRE:
            self._doing = doing
        elif self._doing == "remove":
            doing = "remove"  # the line sees a removal only, and not of what
        if (doing, point) in self.kill_at:
            self.kill_at.discard((doing, point))
            self.kills[f"{doing} {point}"] += 1
            raise KilledError
        if (doing, point) in self.freeze_at:
            self.freeze_at.discard((doing, point))
            self.freezes[str(point)] += 1
            self._is_frozen = True
            try:
                self._office.meanwhile(self)
            finally:
                self._is_frozen = False

    def _note_look(self, item: PlanItem) -> None:
        """What the look came to, by what stands in the log now."""
        attempt = item.state.open_attempt
        if attempt is not None:
            events = self.ledger.history(boundaries.booking(BookingId(item.booking_id)))
            self.looks[result_of_look(attempt, [one.event for one in events])] += 1


def anywhere(dice: random.Random) -> tuple[Doing, Point]:
    """Any step of anything a sender does."""
    return dice.choice(ANYWHERE)
