"""Forget a person: what is open is called off or settled first, then their key goes, in the same append's transaction.

What is still to be done in the CRM needs nothing personal: a removal goes by the record's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, fold_entries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, ClientId, RecordId, Sealed

ERASE = "erase:"
"""How the cause of everything that is done to forget somebody begins."""


@dataclass(frozen=True)
class GiveUpBooking:
    """Calls off a visit to come, or lets a kept time go, whatever the salon's limits; nothing else is touched."""

    order: Order
    booking_id: BookingId
    client_id: ClientId

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        if entry is None or entry.client_id != self.client_id:
            raise errors.UnknownBookingError
        if entry.status == "held":
            return [e.HoldLapsed(self.booking_id, self.client_id, entry.slot, "released")]
        if is_open(entry, self.order):
            return [e.BookingCancelled(self.booking_id, self.client_id, entry.slot)]
        return []

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether anything had to be given up."""
        return bool(events)


@dataclass(frozen=True)
class EraseClient:
    """Writes down that a client is erased, and of each booking what will never be sent to the CRM any more.

    `booking_ids` are all of the client's. `has_key`: whether their key was there when `erased_at` was the position of
    the last erasure (0: none): somebody erased before is erased again where a backup brought the key back. Whoever
    executes it destroys the key in the same transaction.
    Raises StaleVersionError when a booking is open or not among these: give it up, or look again; AttemptOpenError
    while a request that carries the client's name may be on its way to the CRM, unless `anyway`.
    """

    order: Order
    client_id: ClientId
    basis: e.Basis
    booking_ids: tuple[BookingId, ...]
    has_key: bool
    erased_at: int = 0
    anyway: bool = False

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.whole_life(self.client_id), *map(boundaries.booking, self.booking_ids)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        erased = last_erasure(history)
        if erased is not None and (not self.has_key or erased.position > self.erased_at):
            return Already(erased.event)
        entries = [entry for entry in fold_entries(history).values() if entry.client_id == self.client_id]
        if any(entry.booking_id not in self.booking_ids or is_open(entry, self.order) for entry in entries):
            raise errors.StaleVersionError
        states = sync_states(history, self.booking_ids)
        if not self.anyway and any(carries_person(state) for state in states):
            raise errors.AttemptOpenError
        asked = bool(records_in(history)) or any(state.open_attempt for state in states)
        skips = [e.SyncSkipped(state.booking_id, state.pending, "erased") for state in states if is_unsendable(state)]
        return [
            *skips,
            e.ClientErased(self.client_id, self.basis, categories(history), "asked" if asked else "none"),
        ]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ClientErased:
        return next(event for event in events if isinstance(event, e.ClientErased))


def last_erasure(history: Sequence[Recorded]) -> Recorded | None:
    """The newest one of this history's client."""
    return next((item for item in reversed(history) if isinstance(item.event, e.ClientErased)), None)


def records_in(history: Iterable[Recorded]) -> tuple[RecordId, ...]:
    """The CRM's records that these events say are, or were, the client's; the oldest first.

    Not those of a question: they may be somebody else's.
    """
    known = e.SyncSucceeded | e.CrmBookingMoved | e.CrmBookingRemoved
    return tuple(dict.fromkeys(item.event.record_id for item in history if isinstance(item.event, known)))


def is_open(entry: Entry, order: Order) -> bool:
    """Whether it is a time that is kept, or a visit to come."""
    return entry.status == "held" or (entry.status == "booked" and entry.slot.starts_at > order.at)


def sync_states(history: Iterable[Recorded], booking_ids: Iterable[BookingId]) -> list[SyncState]:
    """How each of these bookings stands with the CRM; holds and what was made there have no such state."""
    own: dict[int, list[Recorded]] = {booking_id: [] for booking_id in booking_ids}
    for item in history:
        if (booking_id := getattr(item.event, "booking_id", None)) in own:
            own[booking_id].append(item)
    found = (fold_sync(items) for items in own.values())
    return [state for state in found if state is not None]


def carries_person(state: SyncState) -> bool:
    """Whether a request with the client's name in it may be on its way."""
    return state.open_attempt is not None and state.open_attempt.operation in ("create", "move")


def is_unsendable(state: SyncState) -> bool:
    """Whether what waits needs the client's name, or nothing need be sent; a removal can still go by its number."""
    return bool(state.pending) and state.open_attempt is None and (state.is_wanted or not state.is_in_crm)


def categories(history: Iterable[Recorded]) -> tuple[str, ...]:
    """What was sealed of a person, by the fields' names, in alphabetical order."""
    found = {sealed.context.rpartition(".")[2] for item in history for sealed in _sealed(item.event)}
    return tuple(sorted(found))


def _sealed(event: e.AnyEvent) -> Iterator[Sealed]:
    for field in msgspec.structs.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, Sealed) and not value.is_blank:
            yield value
