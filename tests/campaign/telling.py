"""The log and the diary read by code of the campaign's own: it shares nothing with what it checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.values import BookingId, Slot
from sync.simulator.entries import Entry
from tests.builders import MOSCOW


@dataclass
class Told:
    """One booking as the log tells it in the end."""

    booking_id: BookingId
    slot: Slot
    service_ids: tuple[int, ...]
    stands: bool = True
    is_ours: bool = True
    record_id: int | None = None
    is_past_skipped: bool = False
    asked_about: tuple[int, ...] = ()
    history: list[Recorded] = field(default_factory=list)


def tell(log: Iterable[Recorded]) -> dict[BookingId, Told]:
    """Every booking of the log."""
    told: dict[BookingId, Told] = {}
    for item in log:
        event = item.event
        match event:
            case e.BookingMade():
                services = tuple(service.service_id for service in event.services)
                told[event.booking_id] = Told(event.booking_id, event.slot, services)
            case e.CrmBookingSeen():
                told[event.booking_id] = Told(
                    event.booking_id, event.slot, event.service_ids, is_ours=False, record_id=event.record_id
                )
            case _:
                pass  # the rest needs a booking that is known
        booking_id = getattr(event, "booking_id", None)
        if booking_id in told:
            told[booking_id].history.append(item)
            _on(told[booking_id], event)
    return told


def _on(one: Told, event: e.AnyEvent) -> None:
    match event:
        case e.BookingMoved():
            one.slot, one.is_past_skipped = event.slot, False
        case e.BookingCancelled() | e.CrmBookingRemoved():
            one.stands = False
        case e.CrmBookingMoved():
            one.record_id = event.record_id
            if one.stands:
                one.slot = event.slot
        case e.SyncSucceeded(operation="create" | "move"):
            one.record_id = event.record_id
        case e.ConflictFound(kind="duplicate" | "ambiguous"):
            one.asked_about = event.record_ids
        case e.ConflictResolved(kind="ambiguous", answer="ours" | "theirs") if len(one.asked_about) == 1:
            one.record_id = one.asked_about[0]
        case e.SyncSucceeded(operation="remove") if one.record_id in (None, event.record_id):
            one.record_id = next((record for record in one.asked_about if record != event.record_id), one.record_id)
        case e.SyncSkipped(reason="past"):
            one.is_past_skipped = True
        case _:
            pass  # nothing else says where a booking stands


def place(entry: Entry) -> tuple[int, datetime, datetime]:
    """Where a record of the diary stands."""
    starts, ends = entry.new.starts_at, entry.new.ends_at
    return entry.new.staff_id, starts.replace(tzinfo=MOSCOW), ends.replace(tzinfo=MOSCOW)


def where(slot: Slot) -> tuple[int, datetime, datetime]:
    """The same for a slot of the ledger."""
    return slot.staff_id, slot.starts_at, slot.ends_at
