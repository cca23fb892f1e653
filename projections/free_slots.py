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
    # Never at this very moment, even where no notice is wanted.
    earliest = now + max(timedelta(minutes=policy.minimum_notice_minutes), timedelta.resolution)
    found: dict[date, list[Slot]] = {}
    for offset in range((until_on - from_on).days + 1):
        day = from_on + timedelta(days=offset)
        slots = [
            slot
            for one in staff_ids
            for slot in _free(catalog, one, day, length, taken.get((one, day), ()), earliest)
            if slot != present
        ]
        if slots:
            load = {one: len(taken.get((one, day), ())) for one in staff_ids}
            found[day] = _one_a_start(slots, load) if staff_id is None else slots
    return found


def _length(catalog: Catalog, service_ids: Sequence[ServiceId]) -> timedelta:
    return timedelta(minutes=sum(offer.minutes for i in service_ids if (offer := catalog.service(i))))


Span = tuple[float, float]
"""A taken time in seconds since 1970: a month has thousands of comparisons, and those of zoned times are slow."""


def _by_day(taken: Sequence[Slot], zone: ZoneInfo) -> dict[tuple[StaffId, date], list[Span]]:
    """Each master's taken times by the salon's days they touch: a busy month is compared day by day, not as a whole."""
    days: dict[tuple[StaffId, date], list[Span]] = defaultdict(list)
    for busy in taken:
        span = busy.starts_at.timestamp(), busy.ends_at.timestamp()
        # Where clocks are set back, the wall may show an end before its start.
        ends = busy.starts_at, busy.ends_at - timedelta.resolution
        first, last = sorted(instant.astimezone(zone).date() for instant in ends)
        for offset in range((last - first).days + 1):
            days[busy.staff_id, first + timedelta(days=offset)].append(span)
    return days


def _free(
    catalog: Catalog, staff_id: StaffId, day: date, length: timedelta, taken: Sequence[Span], earliest: datetime
) -> Iterator[Slot]:
    """A master's slots of a day that begin no sooner than `earliest` and overlap nothing that is taken."""
    not_before, seconds = earliest.timestamp(), length.total_seconds()
    for starts_at, ends_at in _starts(catalog, staff_id, day, length):
        begins = starts_at.timestamp()
        if begins >= not_before and not any(begins < end and start < begins + seconds for start, end in taken):
            yield Slot(staff_id, starts_at, ends_at)


def _starts(catalog: Catalog, staff_id: StaffId, day: date, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Begin and end of every slot on the grid of a master's shifts."""
    zone, step = catalog.zone, timedelta(minutes=catalog.facts.policy.slot_step_minutes)
    clocks_change = _offset(day, zone) != _offset(day + timedelta(days=1), zone)
    for interval in working_intervals(catalog.shifts.get(staff_id), day):
        # The grid is walked in wall-clock digits: where clocks change, a shift's hours are still what the wall says.
        start, closes = datetime.combine(day, interval.opens), datetime.combine(day, interval.closes)
        while start + length <= closes:
            starts_at, ends_at = start.replace(tzinfo=zone), (start + length).replace(tzinfo=zone)
            if not clocks_change or _is_real(starts_at, ends_at, length):
                yield starts_at, ends_at
            start += step


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    """The clock's difference to UTC as the day begins."""
    return datetime.combine(day, time.min, zone).utcoffset()


def _is_real(starts_at: datetime, ends_at: datetime, length: timedelta) -> bool:
    """False where clocks change in between: the wall says another length than the master needs, or no time at all."""
    real_length = ends_at.astimezone(UTC) - starts_at.astimezone(UTC)
    return real_length == length and _is_on_the_wall(starts_at) and _is_on_the_wall(ends_at)


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
