"""Two diaries to be compared: a booking as the ledger has it, and its record as the CRM shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ledger.values import BookingId, RecordId, Slot
from sync.differences import OurBooking
from sync.wire import CrmRecord
from tests.builders import BOOKING, HAIRCUT, RECORD, slot

PHONE = "79160000001"


def ours(place: Slot | None = None, **changes: Any) -> OurBooking:  # any of its fields
    """A booking of ten o'clock that the CRM is believed to hold as RECORD."""
    usual = OurBooking(
        BOOKING,
        place or slot(),
        (HAIRCUT,),
        is_standing=True,
        is_expected=True,
        records=(RECORD,),
        phone=PHONE,
    )
    return replace(usual, **changes)


def record_of(booking: OurBooking, record_id: int = RECORD, **changes: Any) -> CrmRecord:  # any of its fields
    """That booking as the CRM should show it."""
    usual = CrmRecord(
        record_id=record_id,
        staff_id=booking.slot.staff_id,
        slot_start=booking.slot.starts_at,
        minutes=booking.minutes,
        service_ids=booking.service_ids,
        phone_digits=booking.phone or "",
        api_id=booking.number,
        comment="",
        deleted=False,
        created_at=None,
        changed_at=None,
    )
    return msgspec.structs.replace(usual, **changes)


def stranger(
    start: str = "16:00", record_id: int = 77, minutes: int = 60, **changes: Any
) -> CrmRecord:  # any of its fields
    """A record of somebody nobody knows here."""
    other = ours(
        slot(start, minutes or 1), booking_id=BookingId(999), records=(RecordId(record_id),), phone="79990000000"
    )
    return record_of(other, record_id, **{"api_id": "", "minutes": minutes, **changes})
