"""Take note of a booking made by hand in the CRM; a fact from outside is never refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.decisions.outside_facts import clash_of
from ledger.decisions.record_holder import holder_of
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, RecordId, ServiceId, Slot


@dataclass(frozen=True)
class SeeCrmBooking:
    """Gives a CRM record a booking id of ours, once; one that was removed and is back there gets another.

    What it runs over is put right in the same append: a hold in its way lapses, a booking of ours stays, but waits for
    a person (ConflictFound).
    """

    order: Order
    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    service_ids: tuple[ServiceId, ...]

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.record(self.record_id), *boundaries.days(self.slot)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        holder = holder_of(history, self.record_id)
        if holder is not None and holder.stands and not holder.is_in_question:
            return Already(next(item.event for item in history if item.position == holder.position))
        clash = clash_of(self.slot, fold_entries(history).values(), self.order.at, self.record_id)
        seen = e.CrmBookingSeen(self.booking_id, self.record_id, self.slot, self.service_ids, clash.is_overlap)
        return [*clash.lapses, seen, *clash.conflicts]

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether the record stands in the ledger as made by hand."""
        return any(isinstance(event, e.CrmBookingSeen) for event in events)
