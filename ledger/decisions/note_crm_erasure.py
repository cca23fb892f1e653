"""Write down what became of an erased client in the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.erase_client import last_erasure
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem


@dataclass(frozen=True)
class NoteCrmErasure:
    """Once an erasure: what was written down of the last one stays. Raises NothingToSyncError if nothing was asked."""

    order: Order
    outcome: e.CrmClientRemoved | e.CrmClientKept

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.forgetting_of(self.outcome.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        erased = last_erasure(history)
        if erased is None or not isinstance(erased.event, e.ClientErased) or erased.event.crm == "none":
            raise errors.NothingToSyncError
        if history[-1].position > erased.position:
            return Already(history[-1].event)
        return [self.outcome]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmClientRemoved | e.CrmClientKept:
        return next(event for event in events if isinstance(event, e.CrmClientRemoved | e.CrmClientKept))
