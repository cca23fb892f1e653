"""Give up a hold: because it ran out, or because the client let it go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId


@dataclass(frozen=True)
class LapseHold:
    """Frees a hold that ran out; with `released_by` also a live one, if it is that client's own."""

    order: Order
    booking_id: BookingId
    released_by: ClientId | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        if entry is None or entry.status != "held" or entry.client_id is None:
            return []
        if not entry.is_live_hold(self.order.at):
            return [e.HoldLapsed(self.booking_id, entry.client_id, entry.slot, "expired")]
        if entry.client_id == self.released_by:
            return [e.HoldLapsed(self.booking_id, entry.client_id, entry.slot, "released")]
        return []

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether the hold was freed by this command."""
        return bool(events)
