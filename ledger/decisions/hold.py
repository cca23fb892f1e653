"""Keep a slot for a client while they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger import errors, events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, check_not_erased, consent, contact, fold_entries, latest
from ledger.decisions.room import check_room, lapse_of, lapses_for
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookedService, BookingId, ClientId, ServiceId, Slot


@dataclass(frozen=True)
class HoldSlot:
    """Holds `slot` under a fresh booking id; the client's earlier hold, if any, lapses in the same append.

    Raises MalformedValueError for an id that is taken and a slot in another zone's digits: faults of the caller.
    """

    order: Order
    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    service_ids: tuple[ServiceId, ...]

    def boundary(self) -> Sequence[BoundaryItem]:
        return [
            boundaries.catalog(),
            boundaries.shifts(self.slot.staff_id),
            boundaries.diary_state(),
            boundaries.booking(self.booking_id),
            *boundaries.days(self.slot),
            boundaries.bookings_of(self.client_id),
            boundaries.client(self.client_id),
        ]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_not_erased(history)
        entries = fold_entries(history)
        if own := self._same_hold(entries):
            return Already(own)
        if self.booking_id in entries:
            raise errors.MalformedValueError("booking", "this id is somebody else's already")
        if isinstance(latest(history, e.CrmConnected, e.BaselineImported), e.CrmConnected):
            raise errors.DiaryNotLoadedError
        catalog = latest(history, e.CatalogPublished)
        if catalog is None:
            raise errors.NotInCatalogError
        services = self._agreed(catalog)
        check_room(self.slot, catalog, latest(history, e.ShiftsPublished), self.order.at)
        self._check_open_bookings(entries, catalog.policy)
        held = e.SlotHeld(
            self.booking_id,
            self.client_id,
            self.slot,
            services,
            later(self.order.at, timedelta(minutes=catalog.policy.hold_minutes)),
            self._awaits(history),
        )
        return [*self._lapses(entries), held]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.SlotHeld:
        return next(event for event in events if isinstance(event, e.SlotHeld))

    def _same_hold(self, entries: Mapping[BookingId, Entry]) -> e.SlotHeld | None:
        """A second tap on the same time finds the first one's hold."""
        for entry in entries.values():
            if (
                entry.client_id == self.client_id
                and entry.slot == self.slot
                and entry.is_live_hold(self.order.at)
                and tuple(service.service_id for service in entry.services) == self.service_ids
            ):
                return entry.held
        return None

    def _agreed(self, catalog: e.CatalogPublished) -> tuple[BookedService, ...]:
        offers = {offer.service_id: offer for offer in catalog.services}
        if not self.service_ids or any(service_id not in offers for service_id in self.service_ids):
            raise errors.NotInCatalogError
        if any(self.slot.staff_id not in offers[service_id].staff_ids for service_id in self.service_ids):
            raise errors.ServiceNotOfferedError
        agreed = tuple(BookedService(i, offers[i].price, offers[i].minutes) for i in self.service_ids)
        if self.slot.ends_at - self.slot.starts_at != timedelta(minutes=sum(service.minutes for service in agreed)):
            raise errors.NotInCatalogError  # drawn from an older catalogue: the length is another now
        return agreed

    def _check_open_bookings(self, entries: Mapping[BookingId, Entry], policy: e.Policy) -> None:
        still_open = [
            entry
            for entry in entries.values()
            if entry.client_id == self.client_id and entry.status == "booked" and entry.slot.ends_at > self.order.at
        ]
        if len(still_open) >= policy.open_bookings_limit:
            raise errors.TooManyBookingsError

    def _lapses(self, entries: Mapping[BookingId, Entry]) -> Iterator[e.HoldLapsed]:
        """A client is kept one time: their earlier hold goes, wherever it is."""
        in_the_way = {
            lapse.booking_id: lapse for lapse in lapses_for(self.slot, entries, self.client_id, self.order.at)
        }
        for entry in entries.values():
            if entry.status == "held" and entry.client_id == self.client_id:
                in_the_way[entry.booking_id] = lapse_of(entry, self.client_id, self.order.at)
        yield from in_the_way.values()

    def _awaits(self, history: Sequence[Recorded]) -> e.Awaits:
        mine = [item for item in history if getattr(item.event, "client_id", None) == self.client_id]
        if consent(mine) is None:
            return "consent"
        return "confirmation" if contact(mine) else "contact"
