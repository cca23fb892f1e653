"""Take note of a booking made by hand in the CRM; a fact from outside is never refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, RecordId, ServiceId, Slot


@dataclass(frozen=True)
class SeeCrmBooking:
    """Gives a CRM record a booking id of ours, once. What it runs over is put right in the same append.

    A hold in its way lapses. A booking of ours in its way stays, but waits for a person (ConflictFound).
    """

    order: Order
    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    service_ids: tuple[ServiceId, ...]

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.record(self.record_id), *boundaries.days(self.slot)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        for item in history:
            if isinstance(item.event, e.CrmBookingSeen | e.SyncSucceeded) and item.event.record_id == self.record_id:
                return Already(item.event)
        lapses: list[e.AnyEvent] = []
        conflicts: list[e.AnyEvent] = []
        is_overlap = False
        for entry in fold_entries(history).values():
            if not entry.slot.overlaps(self.slot):
                continue
            if entry.status == "held" and entry.client_id is not None:
                reason: e.LapseReason = "taken_in_crm" if entry.is_live_hold(self.order.at) else "expired"
                lapses.append(e.HoldLapsed(entry.booking_id, entry.client_id, entry.slot, reason))
            elif entry.status == "booked":
                is_overlap = True
                if entry.client_id is not None:
                    conflicts.append(e.ConflictFound(entry.booking_id, "overlap", (self.record_id,)))
        seen = e.CrmBookingSeen(self.booking_id, self.record_id, self.slot, self.service_ids, is_overlap)
        return [*lapses, seen, *conflicts]

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether the record stands in the ledger as made by hand."""
        return any(isinstance(event, e.CrmBookingSeen) for event in events)
