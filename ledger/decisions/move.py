"""Give a booking another time, of the same or another master."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, fold_entries, latest
from ledger.decisions.room import check_room, lapses_for
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId, Slot


@dataclass(frozen=True)
class MoveBooking:
    """Moves the client's own booking as they last saw it (`version`) to `slot`, in one event.

    The new slot may overlap the booking's own old one. Already there is success. Services and prices stay as agreed,
    so the slot is as long as they are; raises MalformedValueError for another length, a fault of the caller.
    """

    order: Order
    booking_id: BookingId
    client_id: ClientId
    version: int
    slot: Slot

    def boundary(self) -> Sequence[BoundaryItem]:
        return [
            boundaries.booking(self.booking_id),
            boundaries.catalog(),
            boundaries.shifts(self.slot.staff_id),
            boundaries.diary_state(),
            *boundaries.days(self.slot),
        ]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entries = fold_entries(history)
        entry = entries.get(self.booking_id)
        if entry is None or (entry.made is None and entry.client_id == self.client_id):
            raise errors.UnknownBookingError
        if entry.client_id != self.client_id:
            raise errors.ForeignBookingError
        placed = entry.moved or entry.made
        if entry.status == "booked" and entry.slot == self.slot and placed is not None:
            return Already(placed)
        if entry.status != "booked" or entry.version != self.version:
            raise errors.StaleVersionError
        catalog = latest(history, e.CatalogPublished)
        if catalog is None:
            raise errors.NotInCatalogError
        if isinstance(latest(history, e.CrmConnected, e.BaselineImported), e.CrmConnected):
            raise errors.DiaryNotLoadedError
        self._check(entry, catalog)
        check_room(self.slot, catalog, latest(history, e.ShiftsPublished), self.order.at)
        lapses = lapses_for(self.slot, entries, self.client_id, self.order.at, moving=self.booking_id)
        moved = e.BookingMoved(self.booking_id, self.client_id, entry.slot, self.slot, entry.services)
        return [*lapses, moved]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.BookingMoved | e.BookingMade:
        """What put the booking where it now is."""
        return next(event for event in events if isinstance(event, e.BookingMoved | e.BookingMade))

    def _check(self, entry: Entry, catalog: e.CatalogPublished) -> None:
        if entry.slot.starts_at - timedelta(minutes=catalog.policy.cancel_notice_minutes) < self.order.at:
            raise errors.TooLateToMoveError
        if self.slot.ends_at - self.slot.starts_at != timedelta(minutes=sum(one.minutes for one in entry.services)):
            raise errors.MalformedValueError("slot", "not as long as the booked services")
        offers = {offer.service_id: offer for offer in catalog.services}
        if any(service.service_id not in offers for service in entry.services):
            raise errors.NotInCatalogError
        if any(self.slot.staff_id not in offers[service.service_id].staff_ids for service in entry.services):
            raise errors.ServiceNotOfferedError
