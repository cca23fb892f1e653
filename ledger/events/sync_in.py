"""What is done by hand in the CRM."""

from __future__ import annotations

from ledger.events.base import Event
from ledger.values import BookingId, RecordId, ServiceId, Slot


class CrmBookingSeen(Event, frozen=True):
    """A booking made by hand in the CRM takes its slot; it got a booking id of ours at first sight.

    A fact from outside is never refused: with `overlap_allowed` it stands although the time was taken.
    """

    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    service_ids: tuple[ServiceId, ...]
    overlap_allowed: bool = False
