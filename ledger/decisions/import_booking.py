"""Take over a booking from an older system; a fact from outside is never refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, check_not_erased, fold_entries, latest
from ledger.decisions.room import is_on_the_wall
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookedService, BookingId, ClientId, RecordId, Slot

IMPORT = "import:"
"""How the cause of everything that was imported begins."""


@dataclass(frozen=True)
class Imported:
    """What became of a row: its booking (None when only the client's contact was completed) as it was taken over."""

    booking_id: BookingId | None
    is_cancelled: bool
    conflict: e.ConflictFound | None


@dataclass(frozen=True)
class ImportBooking:
    """Books what an older system holds, and calls it off in the same append when it was called off there.

    No rule of the salon refuses it: not the time that has passed, nor the shift, nor the limits. Where its time is
    taken it stands with `overlap_allowed` and waits for a person (ConflictFound); a hold in its way lapses. The same
    visit (client, master, start, services) is taken over once. Raises NotInCatalogError before the first catalogue,
    MalformedValueError for an id that is taken and a slot in another zone's digits: faults of the caller.
    """

    order: Order
    booking_id: BookingId
    contact: e.ClientRegistered
    slot: Slot
    services: tuple[BookedService, ...]
    is_cancelled: bool = False

    def boundary(self) -> Sequence[BoundaryItem]:
        return [
            boundaries.catalog(),
            boundaries.booking(self.booking_id),
            *boundaries.days(self.slot),
            boundaries.client(self.contact.client_id),
        ]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_not_erased(history)
        catalog = latest(history, e.CatalogPublished)
        if catalog is None:
            raise errors.NotInCatalogError
        if not is_on_the_wall(self.slot, ZoneInfo(catalog.timezone)):
            raise errors.MalformedValueError("slot", f"its digits are not those of {catalog.timezone}")
        entries = fold_entries(history)
        if self.booking_id in entries:
            raise errors.MalformedValueError("booking", "this id is somebody else's already")
        registered = self._registered(history)
        if known := self._known(history, entries.values()):
            is_agreed = isinstance(known, e.BookingCancelled) == self.is_cancelled
            return registered if registered and is_agreed else Already(known)
        in_the_way = [entry for entry in entries.values() if entry.slot.overlaps(self.slot)]
        return [*registered, *self._booked(in_the_way, _records(history))]

    def answer(self, events: Sequence[e.AnyEvent]) -> Imported:
        placed = (event for event in events if isinstance(event, e.BookingMade | e.BookingMoved | e.BookingCancelled))
        found = next(placed, None)
        return Imported(
            found.booking_id if found else None,
            any(isinstance(event, e.BookingCancelled) for event in events),
            next((event for event in events if isinstance(event, e.ConflictFound)), None),
        )

    def _booked(self, in_the_way: Sequence[Entry], records: dict[BookingId, RecordId]) -> Iterator[e.AnyEvent]:
        client_id = self.contact.client_id
        standing = [entry for entry in in_the_way if entry.status == "booked"]
        held = [entry for entry in in_the_way if entry.status == "held" and entry.client_id is not None]
        if self.is_cancelled:
            is_taken = bool(standing or held)  # it gives the time back at once, so nobody has to leave it
            yield e.BookingMade(self.booking_id, client_id, self.slot, self.services, is_taken)
            yield e.BookingCancelled(self.booking_id, client_id, self.slot)
            return
        for entry in held:
            reason: e.LapseReason = "taken_by_import" if entry.is_live_hold(self.order.at) else "expired"
            yield e.HoldLapsed(entry.booking_id, entry.client_id or client_id, entry.slot, reason)
        yield e.BookingMade(self.booking_id, client_id, self.slot, self.services, bool(standing))
        if standing:
            theirs = tuple(records[entry.booking_id] for entry in standing if entry.booking_id in records)
            yield e.ConflictFound(self.booking_id, "overlap", theirs)

    def _known(self, history: Sequence[Recorded], entries: Iterable[Entry]) -> e.AnyEvent | None:
        """What makes this row superfluous, if anything: a twin that stands, or one imported before.

        What was imported standing stays taken over, whatever became of it since: a second reading of the same table
        must not bring back what the client has called off or moved meanwhile.
        """
        imported = [item.event for item in history if item.cause.startswith(IMPORT)]
        made = {event.booking_id: event for event in imported if isinstance(event, e.BookingMade)}
        called_off = {event.booking_id for event in imported if isinstance(event, e.BookingCancelled)}
        stood, gone = [], []
        for entry in entries:
            original = made.get(entry.booking_id)
            is_twin = self._is_twin(entry.client_id, entry.slot, entry.services)
            was_twin = original is not None and self._is_twin(original.client_id, original.slot, original.services)
            placed = entry.moved or entry.made
            if placed and ((is_twin and entry.status == "booked") or (was_twin and entry.booking_id not in called_off)):
                stood.append(placed)
            if entry.cancelled and (is_twin or was_twin):
                gone.append(entry.cancelled)
        twins = [*gone, *stood] if self.is_cancelled else stood
        return twins[0] if twins else None

    def _is_twin(self, client_id: ClientId | None, slot: Slot, services: Sequence[BookedService]) -> bool:
        return (
            client_id == self.contact.client_id
            and (slot.staff_id, slot.starts_at) == (self.slot.staff_id, self.slot.starts_at)
            and sorted(one.service_id for one in services) == sorted(one.service_id for one in self.services)
        )

    def _registered(self, history: Sequence[Recorded]) -> list[e.ClientRegistered]:
        """The client's contact if it is new, or tells a phone or a Telegram id that was not known; else nothing."""
        known, new = latest(history, e.ClientRegistered), self.contact
        if known is None:
            return [new]
        telegram = new.telegram if known.telegram.is_blank else known.telegram
        phone = new.phone if known.phone.is_blank else known.phone
        if (telegram, phone) == (known.telegram, known.phone):
            return []
        name = new.name if known.name.is_blank else known.name
        return [e.ClientRegistered(known.client_id, telegram, name, phone, known.phone_verified, known.language)]


def _records(history: Sequence[Recorded]) -> dict[BookingId, RecordId]:
    """The CRM's numbers of what was made there by hand."""
    return {item.event.booking_id: item.event.record_id for item in history if isinstance(item.event, e.CrmBookingSeen)}
