"""Stop before a change of the CRM's diary that is too large to be believed, and go on when somebody vouches for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

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
        if (last := latest(history, *get_args(e.CrmChangeEvent))) == braked:
            return Already(last)
        return [braked]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmChangeBraked:
        return next(event for event in events if isinstance(event, e.CrmChangeBraked))


@dataclass(frozen=True)
class AcceptCrmChange:
    """An operator vouches for a change up to the size the brake stopped for. Raises NotBrakedError when it is off."""

    order: Order

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.brake()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        last = _stopped_for(history)
        return [e.CrmChangeAccepted(last.removed, last.moved)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmChangeAccepted:
        return next(event for event in events if isinstance(event, e.CrmChangeAccepted))


@dataclass(frozen=True)
class NoteCrmChangeSubsided:
    """The CRM shows so large a change no longer. Raises NotBrakedError when the brake is off."""

    order: Order

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.brake()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        last = _stopped_for(history)
        return [e.CrmChangeSubsided(last.removed, last.moved)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmChangeSubsided:
        return next(event for event in events if isinstance(event, e.CrmChangeSubsided))


def _stopped_for(history: Sequence[Recorded]) -> e.CrmChangeBraked:
    last = latest(history, *get_args(e.CrmChangeEvent))
    if not isinstance(last, e.CrmChangeBraked):
        raise errors.NotBrakedError
    return last
