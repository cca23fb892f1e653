"""Booking what is held, calling it off, and being remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import errors, events as e
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.ledger import Already
from tests.builders import (
    BOOKING,
    DARIA,
    MARIA,
    NOW,
    cancelled,
    catalog,
    consent,
    given,
    held,
    lapsed,
    made,
    order,
    policy,
    registered,
    sealed,
    seen_in_crm,
    slot,
)

KNOWN = (consent(), registered())


def book() -> MakeBooking:
    return MakeBooking(order(), BOOKING, MARIA)


def cancel(*, version: int = 1, hours_before: float = 22) -> CancelBooking:
    return CancelBooking(order(at=slot().starts_at - timedelta(hours=hours_before)), BOOKING, MARIA, version)


def test_a_held_slot_is_booked_as_it_was_held() -> None:
    events = given(*KNOWN, held()).new(book())

    assert events == [made()]
    assert book().answer(events) == made()


def test_a_booking_that_is_made_already_is_success() -> None:
    assert given(*KNOWN, held(), made()).decide(book()) == Already(made())


@pytest.mark.parametrize(
    ("before", "error"),
    [
        ((), errors.UnknownBookingError),
        ((held(client_id=DARIA),), errors.ForeignBookingError),
        ((made(client_id=DARIA),), errors.ForeignBookingError),
        ((seen_in_crm(booking_id=BOOKING),), errors.ForeignBookingError),
        ((held(expires_at=NOW),), errors.HoldExpiredError),
        ((held(), lapsed()), errors.HoldExpiredError),
        ((held(), made(), cancelled()), errors.HoldExpiredError),
    ],
)
def test_only_ones_own_live_hold_can_be_booked(
    before: tuple[e.AnyEvent, ...], error: type[errors.RefusalError]
) -> None:
    with pytest.raises(error):
        given(*KNOWN, *before).decide(book())


@pytest.mark.parametrize("known", [(), (consent(DARIA), registered(DARIA)), (registered(),)])
def test_a_booking_needs_the_clients_own_consent(known: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.ConsentMissingError):
        given(*known, held()).decide(book())


@pytest.mark.parametrize("known", [(consent(),), (consent(), registered(DARIA))])
def test_a_booking_needs_the_clients_own_contact(known: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.ContactMissingError):
        given(*known, held()).decide(book())


# --- cancelling ---


def test_a_booking_is_called_off() -> None:
    events = given(catalog(), held(), made()).new(cancel())

    assert events == [cancelled()]
    assert cancel().answer(events) == cancelled()


def test_a_booking_that_is_called_off_already_is_success_whatever_the_button_says() -> None:
    assert given(catalog(), made(), cancelled()).decide(cancel(version=1)) == Already(cancelled())
    assert given(catalog(), made(), cancelled()).decide(cancel(version=7)) == Already(cancelled())


@pytest.mark.parametrize(
    ("before", "error"),
    [
        ((), errors.UnknownBookingError),
        ((held(),), errors.UnknownBookingError),
        ((held(client_id=DARIA),), errors.ForeignBookingError),
        ((made(client_id=DARIA),), errors.ForeignBookingError),
        ((made(client_id=DARIA), cancelled(client_id=DARIA)), errors.ForeignBookingError),
        ((seen_in_crm(booking_id=BOOKING),), errors.ForeignBookingError),
    ],
)
def test_only_ones_own_booking_can_be_called_off(
    before: tuple[e.AnyEvent, ...], error: type[errors.RefusalError]
) -> None:
    with pytest.raises(error):
        given(catalog(), *before).decide(cancel())


@pytest.mark.parametrize("version", [0, 2])
def test_a_stale_button_cancels_nothing(version: int) -> None:
    with pytest.raises(errors.StaleVersionError):
        given(catalog(), made()).decide(cancel(version=version))


def test_a_booking_can_be_called_off_until_the_notice_begins() -> None:
    salon = given(catalog(policy=policy(cancel_notice_minutes=120)), made())

    assert salon.new(cancel(hours_before=2))
    with pytest.raises(errors.TooLateToCancelError):
        salon.decide(cancel(hours_before=1.999))


def test_without_a_notice_a_visit_that_has_begun_is_still_too_late() -> None:
    salon = given(catalog(policy=policy(cancel_notice_minutes=0)), made())

    assert salon.new(cancel(hours_before=0))
    with pytest.raises(errors.TooLateToCancelError):
        salon.decide(cancel(hours_before=-0.001))


def test_the_limit_is_that_of_the_latest_catalogue() -> None:
    strict, mild = catalog(policy=policy(cancel_notice_minutes=600)), catalog(policy=policy(cancel_notice_minutes=60))

    assert given(strict, mild, made()).new(cancel(hours_before=2))
    with pytest.raises(errors.TooLateToCancelError):
        given(mild, strict, made()).decide(cancel(hours_before=2))


# --- clients ---


def give(version: str = "1", client: int = MARIA) -> GiveConsent:
    return GiveConsent(order(), MARIA if client == MARIA else DARIA, version, "ab" * 32)


def register() -> RegisterClient:
    name = sealed("client_registered.name")
    return RegisterClient(
        order(),
        MARIA,
        sealed("client_registered.telegram"),
        name,
        sealed("client_registered.phone"),
        phone_verified=True,
    )


def test_a_consent_is_recorded_once_a_version_of_the_text() -> None:
    assert given().new(give()) == [consent()]
    assert given(consent()).decide(give()) == Already(consent())
    assert given(consent()).new(give("2")) == [consent(version="2")]
    assert given(consent(DARIA)).new(give()) == [consent()]


def test_another_text_under_the_same_version_is_another_consent() -> None:
    altered = GiveConsent(order(), MARIA, "1", "cd" * 32)

    assert given(consent()).new(altered) == [e.ConsentGiven(MARIA, "booking", "1", "cd" * 32)]


def test_a_contact_is_recorded_once() -> None:
    assert given(consent()).new(register()) == [registered()]
    assert given(consent(), registered()).decide(register()) == Already(registered())


@pytest.mark.parametrize("before", [(), (consent(DARIA),)])
def test_a_contact_needs_the_clients_own_consent(before: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.ConsentMissingError):
        given(*before).decide(register())
