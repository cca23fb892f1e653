"""Finding our own booking among the CRM's records; the only ground on which an unknown write may be repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.sync_state import SyncState
from sync.wire import CrmRecord, digits
from sync.yclients import Yclients


@dataclass(frozen=True)
class Match:
    """Records that are this booking's: alive, and removed since."""

    live: list[CrmRecord]
    deleted: list[CrmRecord]


def matching(records: Iterable[CrmRecord], state: SyncState, phone: str, bound_elsewhere: Collection[int]) -> Match:
    """Ours by `api_id`; where the CRM lost that, by phone, services, master and start.

    `bound_elsewhere` are record ids the ledger knows to be other bookings'. A record carrying another booking's
    number is never ours. `api_id` comes back empty or as something else after a change by hand (seen by outside teams).
    """
    candidates = [record for record in records if record.record_id not in bound_elsewhere]
    ours = [record for record in candidates if record.api_id == str(state.booking_id)]
    if not ours:
        ours = [record for record in candidates if not record.api_id.isdigit() and _is_alike(record, state, phone)]
    return Match([r for r in ours if not r.deleted], [r for r in ours if r.deleted])


def by_creation(crm: Yclients, since: datetime, until: datetime) -> list[CrmRecord]:
    """All records created between two moments, with a day to spare on both sides, removed ones included."""
    day = timedelta(days=1)
    return crm.records(created_from_on=since.date() - day, created_until_on=until.date() + day, with_deleted=True)


def by_slot(crm: Yclients, state: SyncState) -> list[CrmRecord]:
    """All live records of the booking's master on its days."""
    return crm.records(
        from_on=state.slot.starts_at.date(), until_on=state.slot.ends_at.date(), staff_id=state.slot.staff_id
    )


def _is_alike(record: CrmRecord, state: SyncState, phone: str) -> bool:
    return (
        # The last ten digits: 7… and 8… are the same Russian phone.
        bool(record.phone_digits)
        and record.phone_digits[-10:] == digits(phone)[-10:]
        and record.staff_id == state.slot.staff_id
        and record.slot_start == state.slot.starts_at
        and set(record.service_ids) == {service.service_id for service in state.services}
    )
