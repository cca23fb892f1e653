"""What a fact from outside runs over: it is never refused, so everything in its way is put right in the same append."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ledger import events as e
from ledger.decisions.folds import Entry
from ledger.values import BookingId, RecordId, Slot


@dataclass(frozen=True)
class Clash:
    """Holds that lapse, and questions about bookings of ours that stand there; `is_overlap` if any booking does."""

    lapses: list[e.HoldLapsed] = field(default_factory=list)
    conflicts: list[e.ConflictFound] = field(default_factory=list)
    is_overlap: bool = False


def clash_of(
    slot: Slot, entries: Iterable[Entry], at: datetime, record_id: RecordId, *, moving: BookingId | None = None
) -> Clash:
    """What stands in `slot`, except the booking that is `moving` there as `record_id`."""
    lapses: list[e.HoldLapsed] = []
    booked: list[Entry] = []
    for entry in entries:
        if entry.booking_id == moving or not entry.slot.overlaps(slot):
            continue
        if entry.status == "held" and entry.client_id is not None:
            reason: e.LapseReason = "taken_in_crm" if entry.is_live_hold(at) else "expired"
            lapses.append(e.HoldLapsed(entry.booking_id, entry.client_id, entry.slot, reason))
        elif entry.status == "booked":
            booked.append(entry)
    conflicts = [
        e.ConflictFound(entry.booking_id, "overlap", (record_id,)) for entry in booked if entry.client_id is not None
    ]
    return Clash(lapses, conflicts, bool(booked))
