"""How two catalogues differ, and how much of the first is missing in the second; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from ledger import events as e
from ledger.decisions.folds import working_intervals
from ledger.values import ServiceId, StaffId
from projections.catalog import Catalog
from sync.catalog_offer import CrmOffer

_BELIEVED = 0.5
"""At most this share may be gone at once; a larger one is rather a broken answer than a changed salon."""


class ServiceChange(msgspec.Struct, frozen=True):
    """A service that is offered otherwise than before."""

    before: e.ServiceOffer
    after: e.ServiceOffer


class StaffChange(msgspec.Struct, frozen=True):
    """A master who is called otherwise than before."""

    before: e.StaffMember
    after: e.StaffMember


class ShiftChange(msgspec.Struct, frozen=True):
    """A master who works at other hours; of the days that differ the first, and how many there are."""

    staff_id: StaffId
    name: str
    days: int
    first_on: date
    before: tuple[e.Interval, ...]
    after: tuple[e.Interval, ...]


class Changes(msgspec.Struct, frozen=True):
    """What a client would see otherwise; the order of lists and days that have passed are no change."""

    services_new: tuple[e.ServiceOffer, ...]
    services_gone: tuple[e.ServiceOffer, ...]
    services_changed: tuple[ServiceChange, ...]
    staff_new: tuple[e.StaffMember, ...]
    staff_gone: tuple[e.StaffMember, ...]
    staff_changed: tuple[StaffChange, ...]
    shifts: tuple[ShiftChange, ...]

    def __bool__(self) -> bool:
        return any(msgspec.structs.astuple(self))


class Loss(msgspec.Struct, frozen=True):
    """So many of the known services, masters, or masters with working hours would be gone at once."""

    of: Literal["services", "masters", "masters at work"]
    gone: int
    known: int


def changes_between(present: Catalog, offer: CrmOffer) -> Changes:
    """What the offer would change about the present catalogue."""
    services_before = services_of(present.facts)
    services_after = services_of(offer.catalog)
    staff_before, staff_after = staff_of(present.facts), staff_of(offer.catalog)
    both_services = [one for one in services_after if one in services_before]
    both_staff = [one for one in staff_after if one in staff_before]
    return Changes(
        services_new=tuple(one for i, one in services_after.items() if i not in services_before),
        services_gone=tuple(one for i, one in services_before.items() if i not in services_after),
        services_changed=tuple(
            ServiceChange(services_before[i], services_after[i])
            for i in both_services
            if services_before[i] != services_after[i]
        ),
        staff_new=tuple(one for i, one in staff_after.items() if i not in staff_before),
        staff_gone=tuple(one for i, one in staff_before.items() if i not in staff_after),
        staff_changed=tuple(
            StaffChange(staff_before[i], staff_after[i]) for i in both_staff if staff_before[i] != staff_after[i]
        ),
        shifts=tuple(
            change
            for shifts in offer.shifts
            if shifts.staff_id in staff_before
            and (change := _shift_change(present.shifts.get(shifts.staff_id), shifts, staff_after[shifts.staff_id]))
        ),
    )


def losses(present: Catalog, offer: CrmOffer) -> tuple[Loss, ...]:
    """What would be gone in such a share, or wholly, that the answer is not to be believed without a person's word."""
    at_work_before = {
        shifts.staff_id
        for shifts in offer.shifts
        if any(working_intervals(present.shifts.get(shifts.staff_id), day) for day in shifts.days)
    }
    at_work_after = {shifts.staff_id for shifts in offer.shifts if any(shifts.days.values())}
    compared: Sequence[tuple[Literal["services", "masters", "masters at work"], Collection[int], Collection[int]]] = (
        ("services", services_of(present.facts), services_of(offer.catalog)),
        ("masters", staff_of(present.facts), staff_of(offer.catalog)),
        ("masters at work", at_work_before, at_work_after),
    )
    found = []
    for noun, before, after in compared:
        gone = len(set(before) - set(after))
        if gone > _BELIEVED * len(before):
            found.append(Loss(noun, gone, len(before)))
    return tuple(found)


def is_same_word(before: Catalog, offer: CrmOffer) -> bool:
    """Whether the CRM says what it said before, as far as both tell of the same days."""
    return (
        services_of(before.facts) == services_of(offer.catalog)
        and staff_of(before.facts) == staff_of(offer.catalog)
        and all(_agree(before.shifts.get(shifts.staff_id), shifts) for shifts in offer.shifts)
    )


def is_to_be_published(known: e.ShiftsPublished | None, shifts: e.ShiftsPublished, horizon_on: date) -> bool:
    """Whether a master's shifts tell more than those in force: other hours, another source, or a horizon that has
    moved beyond the days known."""
    if known is None or known.source != shifts.source or known.weekly:
        return True
    until_on = max(known.days, default=date.min)
    return until_on < horizon_on or not _agree(known, shifts)


def services_of(catalog: e.CatalogPublished) -> Mapping[ServiceId, e.ServiceOffer]:
    """The services by their ids, their masters in the order of their numbers."""
    return {
        one.service_id: msgspec.structs.replace(one, staff_ids=tuple(sorted(one.staff_ids))) for one in catalog.services
    }


def staff_of(catalog: e.CatalogPublished) -> Mapping[StaffId, e.StaffMember]:
    """The masters by their ids."""
    return {member.staff_id: member for member in catalog.staff}


def _agree(known: e.ShiftsPublished | None, shifts: e.ShiftsPublished) -> bool:
    """Same hours on all days both tell of; shifts without a day in common agree in nothing."""
    common = known.days.keys() & shifts.days.keys() if known else set[date]()
    return known is not None and bool(common) and all(known.days[day] == shifts.days[day] for day in common)


def _shift_change(
    known: e.ShiftsPublished | None, shifts: e.ShiftsPublished, member: e.StaffMember
) -> ShiftChange | None:
    """Days the CRM had not been asked about before are no change: the horizon moves on every day."""
    asked = known is not None and known.source == "yclients"
    until_on = max(known.days, default=date.min) if known is not None and asked else date.max
    differing = sorted(
        day for day, hours in shifts.days.items() if day <= until_on and working_intervals(known, day) != hours
    )
    if not differing:
        return None
    first_on = differing[0]
    before = working_intervals(known, first_on)
    return ShiftChange(member.staff_id, member.name, len(differing), first_on, before, shifts.days[first_on])


def horizon_of(policy: e.Policy, today: date) -> date:
    """The last day that is offered to clients."""
    return today + timedelta(days=policy.horizon_days)
