"""Publish services, masters, shifts and limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.errors import InvalidCatalogError
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem


@dataclass(frozen=True)
class PublishCatalog:
    """Publishes only what changed; raises InvalidCatalogError, which says where, for one that contradicts itself."""

    order: Order
    catalog: e.CatalogPublished
    shifts: tuple[e.ShiftsPublished, ...]

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.catalog(), *(boundaries.shifts(shifts.staff_id) for shifts in self.shifts)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_catalog(self.catalog, self.shifts)
        published = {item.event.staff_id: item.event for item in history if isinstance(item.event, e.ShiftsPublished)}
        changed: list[e.AnyEvent] = []
        if latest(history, e.CatalogPublished) != self.catalog:
            changed.append(self.catalog)
        changed += [shifts for shifts in self.shifts if published.get(shifts.staff_id) != shifts]
        return changed

    def answer(self, events: Sequence[e.AnyEvent]) -> int:
        """How many events were published; 0 when nothing had changed."""
        return len(events)


def check_catalog(catalog: e.CatalogPublished, shifts: Sequence[e.ShiftsPublished]) -> None:
    """Raises InvalidCatalogError for the first contradiction, named in the words of the catalogue."""
    try:
        ZoneInfo(catalog.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidCatalogError(f"timezone {catalog.timezone!r} is not an IANA zone like Europe/Moscow") from error
    staff_ids = [member.staff_id for member in catalog.staff]
    service_ids = [offer.service_id for offer in catalog.services]
    for noun, ids in (("staff", Counter[int](staff_ids)), ("service", Counter[int](service_ids))):
        if any(one <= 0 for one in ids):
            raise InvalidCatalogError(f"{noun} ids must be above 0")
        if repeated := sorted(one for one, times in ids.items() if times > 1):
            raise InvalidCatalogError(f"{noun} id {repeated[0]} is used twice")
    if twice := [one for one, times in Counter(shift.staff_id for shift in shifts).items() if times > 1]:
        raise InvalidCatalogError(f"shifts of staff {twice[0]} are given twice")
    for offer in catalog.services:
        if unknown := sorted(set(offer.staff_ids) - set(staff_ids)):
            raise InvalidCatalogError(f"service {offer.title!r} names staff {unknown[0]}, who is not in the catalogue")
        if not 0 < offer.minutes <= 12 * 60 or offer.price < 0:
            raise InvalidCatalogError(f"service {offer.title!r}: minutes must be 1 to 720 and the price not negative")
    _check_policy(catalog.policy)
    for shift in shifts:
        if shift.staff_id not in staff_ids:
            raise InvalidCatalogError(f"shifts of staff {shift.staff_id}, who is not in the catalogue")
        for day, intervals in [*shift.weekly.items(), *shift.days.items()]:
            _check_intervals(f"staff {shift.staff_id}, {day}", intervals)


def _check_intervals(where: str, intervals: Sequence[e.Interval]) -> None:
    for interval in intervals:
        if interval.opens >= interval.closes:
            raise InvalidCatalogError(f"{where}: {interval.opens:%H:%M}-{interval.closes:%H:%M} ends before it begins")
    for one, other in pairwise(sorted(intervals, key=lambda interval: interval.opens)):
        if other.opens < one.closes:
            raise InvalidCatalogError(
                f"{where}: {one.opens:%H:%M}-{one.closes:%H:%M} and {other.opens:%H:%M}-{other.closes:%H:%M} overlap"
            )


def _check_policy(policy: e.Policy) -> None:
    bounds = {
        "hold_minutes": (1, 120),
        "minimum_notice_minutes": (0, 60 * 24 * 30),
        "horizon_days": (1, 365),
        "cancel_notice_minutes": (0, 60 * 24 * 30),
        "open_bookings_limit": (1, 100),
        "slot_step_minutes": (5, 240),
    }
    for field, (low, high) in bounds.items():
        if not low <= getattr(policy, field) <= high:
            raise InvalidCatalogError(f"policy.{field} must lie between {low} and {high}")
