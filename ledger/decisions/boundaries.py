"""The timelines decisions read, as query items; the most telling tag stands first, since it drives the index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from ledger import events as e
from ledger.codec import stored_names
from ledger.recorder import BoundaryItem
from ledger.tags import CATALOG, ERASURES, INTEGRATION, booking_tag, client_tag, day_tag, record_tag, shifts_tag
from ledger.values import BookingId, ClientId, RecordId, Slot, StaffId

BOOKING_TYPES: tuple[type[e.AnyEvent], ...] = (
    e.SlotHeld,
    e.HoldLapsed,
    e.BookingMade,
    e.BookingMoved,
    e.BookingCancelled,
    e.CrmBookingSeen,
    e.CrmBookingMoved,
    e.CrmBookingRemoved,
)


def names(*shapes: type[e.AnyEvent]) -> list[str]:
    """Every stored name these may stand under, those of former times too."""
    return list(dict.fromkeys(name for shape in shapes for name in stored_names(shape)))


def catalog() -> BoundaryItem:
    return BoundaryItem(types=names(e.CatalogPublished), tags=[CATALOG], latest=True)


def shifts(staff_id: StaffId) -> BoundaryItem:
    return BoundaryItem(types=names(e.ShiftsPublished), tags=[shifts_tag(staff_id)], latest=True)


def days(slot: Slot) -> Iterable[BoundaryItem]:
    """All that happened to the times of that master on the days the slot touches."""
    for day in slot.days():
        yield BoundaryItem(types=names(*BOOKING_TYPES), tags=[day_tag(slot.staff_id, day)])


def booking(booking_id: BookingId) -> BoundaryItem:
    """The whole life of one booking, its sync attempts included."""
    return BoundaryItem(tags=[booking_tag(booking_id)])


def bookings_of(client_id: ClientId) -> BoundaryItem:
    return BoundaryItem(types=names(*BOOKING_TYPES), tags=[client_tag(client_id)])


def client(client_id: ClientId) -> BoundaryItem:
    """Who a client is, what they agree to, and whether they were erased."""
    types = names(e.ClientRegistered, e.ConsentGiven, e.ConsentWithdrawn, e.ClientErased)
    return BoundaryItem(types=types, tags=[client_tag(client_id)])


def erasure(client_id: ClientId) -> BoundaryItem:
    """Whether a client has asked to be erased, and still has to be."""
    types = names(e.ErasureRequested, e.ErasureCalledOff, e.ClientErased)
    return BoundaryItem(types=types, tags=[client_tag(client_id)], latest=True)


def viewings(client_id: ClientId) -> BoundaryItem:
    """Who looked at a client's data."""
    return BoundaryItem(types=names(e.PersonalDataViewed), tags=[client_tag(client_id)])


def language(client_id: ClientId) -> BoundaryItem:
    """The language a client chose or registered in, whichever is newer; registering takes an earlier choice over."""
    return BoundaryItem(types=names(e.ClientRegistered, e.LanguageChosen), tags=[client_tag(client_id)], latest=True)


def whole_life(client_id: ClientId) -> BoundaryItem:
    """All that carries the client's tag; what was sent to the CRM of their bookings does not."""
    return BoundaryItem(tags=[client_tag(client_id)])


def erasures() -> BoundaryItem:
    """Who asked to be erased, who was, and what became of them in the CRM."""
    return BoundaryItem(tags=[ERASURES])


def forgetting_of(client_id: ClientId) -> BoundaryItem:
    """That a client was erased, and what became of them in the CRM."""
    types = names(e.ClientErased, e.CrmClientRemoved, e.CrmClientKept)
    return BoundaryItem(types=types, tags=[client_tag(client_id), ERASURES])


def record(record_id: RecordId) -> BoundaryItem:
    return BoundaryItem(tags=[record_tag(record_id)])


def integration_state() -> BoundaryItem:
    return BoundaryItem(types=names(e.IntegrationPaused, e.IntegrationResumed), tags=[INTEGRATION], latest=True)


def crm_answers() -> BoundaryItem:
    """The last time the CRM was seen to answer again after a refusal."""
    return BoundaryItem(types=names(e.CrmAnswered), tags=[INTEGRATION], latest=True)


def diary_state() -> BoundaryItem:
    return BoundaryItem(types=names(e.CrmConnected, e.BaselineImported), tags=[INTEGRATION], latest=True)


def brake() -> BoundaryItem:
    return BoundaryItem(types=names(*get_args(e.CrmChangeEvent)), tags=[INTEGRATION], latest=True)


def connection() -> BoundaryItem:
    return BoundaryItem(types=names(e.CrmConnected), tags=[INTEGRATION], latest=True)
