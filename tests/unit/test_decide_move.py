"""Moving a booking, confirming a visit, choosing a language."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ledger import errors, events as e
from ledger.decisions.clients import ChooseLanguage, RegisterClient
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.hold import HoldSlot
from ledger.decisions.move import MoveBooking
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.ledger import Already
from ledger.values import BookingId, RecordId, Slot, StaffId
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    OTHER_BOOKING,
    Memory,
    at,
    cancelled,
    catalog,
    consent,
    held,
    made,
    moved,
    open_salon,
    order,
    policy,
    registered,
    seen_in_crm,
    shifts,
    slot,
)

TUESDAY = MONDAY + timedelta(days=1)


def move(place: Slot, *, version: int = 1, hours_before: float = 22) -> MoveBooking:
    return MoveBooking(order(at=slot().starts_at - timedelta(hours=hours_before)), BOOKING, MARIA, version, place)


def booked(*events: e.AnyEvent) -> Memory:
    return open_salon(held(), made(), *events)


@pytest.mark.parametrize(
    "place",
    [
        slot("16:00"),
        slot("10:00", on=TUESDAY),
        slot("10:00", staff_id=OLGA),
        slot("10:30"),
        slot("15:00", on=TUESDAY, staff_id=OLGA),
    ],
    ids=["later", "another day", "another master", "over its own old time", "all of it"],
)
def test_a_booking_moves_in_one_event_at_the_agreed_price(place: Slot) -> None:
    events = booked().new(move(place))

    assert events == [moved(place)]
    assert move(place).answer(events) == moved(place)


def test_a_booking_that_is_there_already_is_success_whatever_the_button_says() -> None:
    there = moved(slot("16:00"))
    assert booked(there).decide(move(slot("16:00"), version=1)) == Already(there)
    assert booked().decide(move(slot(), version=7)) == Already(made())


def test_the_old_time_is_free_for_others_and_the_new_one_is_not() -> None:
    salon = booked(moved(slot("16:00", on=TUESDAY)))

    assert salon.new(HoldSlot(order(), OTHER_BOOKING, DARIA, slot(), (HAIRCUT,)))
    with pytest.raises(errors.SlotTakenError):
        salon.decide(HoldSlot(order(), OTHER_BOOKING, DARIA, slot("16:30", on=TUESDAY), (HAIRCUT,)))


def test_a_booking_that_moved_away_and_on_is_in_nobodys_way() -> None:
    first, second = slot("16:00", on=TUESDAY), slot("11:00", staff_id=OLGA)
    salon = booked(moved(first), moved(second, first))

    assert salon.new(HoldSlot(order(), OTHER_BOOKING, DARIA, first, (HAIRCUT,)))
    assert salon.new(HoldSlot(order(), OTHER_BOOKING, DARIA, slot(), (HAIRCUT,)))


def test_a_booking_by_hand_over_a_moved_one_is_a_conflict() -> None:
    place = slot("16:00", on=TUESDAY)
    see = SeeCrmBooking(order(), BookingId(9), RecordId(1), place, (HAIRCUT,))

    assert e.ConflictFound(BOOKING, "overlap", (RecordId(1),)) in booked(moved(place)).new(see)


@pytest.mark.parametrize(
    ("in_the_way", "error"),
    [
        (made(slot("16:30"), booking_id=OTHER_BOOKING, client_id=DARIA), errors.SlotTakenError),
        (made(slot("16:30"), booking_id=OTHER_BOOKING, client_id=MARIA), errors.SlotTakenError),
        (held(slot("16:30"), booking_id=OTHER_BOOKING, client_id=DARIA), errors.SlotTakenError),
        (seen_in_crm(slot("15:30")), errors.SlotTakenError),
    ],
)
def test_a_booking_does_not_move_onto_another_one(in_the_way: e.AnyEvent, error: type[errors.RefusalError]) -> None:
    with pytest.raises(error):
        booked(in_the_way).decide(move(slot("16:00"), hours_before=22))


def test_ones_own_hold_and_a_hold_that_ran_out_make_room_in_the_same_append() -> None:
    own = held(slot("16:00"), booking_id=OTHER_BOOKING)
    ran_out = held(slot("16:30"), booking_id=BookingId(503), client_id=DARIA, expires_at=NOW - timedelta(minutes=1))

    events = booked(own, ran_out).new(MoveBooking(order(at=NOW), BOOKING, MARIA, 1, slot("16:00")))

    assert events == [
        e.HoldLapsed(OTHER_BOOKING, MARIA, own.slot, "replaced"),
        e.HoldLapsed(BookingId(503), DARIA, ran_out.slot, "expired"),
        moved(slot("16:00")),
    ]


def test_ones_own_hold_elsewhere_stays() -> None:
    own = held(slot("18:00"), booking_id=OTHER_BOOKING)

    assert booked(own).new(move(slot("16:00"))) == [moved(slot("16:00"))]


@pytest.mark.parametrize(
    ("before", "error"),
    [
        ((), errors.UnknownBookingError),
        ((held(),), errors.UnknownBookingError),
        ((made(client_id=DARIA),), errors.ForeignBookingError),
        ((seen_in_crm(booking_id=BOOKING),), errors.ForeignBookingError),
        ((made(), cancelled()), errors.StaleVersionError),
        ((made(), moved(slot("18:00"))), errors.StaleVersionError),
        ((made(), e.CrmConnected(1)), errors.DiaryNotLoadedError),
    ],
)
def test_only_ones_own_standing_booking_moves(before: tuple[e.AnyEvent, ...], error: type[errors.RefusalError]) -> None:
    with pytest.raises(error):
        open_salon(*before).decide(move(slot("16:00")))


@pytest.mark.parametrize(
    ("place", "error"),
    [
        (slot("21:00"), errors.OutsideShiftError),
        (slot("10:00", on=MONDAY + timedelta(days=40)), errors.TooFarAheadError),
        (slot("11:00", on=NOW.date()), errors.SlotInPastError),
        (slot("12:30", on=NOW.date()), errors.TooSoonError),
        (Slot(StaffId(99), at("10:00"), at("11:00")), errors.ServiceNotOfferedError),
        (slot("16:00", minutes=90), errors.MalformedValueError),
    ],
)
def test_the_new_time_has_to_be_one_that_could_be_booked(place: Slot, error: type[errors.LedgerError]) -> None:
    with pytest.raises(error):
        booked().decide(MoveBooking(order(at=NOW), BOOKING, MARIA, 1, place))


def test_a_service_that_is_no_longer_offered_cannot_be_moved() -> None:
    with pytest.raises(errors.NotInCatalogError):
        Memory(catalog(services=()), shifts(ANNA), made()).decide(move(slot("16:00")))
    with pytest.raises(errors.NotInCatalogError):
        Memory(made()).decide(move(slot("16:00")))


def test_moving_ends_as_long_before_the_visit_as_the_salon_says() -> None:
    assert booked().new(move(slot("10:00", on=TUESDAY), hours_before=2))
    with pytest.raises(errors.TooLateToMoveError):
        booked().decide(move(slot("10:00", on=TUESDAY), hours_before=1.99))
    lenient = Memory(catalog(policy=policy(cancel_notice_minutes=0)), shifts(ANNA), made())
    assert lenient.new(move(slot("10:00", on=TUESDAY), hours_before=0))


# --- coming ---


def confirm(*, version: int = 1, hours_before: float = 5) -> ConfirmVisit:
    return ConfirmVisit(order(at=slot().starts_at - timedelta(hours=hours_before)), BOOKING, MARIA, version)


def test_a_visit_is_confirmed_once_for_a_slot() -> None:
    confirmed = e.VisitConfirmed(BOOKING, MARIA, slot())
    assert open_salon(made()).new(confirm()) == [confirmed]
    assert open_salon(made(), confirmed).decide(confirm()) == Already(confirmed)
    assert confirm().answer([confirmed]) == confirmed


def test_after_a_move_the_word_is_asked_for_again() -> None:
    before = made(), e.VisitConfirmed(BOOKING, MARIA, slot()), moved(slot("16:00"))
    assert open_salon(*before).new(confirm(version=2)) == [e.VisitConfirmed(BOOKING, MARIA, slot("16:00"))]


@pytest.mark.parametrize(
    ("before", "decision", "error"),
    [
        ((), confirm(), errors.UnknownBookingError),
        ((held(),), confirm(), errors.UnknownBookingError),
        ((made(client_id=DARIA),), confirm(), errors.ForeignBookingError),
        ((made(), cancelled()), confirm(version=2), errors.StaleVersionError),
        ((made(), moved(slot("16:00"))), confirm(), errors.StaleVersionError),
        ((made(),), confirm(hours_before=0), errors.SlotInPastError),
    ],
)
def test_only_ones_own_coming_visit_is_confirmed(
    before: tuple[e.AnyEvent, ...], decision: ConfirmVisit, error: type[errors.RefusalError]
) -> None:
    with pytest.raises(error):
        open_salon(*before).decide(decision)


# --- language ---


def test_a_language_is_chosen_once_and_anew_when_it_changes() -> None:
    english, russian = e.LanguageChosen(MARIA, "en"), e.LanguageChosen(MARIA, "ru")
    choose = ChooseLanguage(order(), MARIA, "en")
    assert Memory().new(choose) == [english]
    assert Memory(english).decide(choose) == Already(english)
    assert Memory(english, russian).new(choose) == [english]
    assert Memory(registered()).new(ChooseLanguage(order(), MARIA, "ru")) == [russian]


def test_a_choice_made_before_registering_outlives_it() -> None:
    known = registered()
    register = RegisterClient(order(), MARIA, known.telegram, known.name, known.phone, phone_verified=True)

    assert Memory(consent()).new(register) == [known]
    chosen = Memory(consent(), e.LanguageChosen(MARIA, "ru"), e.LanguageChosen(MARIA, "en"))
    assert chosen.new(register) == [msgspec.structs.replace(known, language="en")]
