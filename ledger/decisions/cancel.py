"""Call a booking off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries, latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId


@dataclass(frozen=True)
class CancelBooking:
    """Cancels the client's own booking as they last saw it (`version`); already cancelled is success."""

    order: Order
    booking_id: BookingId
    client_id: ClientId
    version: int

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id), boundaries.catalog()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        if entry is None or (entry.made is None and entry.client_id == self.client_id):
            raise errors.UnknownBookingError
        if entry.client_id != self.client_id:
            raise errors.ForeignBookingError
        if entry.cancelled is not None:
            return Already(entry.cancelled)
        if entry.status != "booked" or entry.version != self.version:
            raise errors.StaleVersionError
        catalog = latest(history, e.CatalogPublished)
        notice = timedelta(minutes=catalog.policy.cancel_notice_minutes if catalog else 0)
        if entry.slot.starts_at - notice < self.order.at:
            raise errors.TooLateToCancelError
        return [e.BookingCancelled(self.booking_id, self.client_id, entry.slot)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.BookingCancelled:
        return next(event for event in events if isinstance(event, e.BookingCancelled))
