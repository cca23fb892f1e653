"""When a master works, and the grid of times a client is offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ledger import events as e
from ledger.decisions.folds import is_within_shift, working_intervals
from ledger.postgres import Database
from ledger.values import BookingId, ServiceId, Slot, StaffId
from projections import schedule
from projections.catalog import Catalog
from projections.free_slots import free_slots
from tests.builders import ANNA, COLOURING, HAIRCUT, MONDAY, NOW, OLGA, at, catalog, hours, policy, shifts, slot

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = MONDAY + timedelta(days=1)


def test_a_days_own_hours_override_its_weekday() -> None:
    published = shifts(days={MONDAY: hours("12:00-18:00"), TUESDAY: ()})

    assert working_intervals(published, MONDAY) == hours("12:00-18:00")
    assert working_intervals(published, TUESDAY) == ()
    assert working_intervals(published, MONDAY + timedelta(days=2)) == hours("10:00-14:00", "15:00-20:00")


def test_a_weekday_without_hours_and_a_master_without_shifts_are_off() -> None:
    only_monday = e.ShiftsPublished("file", ANNA, {"mon": hours("10:00-20:00")})

    assert working_intervals(only_monday, MONDAY)
    assert working_intervals(only_monday, TUESDAY) == ()
    assert working_intervals(None, MONDAY) == ()


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [("10:00", 240, True), ("10:00", 241, False), ("13:30", 120, False), ("09:59", 60, False), ("23:30", 60, False)],
)
def test_a_slot_lies_in_one_interval_or_outside_the_shift(start: str, minutes: int, expected: bool) -> None:
    assert is_within_shift(slot(start, minutes), shifts()) is expected


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> list[Slot]:
    """What the schedule says is taken; a test adds to it."""
    slots: list[Slot] = []

    def taken(
        _: Database,
        staff_ids: Sequence[StaffId],
        since: datetime,
        until: datetime,
        now: datetime,
        *,
        moving: BookingId | None,
    ) -> list[Slot]:
        return [one for one in slots if one.staff_id in staff_ids and one.starts_at < until and one.ends_at > since]

    monkeypatch.setattr(schedule, "taken", taken)
    return slots


def offered(
    facts: e.CatalogPublished | None = None,
    *,
    services: Sequence[ServiceId] = (HAIRCUT,),
    staff_id: StaffId | None = ANNA,
    days: tuple[date, date] = (MONDAY, MONDAY),
    now: datetime = NOW,
    hours_of: dict[StaffId, e.ShiftsPublished] | None = None,
) -> dict[date, list[Slot]]:
    present = Catalog(facts or catalog(), NOW, hours_of or {ANNA: shifts(ANNA), OLGA: shifts(OLGA)})
    database = Database("postgresql://unused", "unused")  # opens nothing before its first transaction
    return free_slots(database, present, services, staff_id, *days, now)


def starts(slots: Sequence[Slot]) -> list[str]:
    return [f"{one.starts_at:%H:%M}" for one in slots]


def test_the_grid_walks_each_interval_by_the_step_and_ends_with_it(busy: list[Slot]) -> None:
    found = offered(services=[COLOURING])[MONDAY]

    assert starts(found) == [
        "10:00", "10:30", "11:00", "11:30", "12:00",
        "15:00", "15:30", "16:00", "16:30", "17:00", "17:30", "18:00",
    ]  # fmt: skip
    assert {one.ends_at - one.starts_at for one in found} == {timedelta(hours=2)}


def test_a_taken_time_is_not_offered_and_its_edges_are(busy: list[Slot]) -> None:
    busy.append(slot("11:00"))

    assert starts(offered()[MONDAY])[:3] == ["10:00", "12:00", "12:30"]


def test_a_time_taken_in_another_zones_digits_is_taken(busy: list[Slot]) -> None:
    busy.append(Slot(ANNA, at("11:00").astimezone(UTC), at("12:00").astimezone(UTC)))

    assert starts(offered()[MONDAY])[:3] == ["10:00", "12:00", "12:30"]


def test_days_without_room_are_absent(busy: list[Slot]) -> None:
    busy.append(slot("00:00", 24 * 60))

    assert list(offered(days=(MONDAY, TUESDAY))) == [TUESDAY]


@pytest.mark.parametrize(("notice", "first"), [(0, "10:30"), (30, "10:30"), (31, "11:00"), (120, "12:00")])
def test_nothing_is_offered_within_the_notice_or_now(busy: list[Slot], notice: int, first: str) -> None:
    short = catalog(policy=policy(minimum_notice_minutes=notice))

    assert starts(offered(short, now=at("10:00"))[MONDAY])[0] == first


def test_the_horizon_is_counted_in_the_salons_days(busy: list[Slot]) -> None:
    near = catalog(policy=policy(horizon_days=1))
    week = (MONDAY, MONDAY + timedelta(days=6))

    assert list(offered(near, days=week)) == [MONDAY]
    late_on_sunday_in_utc = at("01:00").astimezone(UTC)  # Monday already in Moscow
    assert list(offered(near, days=week, now=late_on_sunday_in_utc)) == [MONDAY, TUESDAY]


def test_without_a_choice_of_master_each_time_appears_once_with_the_least_booked(busy: list[Slot]) -> None:
    busy.append(slot("15:00", staff_id=ANNA))

    found = offered(staff_id=None)[MONDAY]

    assert len(starts(found)) == len(set(starts(found)))
    assert {one.staff_id for one in found} == {OLGA}
    busy.append(slot("10:00", staff_id=OLGA))
    busy.append(slot("12:00", staff_id=OLGA))
    masters = {f"{one.starts_at:%H:%M}": one.staff_id for one in offered(staff_id=None)[MONDAY]}
    assert (masters["10:00"], masters["15:00"], masters["16:00"]) == (ANNA, OLGA, ANNA)


def test_a_master_who_does_not_do_all_the_services_is_not_offered(busy: list[Slot]) -> None:
    both = [HAIRCUT, COLOURING]

    assert {one.staff_id for one in offered(services=both, staff_id=None)[MONDAY]} == {ANNA}
    assert offered(services=both, staff_id=OLGA) == {}


def test_no_services_unknown_services_and_a_backward_period_offer_nothing(busy: list[Slot]) -> None:
    assert offered(services=[]) == {}
    assert offered(services=[ServiceId(99)]) == {}
    assert offered(days=(TUESDAY, MONDAY)) == {}


def on_a_night(day: date) -> list[Slot]:
    nights = catalog(timezone="Europe/Berlin", policy=policy(horizon_days=365))
    working = {ANNA: shifts(ANNA, hours("00:00-05:00"))}
    midnight = datetime.combine(day - timedelta(days=1), datetime.min.time(), BERLIN)
    return offered(nights, days=(day, day), now=midnight, hours_of=working)[day]


def test_a_time_the_clocks_skip_is_not_offered(busy: list[Slot]) -> None:
    found = on_a_night(date(2030, 3, 31))  # from 02:00 straight to 03:00

    assert starts(found) == ["00:00", "00:30", "03:00", "03:30", "04:00"]
    assert {one.ends_at.astimezone(UTC) - one.starts_at.astimezone(UTC) for one in found} == {timedelta(hours=1)}


def test_a_slot_over_the_repeated_hour_is_not_offered(busy: list[Slot]) -> None:
    found = on_a_night(date(2030, 10, 27))  # 02:00 to 03:00 comes twice

    assert {one.ends_at.astimezone(UTC) - one.starts_at.astimezone(UTC) for one in found} == {timedelta(hours=1)}
    assert starts(found)[-3:] == ["03:00", "03:30", "04:00"]
