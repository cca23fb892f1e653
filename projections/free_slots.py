"""Times a client can still have: shifts and limits of the catalogue, less what the schedule says is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger.decisions.folds import working_intervals
from ledger.postgres import Database
from ledger.values import ServiceId, Slot, StaffId
from projections import schedule
from projections.catalog import Catalog
from projections.schedule import ScheduledBooking


def free_slots(
    database: Database,
    catalog: Catalog,
    service_ids: Sequence[ServiceId],
    staff_id: StaffId | None,
    from_on: date,
    until_on: date,
    now: datetime,
    *,
    moving: ScheduledBooking | None = None,
) -> dict[date, list[Slot]]:
    """Free slots by day, both days included, soonest first; days without room are absent.

    With `staff_id` None a start time appears once, with the least booked master who is free then. For a booking that
    is `moving` they are as long as agreed, not as the catalogue says now; its own time counts as free, and the very
    slot it has is left out.
    """
    staff_ids = [member.staff_id for member in catalog.offered_by(service_ids) if staff_id in (None, member.staff_id)]
    policy = catalog.facts.policy
    present = Slot(moving.staff_id, moving.starts_at, moving.ends_at) if moving else None
    length = present.ends_at - present.starts_at if present else _length(catalog, service_ids)
    until_on = min(until_on, now.astimezone(catalog.zone).date() + timedelta(days=policy.horizon_days))
    if not staff_ids or not length or until_on < from_on:
        return {}
    since = datetime.combine(from_on, time.min, catalog.zone)
    until = datetime.combine(until_on + timedelta(days=1), time.min, catalog.zone)
    busy = schedule.taken(database, staff_ids, since, until, now, moving=moving.booking_id if moving else None)
    taken = _by_day(busy, catalog.zone)
    earliest = now + timedelta(minutes=policy.minimum_notice_minutes)
    found: dict[date, list[Slot]] = {}
    for offset in range((until_on - from_on).days + 1):
        day = from_on + timedelta(days=offset)
        slots = [
            slot
            for one in staff_ids
            for slot in _starts(catalog, one, day, length)
            if slot.starts_at >= earliest
            and slot.starts_at > now
            and slot != present
            and not any(slot.overlaps(other) for other in taken.get((one, day), ()))
        ]
        if slots:
            load = {one: len(taken.get((one, day), ())) for one in staff_ids}
            found[day] = _one_a_start(slots, load) if staff_id is None else slots
    return found


def _length(catalog: Catalog, service_ids: Sequence[ServiceId]) -> timedelta:
    return timedelta(minutes=sum(offer.minutes for i in service_ids if (offer := catalog.service(i))))


def _by_day(taken: Sequence[Slot], zone: ZoneInfo) -> dict[tuple[StaffId, date], list[Slot]]:
    """Each master's taken times by the salon's days they touch: a busy month is compared day by day, not as a whole."""
    days: dict[tuple[StaffId, date], list[Slot]] = defaultdict(list)
    for busy in taken:
        local = Slot(busy.staff_id, busy.starts_at.astimezone(zone), busy.ends_at.astimezone(zone))
        for day in local.days():
            days[busy.staff_id, day].append(busy)
    return days


def _starts(catalog: Catalog, staff_id: StaffId, day: date, length: timedelta) -> Iterator[Slot]:
    step = timedelta(minutes=catalog.facts.policy.slot_step_minutes)
    for interval in working_intervals(catalog.shifts.get(staff_id), day):
        # The grid is walked in wall-clock digits: where clocks change, a shift's hours are still what the wall says.
        start, closes = datetime.combine(day, interval.opens), datetime.combine(day, interval.closes)
        while start + length <= closes:
            starts_at, ends_at = start.replace(tzinfo=catalog.zone), (start + length).replace(tzinfo=catalog.zone)
            # Where clocks change in between, the wall says another length than the master needs, or no time at all.
            real_length = ends_at.astimezone(UTC) - starts_at.astimezone(UTC)
            if real_length == length and _is_on_the_wall(starts_at) and _is_on_the_wall(ends_at):
                yield Slot(staff_id, starts_at, ends_at)
            start += step


def _is_on_the_wall(instant: datetime) -> bool:
    """False for a time that the clocks skip; only by way of UTC does Python look."""
    return instant.astimezone(UTC).astimezone(instant.tzinfo).replace(fold=0) == instant


def _one_a_start(slots: Sequence[Slot], load: Mapping[StaffId, int]) -> list[Slot]:
    """Each start once, with the master who has the least to do that day."""
    best: dict[datetime, Slot] = {}
    for slot in slots:
        known = best.get(slot.starts_at)
        if known is None or load[slot.staff_id] < load[known.staff_id]:
            best[slot.starts_at] = slot
    return sorted(best.values(), key=lambda slot: slot.starts_at)
