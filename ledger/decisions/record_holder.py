"""Which booking a record of the CRM belongs to, and whether it stands there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.values import BookingId, RecordId


@dataclass(frozen=True)
class Holder:
    """The booking; `stands` is False once its record was removed. `is_in_question`: a person is asked if it is its own.

    `position` is that of the event that says so.
    """

    booking_id: BookingId
    position: int
    stands: bool = True
    is_in_question: bool = False


def holder_of(history: Iterable[Recorded], record_id: RecordId) -> Holder | None:
    """The booking that had the record last; None for a record nobody has heard of."""
    holder: Holder | None = None
    for item in history:
        match item.event:
            case e.CrmBookingSeen(record_id=record) as event if record == record_id:
                holder = Holder(event.booking_id, item.position)
            case e.CrmBookingMoved(record_id=record) as event if record == record_id:
                holder = Holder(event.booking_id, item.position)
            case e.SyncSucceeded(record_id=record) as event if record == record_id:
                holder = Holder(event.booking_id, item.position, stands=event.operation in ("create", "move"))
            case e.CrmBookingRemoved(record_id=record) as event if record == record_id:
                # A second booking of the same record may be put away: that says nothing about the one that has it.
                if holder is None or holder.booking_id == event.booking_id:
                    holder = Holder(event.booking_id, item.position, stands=False)
            case e.ConflictFound(record_ids=records, kind=kind) as event if record_id in records and holder is None:
                if kind not in ("overlap", "slot_busy"):  # those name the strangers in the way
                    holder = Holder(event.booking_id, item.position, is_in_question=True)
            case _:
                pass  # nothing else binds a record
    return holder
