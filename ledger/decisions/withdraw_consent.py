"""A client takes a consent back; what they booked stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import consent, latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import ClientId


@dataclass(frozen=True)
class WithdrawConsent:
    """Takes back the consent that is in force for this purpose; where none is, nothing is left to take back."""

    order: Order
    client_id: ClientId
    purpose: str = "booking"

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.client(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        given = consent(history, self.purpose)
        if given is not None:
            return [e.ConsentWithdrawn(self.client_id, self.purpose, given.version)]
        mine = [item for item in history if getattr(item.event, "purpose", None) == self.purpose]
        withdrawn = latest(mine, e.ConsentWithdrawn)
        return [] if withdrawn is None else Already(withdrawn)

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ConsentWithdrawn | None:
        """None for somebody who never agreed to anything."""
        return next((event for event in events if isinstance(event, e.ConsentWithdrawn)), None)
