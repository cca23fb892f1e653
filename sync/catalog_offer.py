"""The CRM's price list, people and shifts, made into a catalogue of ours; pure.

The CRM can say more than a catalogue of ours holds, and leaves more open. What is decided here: a service is as long as
its slowest master needs and costs the lowest of its prices, as the CRM's own online booking shows it; working hours
stand day by day, since the CRM knows no weekly pattern.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeVar

import msgspec

from ledger import events as e
from ledger.values import ServiceId, StaffId
from projections.catalog import Catalog
from sync.wire_branch import CrmService, CrmShift, CrmStaffMember

LONGEST_SERVICE = timedelta(hours=12)
LAST_MINUTE = time(23, 59)
"""Where working hours that end at midnight end: a wall clock has no 24:00."""

Reason = Literal["nobody_does_it", "no_length", "too_long", "no_title", "negative_price"]
Rank = Mapping[int, int]
_T = TypeVar("_T")


@dataclass(frozen=True)
class CrmCatalog:
    """What one whole reading of the CRM brought; shifts of the days from `from_on` to `until_on`, both included."""

    services: Sequence[CrmService]
    categories: Mapping[int, str]
    staff: Sequence[CrmStaffMember]
    shifts: Sequence[CrmShift]
    from_on: date
    until_on: date


class LeftOut(msgspec.Struct, frozen=True):
    """An active service that cannot be offered as it stands in the CRM."""

    service_id: int
    title: str
    reason: Reason


@dataclass(frozen=True)
class CrmOffer:
    """The CRM's catalogue in our words, each offered master with shifts, and what could not be taken."""

    catalog: e.CatalogPublished
    shifts: tuple[e.ShiftsPublished, ...]
    left_out: tuple[LeftOut, ...]


def offer_of(read: CrmCatalog, present: Catalog) -> CrmOffer:
    """What the CRM offers; whatever it does not know (name, address, currency, zone, limits) is as at present.

    Masters who left or are hidden from booking online are left out, with services that nobody else does. Lists keep
    the present order, what is new comes last, so that another order is never another catalogue.
    """
    rank_of_staff = _rank(member.staff_id for member in present.facts.staff)
    members = {
        one.staff_id: one for one in read.staff if _is_id(one.staff_id) and not one.is_gone and not one.is_hidden
    }
    staff = [
        e.StaffMember(StaffId(one.staff_id), _line(one.name) or str(one.staff_id), _line(one.title))
        for one in _ranked(members, rank_of_staff)
    ]
    services: list[e.ServiceOffer] = []
    left_out: list[LeftOut] = []
    active = {one.service_id: one for one in read.services if _is_id(one.service_id) and one.is_active}
    for service in _ranked(active, _rank(offer.service_id for offer in present.facts.services)):
        offer = _service(service, read.categories, [member.staff_id for member in staff], present)
        if isinstance(offer, LeftOut):
            left_out.append(offer)
        else:
            services.append(offer)
    catalog = msgspec.structs.replace(present.facts, source="yclients", services=tuple(services), staff=tuple(staff))
    return CrmOffer(catalog, tuple(_shifts(read, [member.staff_id for member in staff])), tuple(left_out))


def _service(
    service: CrmService, categories: Mapping[int, str], staff_ids: Sequence[StaffId], present: Catalog
) -> e.ServiceOffer | LeftOut:
    title = _line(service.title)
    doers = {staff_id: service.lengths[staff_id] for staff_id in staff_ids if staff_id in service.lengths}
    longest = max(doers.values(), default=timedelta(0))
    if problem := _problem(service, title, doers, longest):
        return LeftOut(service.service_id, title, problem)
    known = present.service(ServiceId(service.service_id))
    return e.ServiceOffer(
        ServiceId(service.service_id),
        title,
        _line(categories.get(service.category_id or 0, "")),
        service.price_from or service.price_to,  # 0 to 900 means that no lowest price was given
        -(-longest // timedelta(minutes=1)),  # a begun minute is a minute of the master's
        tuple(sorted(doers, key=_place(_rank(known.staff_ids if known else ())))),
    )


def _problem(service: CrmService, title: str, doers: Mapping[StaffId, timedelta], longest: timedelta) -> Reason | None:
    if not doers:
        return "nobody_does_it"
    if not title:
        return "no_title"
    if longest <= timedelta(0):
        return "no_length"
    if longest > LONGEST_SERVICE:
        return "too_long"
    return "negative_price" if service.price_from < 0 else None


def _shifts(read: CrmCatalog, staff_ids: Sequence[StaffId]) -> Iterator[e.ShiftsPublished]:
    """Every day that was read stands there, also one off: so it can be told from a day nobody has asked about."""
    pieces: dict[tuple[int, date], list[tuple[datetime, datetime]]] = defaultdict(list)
    for shift in read.shifts:
        starts, ends = shift.starts_at.replace(tzinfo=None), shift.ends_at.replace(tzinfo=None)
        pieces[shift.staff_id, starts.date()].append((starts, ends))
    days = [read.from_on + timedelta(days=offset) for offset in range((read.until_on - read.from_on).days + 1)]
    for staff_id in staff_ids:
        hours = {day: tuple(_merged(pieces.get((staff_id, day), ()))) for day in days}
        yield e.ShiftsPublished("yclients", staff_id, {}, hours)


def _merged(pieces: Iterable[tuple[datetime, datetime]]) -> Iterator[e.Interval]:
    """Working hours in order; pieces that touch or overlap are one."""
    joined: list[tuple[datetime, datetime]] = []
    for starts, ends in sorted(pieces):
        if joined and starts <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((starts, ends))
    for starts, ends in joined:
        closes = ends.time() if ends.date() == starts.date() else LAST_MINUTE
        if starts.time() < closes:
            yield e.Interval(starts.time(), closes)


def _rank(ids: Iterable[int]) -> Rank:
    return {one: place for place, one in enumerate(ids)}


def _ranked(things: Mapping[int, _T], rank: Rank) -> list[_T]:
    return [things[one] for one in sorted(things, key=_place(rank))]


def _place(rank: Rank) -> Callable[[int], tuple[int, int]]:
    """Sorts the known by their rank, and all others behind them by their number."""
    return lambda one: (rank.get(one, len(rank)), one)


def _is_id(number: int) -> bool:
    """The store's numbers have 63 bits; 0 means "any" to the CRM."""
    return 0 < number < 2**63


def _line(text: str) -> str:
    """One line of printable text: what a person typed elsewhere may hold anything."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
