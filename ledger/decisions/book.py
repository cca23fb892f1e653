"""Turn a hold into a booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import check_not_erased, consent, contact, fold_entries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId


@dataclass(frozen=True)
class MakeBooking:
    """Books what `booking_id` holds. While the hold stands nobody else can have taken the time."""

    order: Order
    booking_id: BookingId
    client_id: ClientId

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id), boundaries.client(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        check_not_erased(history)
        if entry is None:
            raise errors.UnknownBookingError
        if entry.client_id != self.client_id:
            raise errors.ForeignBookingError
        if entry.status == "booked" and entry.made is not None:
            return Already(entry.made)
        if not entry.is_live_hold(self.order.at) or entry.slot.starts_at <= self.order.at:
            raise errors.HoldExpiredError
        if consent(history) is None:
            raise errors.ConsentMissingError
        if contact(history) is None:
            raise errors.ContactMissingError
        return [e.BookingMade(self.booking_id, self.client_id, entry.slot, entry.services)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.BookingMade:
        return next(event for event in events if isinstance(event, e.BookingMade))
