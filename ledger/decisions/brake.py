"""Stop before a change of the CRM's diary that is too large to be believed, and go on when somebody vouches for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem


@dataclass(frozen=True)
class BrakeCrmChange:
    """Notes once that so many of `known` bookings were seen removed and moved at once, and that none was taken over."""

    order: Order
    removed: int
    moved: int
    known: int

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.brake()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        braked = e.CrmChangeBraked(self.removed, self.moved, self.known)
        if (last := latest(history, e.CrmChangeBraked, e.CrmChangeReleased)) == braked:
            return Already(last)
        return [braked]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmChangeBraked:
        return next(event for event in events if isinstance(event, e.CrmChangeBraked))


@dataclass(frozen=True)
class ReleaseCrmChange:
    """Takes the brake off, up to the size of the change it stopped for. Raises NotBrakedError when none is on."""

    order: Order

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.brake()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        last = latest(history, e.CrmChangeBraked, e.CrmChangeReleased)
        if not isinstance(last, e.CrmChangeBraked):
            raise errors.NotBrakedError
        return [e.CrmChangeReleased(last.removed, last.moved)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmChangeReleased:
        return next(event for event in events if isinstance(event, e.CrmChangeReleased))
