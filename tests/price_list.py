"""The salon of `builders` as the CRM would tell of it, and catalogues in force to hold it against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

import msgspec

from ledger import events as e
from ledger.values import StaffId
from projections.catalog import Catalog
from sync.catalog_offer import CrmCatalog, CrmOffer, offer_of
from sync.wire_branch import CrmService, CrmShift, CrmStaffMember
from tests.builders import ANNA, COLOURING, HAIRCUT, MONDAY, MOSCOW, NOW, OLGA, catalog, shifts

UNTIL = MONDAY + timedelta(days=44)
"""The horizon of `builders`, and two weeks to spare."""
DAYS = [MONDAY + timedelta(days=offset) for offset in range(45)]
HAIRCUT_THERE = CrmService(
    HAIRCUT, "Стрижка", 1, 150_000, 150_000, is_active=True, lengths=dict.fromkeys((ANNA, OLGA), timedelta(minutes=60))
)
COLOURING_THERE = CrmService(
    COLOURING, "Окрашивание", 1, 500_000, 500_000, is_active=True, lengths={ANNA: timedelta(minutes=120)}
)
ANNA_THERE = CrmStaffMember(ANNA, "Анна", "стилист", is_gone=False, is_hidden=False)
OLGA_THERE = CrmStaffMember(OLGA, "Ольга", "мастер", is_gone=False, is_hidden=False)


def service(like: CrmService = HAIRCUT_THERE, **changes: object) -> CrmService:
    return msgspec.structs.replace(like, **changes)


def master(like: CrmStaffMember = OLGA_THERE, **changes: object) -> CrmStaffMember:
    return msgspec.structs.replace(like, **changes)


def works(staff_id: int, on: date, *hours: str) -> list[CrmShift]:
    """`works(ANNA, MONDAY, "10:00-14:00")`; a piece until 24:00 ends with the day."""
    return [CrmShift(staff_id, *(_moment(on, end) for end in piece.split("-"))) for piece in hours]


def every_day(*hours: str, staff_ids: Iterable[int] = (ANNA, OLGA), days: Iterable[date] = DAYS) -> list[CrmShift]:
    staff = tuple(staff_ids)
    return [piece for day in days for staff_id in staff for piece in works(staff_id, day, *hours)]


def read(
    services: Iterable[CrmService] = (HAIRCUT_THERE, COLOURING_THERE),
    staff: Iterable[CrmStaffMember] = (ANNA_THERE, OLGA_THERE),
    at_work: Iterable[CrmShift] | None = None,
    *,
    categories: Mapping[int, str] | None = None,
    from_on: date = MONDAY,
    until_on: date = UNTIL,
) -> CrmCatalog:
    """A whole reading; without changes it says what the salon's file says."""
    worked = every_day("10:00-14:00", "15:00-20:00") if at_work is None else at_work
    return CrmCatalog(
        tuple(services),
        {1: "Волосы"} if categories is None else categories,
        tuple(staff),
        tuple(worked),
        from_on,
        until_on,
    )


def from_file(facts: e.CatalogPublished | None = None, *published: e.ShiftsPublished) -> Catalog:
    """What the file says is in force."""
    of_staff = published or (shifts(ANNA), shifts(OLGA))
    return Catalog(facts or catalog(), NOW, {one.staff_id: one for one in of_staff})


def from_crm(said: CrmCatalog | None = None, *, policy: e.Policy | None = None) -> Catalog:
    """What the CRM said is in force."""
    offer = offer_of(said or read(), from_file())
    facts = msgspec.structs.replace(offer.catalog, policy=policy) if policy else offer.catalog
    return Catalog(facts, NOW, {one.staff_id: one for one in offer.shifts})


def hours_of(offer: CrmOffer, staff_id: StaffId, on: date = MONDAY) -> tuple[e.Interval, ...]:
    return next(one.days[on] for one in offer.shifts if one.staff_id == staff_id)


def _moment(on: date, wall: str) -> datetime:
    if wall == "24:00":
        return datetime.combine(on + timedelta(days=1), time(), MOSCOW)
    return datetime.combine(on, time.fromisoformat(wall), MOSCOW)
