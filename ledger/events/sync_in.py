"""What is done by hand in the CRM."""

from __future__ import annotations

from ledger.events.base import Event
from ledger.values import BookingId, ClientId, RecordId, ServiceId, Slot


class CrmBookingSeen(Event, frozen=True):
    """A booking made by hand in the CRM takes its slot; it got a booking id of ours at first sight.

    A fact from outside is never refused: with `overlap_allowed` it stands although the time was taken.
    """

    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    service_ids: tuple[ServiceId, ...]
    overlap_allowed: bool = False


class CrmBookingMoved(Event, frozen=True):
    """Staff gave a booking another time, master or length in the CRM; `from_slot` is free again.

    `client_id` is absent for a booking that was made there by hand. `overlap_allowed` as in `CrmBookingSeen`.
    """

    booking_id: BookingId
    record_id: RecordId
    from_slot: Slot
    slot: Slot
    service_ids: tuple[ServiceId, ...]
    client_id: ClientId | None = None
    overlap_allowed: bool = False


class CrmBookingRemoved(Event, frozen=True):
    """Staff removed a booking's record from the CRM: it is called off, and its slot is free again."""

    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    client_id: ClientId | None = None


class CrmChangeBraked(Event, frozen=True):
    """The CRM shows more bookings moved or removed at once than can be believed; nothing of it was taken over.

    `removed` and `moved` count what it shows, `known` the coming bookings it was compared with.
    """

    removed: int
    moved: int
    known: int


class CrmChangeAccepted(Event, frozen=True):
    """An operator said that up to so many changes of the CRM's diary are real: the brake is off."""

    removed: int
    moved: int


class CrmChangeSubsided(Event, frozen=True):
    """The CRM shows no longer what the brake had stopped for, so it came off by itself; nobody vouched for anything."""

    removed: int
    moved: int
