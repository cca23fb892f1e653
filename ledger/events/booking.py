"""Whose time it is: holds and bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ledger.events.base import Event
from ledger.values import BookedService, BookingId, ClientId, Slot

Awaits = Literal["consent", "contact", "confirmation"]
LapseReason = Literal["expired", "replaced", "released", "taken_in_crm", "taken_by_import"]


class SlotHeld(Event, frozen=True):
    """A slot is kept for a client while they answer what it awaits."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    services: tuple[BookedService, ...]
    expires_at: datetime
    awaits: Awaits


class HoldLapsed(Event, frozen=True):
    """A kept slot was given up and is free again."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    reason: LapseReason


class BookingMade(Event, frozen=True):
    """A client booked a slot, at these prices.

    With `overlap_allowed` it was taken over from an older system although the time was taken: a fact is not refused.
    """

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    services: tuple[BookedService, ...]
    overlap_allowed: bool = False


class BookingMoved(Event, frozen=True):
    """A booking got another slot, of the same or another master; `from_slot` is free again."""

    booking_id: BookingId
    client_id: ClientId
    from_slot: Slot
    slot: Slot
    services: tuple[BookedService, ...]


class BookingCancelled(Event, frozen=True):
    """A booking was called off; its slot is free again."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot


class VisitConfirmed(Event, frozen=True):
    """A client said that they are coming to this slot."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
