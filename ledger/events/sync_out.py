"""Bookings on their way to the CRM, step by step."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ledger.events.base import Event
from ledger.values import BookingId, ClientId, RecordId, Sealed, Slot

Operation = Literal["create", "move", "cancel", "remove"]
"""`remove` takes a second record of the same visit out of the CRM; the booking itself stands."""
SkipReason = Literal["superseded", "past", "erased"]
ConflictKind = Literal[
    "slot_busy",
    "duplicate",
    "ambiguous",
    "overlap",
    "moved_in_crm",
    "removed_in_crm",
    "unsendable",
    "client_refused",
    "not_offered",
]
Answer = Literal["ours", "theirs", "offer", "retry"]


class SyncAttempted(Event, frozen=True):
    """A request to the CRM is about to leave; until an outcome follows nobody knows whether it arrived.

    `covers` are the positions of the booking events it carries, `slot` is what it asks for (absent: a removal);
    after `deadline_at` the request is given up.
    """

    booking_id: BookingId
    client_id: ClientId
    attempt_id: int
    operation: Operation
    covers: tuple[int, ...]
    number: int
    deadline_at: datetime
    record_id: RecordId | None = None
    slot: Slot | None = None


class SyncSucceeded(Event, frozen=True):
    """The CRM holds what it should for the covered events; `seen_by` says how we know.

    `slot` is where the record was seen to stand, where that is not what the attempt asked for.
    """

    booking_id: BookingId
    attempt_id: int
    operation: Operation
    covers: tuple[int, ...]
    record_id: RecordId
    seen_by: Literal["answer", "look_up"]
    slot: Slot | None = None


class SyncFailed(Event, frozen=True):
    """An attempt did not succeed.

    `outcome`: not_sent and absent leave the CRM untouched for certain, refused is its own no, unknown must be looked
    up before anything is repeated. `parked` means a person has to decide.
    """

    booking_id: BookingId
    client_id: ClientId
    attempt_id: int
    operation: Operation
    outcome: Literal["not_sent", "refused", "unknown", "absent"]
    kind: str
    message: Sealed
    status: int | None = None
    retry_at: datetime | None = None
    parked: bool = False


class SyncSkipped(Event, frozen=True):
    """The covered events need not be sent any more."""

    booking_id: BookingId
    covers: tuple[int, ...]
    reason: SkipReason


class ConflictFound(Event, frozen=True):
    """Ledger and CRM contradict each other about a booking; it waits for a person.

    `their_slot` is where the CRM holds the booking, if it was moved there by hand.
    """

    booking_id: BookingId
    kind: ConflictKind
    record_ids: tuple[RecordId, ...] = ()
    their_slot: Slot | None = None


class ConflictResolved(Event, frozen=True):
    """An operator answered for a booking that waited for a person; `kind` absent: it had been refused.

    `ours`: what the ledger says goes into the CRM, over whatever stands there. `theirs`: the CRM's word counts, ours
    follows. `offer`: the client is asked to choose another time. `retry`: it is tried once more as it is.
    """

    booking_id: BookingId
    client_id: ClientId
    answer: Answer
    kind: ConflictKind | None = None
