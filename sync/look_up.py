"""Finding our own booking among the CRM's records; the only ground on which an unknown write may be repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.sync_state import SyncState
from ledger.values import Slot
from sync.errors import GoneError
from sync.wire import CrmRecord, digits
from sync.yclients import Yclients


@dataclass(frozen=True)
class Match:
    """Records that are this booking's: alive, and removed since."""

    live: list[CrmRecord]
    deleted: list[CrmRecord]


def matching(
    records: Iterable[CrmRecord], state: SyncState, slot: Slot, phone: str, bound_elsewhere: Collection[int]
) -> Match:
    """Ours by `api_id`; where the CRM lost that, by phone and services at the slot that was asked for.

    `bound_elsewhere` are record ids the ledger knows to be other bookings'. A record carrying another booking's
    number is never ours. `api_id` comes back empty or as something else after a change by hand (seen by outside teams).
    """
    candidates = [record for record in records if record.record_id not in bound_elsewhere]
    ours = [record for record in candidates if record.api_id == str(state.booking_id)]
    if not ours:
        unnumbered = [record for record in candidates if not record.api_id.isdigit()]
        ours = [record for record in unnumbered if _is_alike(record, state, slot, phone)]
    return Match([r for r in ours if not r.deleted], [r for r in ours if r.deleted])


def by_creation(crm: Yclients, since: datetime, until: datetime) -> list[CrmRecord]:
    """All records created between two moments, with a day to spare on both sides, removed ones included."""
    day = timedelta(days=1)
    return crm.records(created_from_on=since.date() - day, created_until_on=until.date() + day, with_deleted=True)


def by_number(crm: Yclients, record_id: int, slots: Sequence[Slot]) -> CrmRecord | None:
    """The record as it now stands; None when the CRM does not have it any more.

    "No such record" counts only if the list of the days of `slots` can be read and does not show it: a 404 may be the
    address's. Raises any SyncError of reading.
    """
    try:
        return crm.record(record_id)
    except GoneError:
        day = timedelta(days=1)
        around = crm.records(
            from_on=min(slot.starts_at.date() for slot in slots) - day,
            until_on=max(slot.ends_at.date() for slot in slots) + day,
        )
        return next((record for record in around if record.record_id == record_id), None)


def by_slot(crm: Yclients, slot: Slot) -> list[CrmRecord]:
    """All live records of the slot's master on its days. Raises any SyncError of reading."""
    evening_before = slot.starts_at.date() - timedelta(days=1)  # a record of then may reach into the night
    return crm.records(from_on=evening_before, until_on=slot.ends_at.date(), staff_id=slot.staff_id)


def stands_in(record: CrmRecord, slot: Slot) -> bool:
    """True for a live record that keeps the slot's master from it."""
    return (
        not record.deleted
        and record.staff_id == slot.staff_id
        and record.slot_start < slot.ends_at
        and slot.starts_at < record.slot_start + timedelta(minutes=record.minutes)
    )


def is_at(record: CrmRecord, slot: Slot) -> bool:
    """True when the record begins where the slot does, with the same master; lengths differ by technical breaks."""
    return record.staff_id == slot.staff_id and record.slot_start == slot.starts_at


def has_services_and_phone(record: CrmRecord, state: SyncState, phone: str) -> bool:
    """True for the same client and the same services, whenever that is."""
    return (
        # The last ten digits: 7… and 8… are the same Russian phone.
        bool(record.phone_digits)
        and record.phone_digits[-10:] == digits(phone)[-10:]
        and set(record.service_ids) == {service.service_id for service in state.services}
    )


def _is_alike(record: CrmRecord, state: SyncState, slot: Slot, phone: str) -> bool:
    return is_at(record, slot) and has_services_and_phone(record, state, phone)
