"""Holding a slot: what lapses for it, and every reason to say no."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import errors, events as e
from ledger.decisions.hold import HoldSlot
from ledger.decisions.lapse import LapseHold
from ledger.ledger import Already
from ledger.values import BookedService, BookingId, ServiceId, Slot
from tests.builders import (
    ANNA,
    BOOKING,
    COLOURING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    OTHER_BOOKING,
    SERVICES,
    cancelled,
    catalog,
    consent,
    given,
    held,
    hours,
    imported,
    lapsed,
    made,
    open_salon,
    order,
    policy,
    registered,
    seen_in_crm,
    shifts,
    slot,
)

NEW = BookingId(900)


def hold(place: Slot | None = None, service_ids: tuple[ServiceId, ...] = (HAIRCUT,)) -> HoldSlot:
    return HoldSlot(order(), NEW, MARIA, place or slot(), service_ids)


def test_a_free_slot_is_held_at_the_catalogues_price_until_the_hold_runs_out() -> None:
    assert open_salon().new(hold()) == [
        e.SlotHeld(NEW, MARIA, slot(), SERVICES, NOW + timedelta(minutes=10), "consent"),
    ]


def test_several_services_are_held_as_one_time() -> None:
    [event] = open_salon().new(hold(slot("15:00", 180), (HAIRCUT, COLOURING)))

    assert isinstance(event, e.SlotHeld)
    assert event.services == (BookedService(HAIRCUT, 150_000, 60), BookedService(COLOURING, 500_000, 120))


@pytest.mark.parametrize(
    ("known", "awaits"),
    [
        ((), "consent"),
        ((consent(),), "contact"),
        ((consent(), registered()), "confirmation"),
        ((consent(DARIA), registered(DARIA)), "consent"),
        ((registered(),), "consent"),
    ],
)
def test_a_hold_awaits_what_the_client_has_not_given_yet(known: tuple[e.AnyEvent, ...], awaits: str) -> None:
    [event] = open_salon(*known).new(hold())

    assert isinstance(event, e.SlotHeld)
    assert event.awaits == awaits


def test_a_second_tap_on_the_same_time_finds_the_first_ones_hold() -> None:
    decided = open_salon(held()).decide(hold())

    assert decided == Already(held())


def test_a_client_who_holds_another_time_gives_the_first_one_up() -> None:
    events = open_salon(held()).new(hold(slot("12:00")))

    assert events[0] == e.HoldLapsed(BOOKING, MARIA, slot(), "replaced")
    assert [type(event) for event in events] == [e.HoldLapsed, e.SlotHeld]


def test_a_clients_hold_on_another_day_lapses_too() -> None:
    tuesday = slot(on=MONDAY + timedelta(days=1))

    assert e.HoldLapsed(BOOKING, MARIA, tuesday, "replaced") in open_salon(held(tuesday)).new(hold())


def test_an_expired_hold_is_taken_over_and_lapses_first() -> None:
    expired = held(client_id=DARIA, expires_at=NOW)

    events = open_salon(expired).new(hold())

    assert events[0] == e.HoldLapsed(BOOKING, DARIA, slot(), "expired")
    assert isinstance(events[1], e.SlotHeld)


def test_an_expired_hold_beside_the_slot_is_left_to_the_sweeper() -> None:
    assert len(open_salon(held(slot("11:00"), client_id=DARIA, expires_at=NOW)).new(hold())) == 1


@pytest.mark.parametrize("start", ["09:30", "10:00", "10:30", "10:59"])
@pytest.mark.parametrize("taken_by", ["a booking", "a live hold", "the crm"])
def test_a_taken_time_is_refused(start: str, taken_by: str) -> None:
    place = slot(start)
    before: dict[str, e.AnyEvent] = {
        "a booking": made(place, client_id=DARIA),
        "a live hold": held(place, client_id=DARIA),
        "the crm": seen_in_crm(place),
    }

    with pytest.raises(errors.SlotTakenError):
        open_salon(before[taken_by]).decide(hold())


def test_a_clients_own_booking_takes_the_time_too() -> None:
    with pytest.raises(errors.SlotTakenError):
        open_salon(made()).decide(hold())


@pytest.mark.parametrize(
    "gone",
    [(made(), cancelled()), (held(client_id=DARIA), lapsed(client_id=DARIA)), (made(slot("11:00")),)],
)
def test_a_cancelled_lapsed_or_neighbouring_time_is_free(gone: tuple[e.AnyEvent, ...]) -> None:
    assert len(open_salon(*gone).new(hold())) == 1


def test_another_masters_booking_is_in_nobodys_way() -> None:
    assert len(open_salon(made(slot(staff_id=OLGA))).new(hold())) == 1


def test_a_booking_of_yesterday_that_runs_over_midnight_takes_the_morning() -> None:
    night = shifts(intervals=hours("00:00-23:59"))
    late = made(slot("23:30", 120, on=MONDAY), client_id=DARIA)

    with pytest.raises(errors.SlotTakenError):
        open_salon(night, late).decide(hold(slot("01:00", on=MONDAY + timedelta(days=1))))


def test_no_catalogue_offers_nothing() -> None:
    with pytest.raises(errors.NotInCatalogError):
        given(shifts()).decide(hold())


@pytest.mark.parametrize("service_ids", [(), (ServiceId(99),), (HAIRCUT, ServiceId(99))])
def test_a_service_that_is_not_in_the_catalogue_is_refused(service_ids: tuple[ServiceId, ...]) -> None:
    with pytest.raises(errors.NotInCatalogError):
        open_salon().decide(hold(service_ids=service_ids))


def test_a_length_from_an_older_catalogue_is_refused() -> None:
    with pytest.raises(errors.NotInCatalogError):
        open_salon().decide(hold(slot("10:00", 90)))


def test_only_the_latest_catalogue_counts() -> None:
    longer = e.ServiceOffer(HAIRCUT, "Стрижка", "Волосы", 170_000, 90, (ANNA,))

    [event] = open_salon(catalog(services=(longer,))).new(hold(slot("10:00", 90)))

    assert isinstance(event, e.SlotHeld)
    assert event.services == (BookedService(HAIRCUT, 170_000, 90),)


def test_a_service_of_another_master_is_refused() -> None:
    with pytest.raises(errors.ServiceNotOfferedError):
        open_salon().decide(hold(slot("10:00", 120, staff_id=OLGA), (COLOURING,)))


@pytest.mark.parametrize(
    ("minutes_ahead", "error"),
    [(-60, errors.SlotInPastError), (0, errors.SlotInPastError), (59, errors.TooSoonError), (60, None)],
)
def test_a_slot_needs_the_minimum_notice(minutes_ahead: int, error: type[errors.RefusalError] | None) -> None:
    salon = open_salon(shifts(intervals=hours("00:00-23:59")))
    starts_at = NOW + timedelta(minutes=minutes_ahead)
    place = Slot(ANNA, starts_at, starts_at + timedelta(hours=1))

    if error is None:
        assert len(salon.new(hold(place))) == 1
    else:
        with pytest.raises(error):
            salon.decide(hold(place))


def test_the_last_day_of_the_horizon_is_offered_and_the_next_is_not() -> None:
    last = NOW.date() + timedelta(days=30)

    assert open_salon().new(hold(slot(on=last)))
    with pytest.raises(errors.TooFarAheadError):
        open_salon().decide(hold(slot(on=last + timedelta(days=1))))


@pytest.mark.parametrize("start", ["09:59", "13:01", "14:00", "14:30", "19:01", "23:30"])
def test_a_time_outside_the_shift_is_refused(start: str) -> None:
    with pytest.raises(errors.OutsideShiftError):
        open_salon().decide(hold(slot(start)))


@pytest.mark.parametrize("start", ["10:00", "13:00", "15:00", "19:00"])
def test_a_time_that_ends_with_the_shift_is_within_it(start: str) -> None:
    assert len(open_salon().new(hold(slot(start)))) == 1


def test_a_master_without_shifts_does_not_work() -> None:
    with pytest.raises(errors.OutsideShiftError):
        given(catalog(), shifts(OLGA)).decide(hold())


def test_the_days_own_hours_stand_above_the_weekdays() -> None:
    free_monday = shifts(days={MONDAY: ()})

    with pytest.raises(errors.OutsideShiftError):
        open_salon(free_monday).decide(hold())


def test_open_bookings_are_limited_and_past_or_cancelled_ones_do_not_count() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(2, 5)]
    past = made(slot(on=MONDAY - timedelta(days=3)), booking_id=BookingId(1))
    open_ones = [made(slot(on=day), booking_id=BookingId(10 + n)) for n, day in enumerate(days)]
    called_off = cancelled(slot(on=days[2]), booking_id=BookingId(12))
    with_limit = catalog(policy=policy(open_bookings_limit=2))

    assert open_salon(with_limit, past, open_ones[0], open_ones[2], called_off).new(hold())
    with pytest.raises(errors.TooManyBookingsError):
        open_salon(with_limit, *open_ones[:2]).decide(hold())


def test_no_day_is_offered_until_the_crms_diary_was_read() -> None:
    connected, loaded = e.CrmConnected(1), imported()

    with pytest.raises(errors.DiaryNotLoadedError):
        open_salon(connected).decide(hold())
    assert open_salon(connected, loaded).new(hold())
    with pytest.raises(errors.DiaryNotLoadedError):
        open_salon(connected, loaded, e.CrmConnected(2)).decide(hold())


def test_the_answer_is_the_hold() -> None:
    events = open_salon(held()).new(hold(slot("12:00")))

    assert hold().answer(events) == events[-1]


# --- giving a hold up ---


@pytest.mark.parametrize(
    ("before", "released_by", "expected"),
    [
        ((held(expires_at=NOW),), None, [lapsed()]),
        ((held(),), None, []),
        ((held(),), MARIA, [e.HoldLapsed(BOOKING, MARIA, slot(), "released")]),
        ((held(),), DARIA, []),
        ((held(), made()), MARIA, []),
        ((held(), lapsed()), MARIA, []),
        ((), MARIA, []),
        ((seen_in_crm(booking_id=BOOKING),), MARIA, []),
    ],
)
def test_only_an_expired_or_ones_own_hold_is_given_up(
    before: tuple[e.AnyEvent, ...], released_by: int | None, expected: list[e.AnyEvent]
) -> None:
    decision = LapseHold(order(), BOOKING, MARIA if released_by == MARIA else DARIA if released_by else None)

    events = given(*before, held(slot("12:00"), booking_id=OTHER_BOOKING, client_id=DARIA)).new(decision)

    assert events == expected
    assert decision.answer(events) is bool(expected)
