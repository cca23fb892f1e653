"""Where the CRM contradicts the ledger: what its no is called, and our own record where staff have put it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

import msgspec

from ledger import events as e
from ledger.clock import later
from ledger.decisions import boundaries
from ledger.ledger import Ledger
from ledger.sync_state import SyncState
from ledger.values import Slot, StaffId
from sync.errors import InvalidError, SyncError
from sync.look_up import has_services_and_phone, is_at
from sync.pace import START_WITHIN, Pace
from sync.wire import CrmRecord

CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much the CRM's clock and ours may differ when a record's creation is held against an attempt's time."""
_BY_REASON: Mapping[str, e.ConflictKind] = {
    "client_blacklisted": "client_refused",
    "no_master": "not_offered",
    "service_gone": "not_offered",
}


def conflict_of(failure: SyncError, attempt: e.SyncAttempted) -> e.ConflictFound | None:
    """The question a refusal asks; None for one that only the CRM's own words explain."""
    kind = _BY_REASON.get(failure.reason) if isinstance(failure, InvalidError) else None
    return e.ConflictFound(attempt.booking_id, kind) if kind else None


def slot_of(record: CrmRecord) -> Slot:
    """Where a record stands; a mark without length takes a minute, as no slot is empty."""
    length = timedelta(minutes=min(max(record.minutes, 1), 24 * 60))
    return Slot(StaffId(record.staff_id), record.slot_start, record.slot_start + length)


def in_question(records: Iterable[CrmRecord], state: SyncState) -> list[int]:
    """Several records of one booking; first the one that stands where it is wanted, which is what `ours` keeps."""
    return [record.record_id for record in sorted(records, key=lambda record: not is_at(record, state.slot))]


def elsewhere(record: CrmRecord, asked: Slot) -> Slot | None:
    """Where it stands, if not where it was asked to."""
    return None if is_at(record, asked) else slot_of(record)


def as_far_as_fulfilled(ledger: Ledger, attempt: e.SyncAttempted, there: Slot | None) -> e.SyncAttempted:
    """The attempt with those wishes only that a record found at `there` fulfils.

    Where an earlier request of ours asked for that place, it was not staff who put it there: that request took effect
    late, and what was wished since is still to be sent.
    """
    if there is None:
        return attempt
    earlier = [
        item.event
        for item in ledger.history(boundaries.booking(attempt.booking_id))
        if isinstance(item.event, e.SyncAttempted)
        and item.event.attempt_id != attempt.attempt_id
        and item.event.slot is not None
        and (item.event.slot.staff_id, item.event.slot.starts_at) == (there.staff_id, there.starts_at)
    ]
    return msgspec.structs.replace(attempt, covers=earlier[-1].covers) if earlier else attempt


def dragged(
    records: Iterable[CrmRecord],
    state: SyncState,
    attempt: e.SyncAttempted,
    phone: str,
    bound_elsewhere: Collection[int],
    pace: Pace,
) -> CrmRecord | None:
    """A record that may be what a create without an answer made: no number, another place, made in those seconds.

    Whoever drags a record in the CRM may take its number off it (seen by outside teams), and may remove it after that.
    Of several the first made, one that stands before one that was removed.
    """
    began_at = attempt.deadline_at - START_WITHIN - pace.request
    since, until = later(began_at, -CLOCKS_DIFFER), later(attempt.deadline_at, pace.settle + CLOCKS_DIFFER)
    suspects = [
        (record.deleted, record.created_at, record)
        for record in records
        if (state.is_wanted or not record.deleted)
        and not record.api_id.isdigit()
        and record.record_id not in bound_elsewhere
        and record.created_at is not None
        and since <= record.created_at <= until
        and has_services_and_phone(record, state, phone)
    ]
    return min(suspects, key=lambda one: one[:2])[2] if suspects else None


def suspicion(one: CrmRecord) -> tuple[e.ConflictKind, Slot | None]:
    """The question whether a single record, elsewhere or removed, is the booking's; and where it stands."""
    return ("removed_in_crm", None) if one.deleted else ("ambiguous", slot_of(one))
