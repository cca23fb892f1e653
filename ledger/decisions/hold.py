"""Keep a slot for a client while they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from ledger import errors
from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, fold_entries, is_within_shift, latest
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
        if not _is_on_the_wall(self.slot, ZoneInfo(catalog.timezone)):
            raise errors.MalformedValueError("slot", f"its digits are not those of {catalog.timezone}")
        services = self._agreed(catalog)
        self._check_time(catalog.policy)
        if not is_within_shift(self.slot, latest(history, e.ShiftsPublished)):
            raise errors.OutsideShiftError
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

    def _check_time(self, policy: e.Policy) -> None:
        if self.slot.starts_at <= self.order.at:
            raise errors.SlotInPastError
        if self.slot.starts_at < self.order.at + timedelta(minutes=policy.minimum_notice_minutes):
            raise errors.TooSoonError
        if self.slot.starts_at.date() > self.order.at.date() + timedelta(days=policy.horizon_days):
            raise errors.TooFarAheadError

    def _check_open_bookings(self, entries: Mapping[BookingId, Entry], policy: e.Policy) -> None:
        still_open = [
            entry
            for entry in entries.values()
            if entry.client_id == self.client_id and entry.status == "booked" and entry.slot.ends_at > self.order.at
        ]
        if len(still_open) >= policy.open_bookings_limit:
            raise errors.TooManyBookingsError

    def _lapses(self, entries: Mapping[BookingId, Entry]) -> Iterator[e.HoldLapsed]:
        for entry in entries.values():
            if entry.status == "booked" and entry.slot.overlaps(self.slot):
                raise errors.SlotTakenError
            if entry.status != "held" or entry.client_id is None:
                continue
            is_live = entry.is_live_hold(self.order.at)
            if entry.client_id == self.client_id:
                reason: e.LapseReason = "replaced" if is_live else "expired"
                yield e.HoldLapsed(entry.booking_id, entry.client_id, entry.slot, reason)
            elif entry.slot.overlaps(self.slot):
                if is_live:
                    raise errors.SlotTakenError
                yield e.HoldLapsed(entry.booking_id, entry.client_id, entry.slot, "expired")

    def _awaits(self, history: Sequence[Recorded]) -> e.Awaits:
        mine = [item for item in history if getattr(item.event, "client_id", None) == self.client_id]
        if latest(mine, e.ConsentGiven) is None:
            return "consent"
        return "confirmation" if latest(mine, e.ClientRegistered) else "contact"


def _is_on_the_wall(slot: Slot, zone: ZoneInfo) -> bool:
    """Shifts and days go by the digits a slot carries, so they must be the salon's."""
    return all(end.utcoffset() == end.astimezone(zone).utcoffset() for end in (slot.starts_at, slot.ends_at))
