"""A client says that they are coming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries, latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId


@dataclass(frozen=True)
class ConfirmVisit:
    """Confirms the client's own booking as they last saw it (`version`); confirming the same slot twice is once."""

    order: Order
    booking_id: BookingId
    client_id: ClientId
    version: int

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        if entry is None or (entry.made is None and entry.client_id == self.client_id):
            raise errors.UnknownBookingError
        if entry.client_id != self.client_id:
            raise errors.ForeignBookingError
        if entry.status != "booked" or entry.version != self.version:
            raise errors.StaleVersionError
        confirmed = latest(history, e.VisitConfirmed)
        if confirmed is not None and confirmed.slot == entry.slot:
            return Already(confirmed)
        if entry.slot.starts_at <= self.order.at:
            raise errors.SlotInPastError
        return [e.VisitConfirmed(self.booking_id, self.client_id, entry.slot)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.VisitConfirmed:
        return next(event for event in events if isinstance(event, e.VisitConfirmed))
