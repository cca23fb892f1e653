"""The sender's bookings, one booking's card, and calling one off."""

from __future__ import annotations

from datetime import timedelta

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import menu
from bot.screens.summary import short_summary, summary
from bot.texts.formats import length_words
from ledger.decisions.cancel import CancelBooking
from ledger.errors import (
    ForeignBookingError,
    HoldExpiredError,
    StaleVersionError,
    TooLateToCancelError,
    UnknownBookingError,
)
from ledger.values import BookingId, booking_code
from projections import schedule
from projections.schedule import ScheduledBooking

MOST = 50


def show(request: Request, _: object = None) -> Screen:
    """Every booking still to come, soonest first."""
    words, client_id = request.words, request.known_client_id
    menu_row = [Button(words.menu_button, buttons.Menu())]
    found = schedule.bookings_of(request.services.database, client_id, request.now) if client_id is not None else []
    if not found:
        return screen(words.no_bookings, [[Button(words.book_button, buttons.Services())], menu_row])
    rows = [
        [Button(short_summary(request, booking), buttons.Card(booking_id=booking.booking_id))]
        for booking in found[:MOST]
    ]
    return screen(words.my_bookings, [*rows, menu_row])


def card(request: Request, button: buttons.Card) -> Screen:
    return _card(request, _own(request, button.booking_id))


def ask_cancel(request: Request, button: buttons.AskCancel) -> Screen:
    """Asks once more, unless the booking is no longer what the button was drawn for."""
    booking = _own(request, button.booking_id)
    if booking.version != button.version:
        return _card(request, booking).said(request.sentence(StaleVersionError()))
    if not _can_cancel(request, booking):
        return _card(request, booking)
    words = request.words
    place = {"booking_id": booking.booking_id, "version": booking.version}
    rows = [
        [Button(words.yes_cancel_button, buttons.Cancel.model_validate(place))],
        [Button(words.no_cancel_button, buttons.Card(booking_id=booking.booking_id))],
    ]
    return screen(words.sure_to_cancel.format(summary=summary(request, booking)), rows)


def cancel(request: Request, button: buttons.Cancel) -> Screen:
    """Calls the booking off; what stands in the way is said above the booking as it is."""
    command = CancelBooking(request.order("cancel"), button.booking_id, request.client_id, button.version)
    try:
        request.services.ledger.execute(command)
    except (StaleVersionError, TooLateToCancelError) as refusal:
        return _card(request, _own(request, button.booking_id)).said(request.sentence(refusal))
    booking = _own(request, button.booking_id)
    text = request.words.just_cancelled.format(summary=summary(request, booking))
    return screen(text, _ways_on(request))


def instead_of_kept(request: Request, booking_id: BookingId) -> Screen:
    """What became of a time that is no longer kept: the booking, if it was made, else the menu with a word."""
    booking = schedule.booking(request.services.database, booking_id)
    if booking is None or booking.status == "held" or booking.client_id != request.known_client_id:
        return menu.instead(request, request.sentence(HoldExpiredError()))
    return _card(request, booking)


def _own(request: Request, booking_id: BookingId) -> ScheduledBooking:
    """Raises UnknownBookingError or ForeignBookingError: a button is a request, not a right."""
    booking = schedule.booking(request.services.database, booking_id)
    if booking is None:
        raise UnknownBookingError
    if booking.client_id is None or booking.client_id != request.known_client_id:
        raise ForeignBookingError
    if booking.status == "held":
        raise UnknownBookingError
    return booking


def _card(request: Request, booking: ScheduledBooking) -> Screen:
    words = request.words
    lines = summary(request, booking) + "\n" + words.code_line.format(code=booking_code(booking.booking_id))
    if booking.status == "cancelled":
        return screen(words.cancelled.format(summary=lines), _ways_on(request))
    if booking.ends_at <= request.now:
        return screen(words.past.format(summary=lines), _ways_on(request))
    text, rows = words.standing.format(summary=lines), _ways_on(request)
    if _can_cancel(request, booking):
        button = buttons.AskCancel(booking_id=booking.booking_id, version=booking.version)
        rows.insert(0, [Button(words.cancel_button, button)])
    elif minutes := request.catalog.facts.policy.cancel_notice_minutes:
        notice = length_words(minutes, words.locale)
        text += "\n\n" + "\n".join(filter(None, (words.too_late_here.format(notice=notice), request.call_us)))
    return screen(text, rows)


def _can_cancel(request: Request, booking: ScheduledBooking) -> bool:
    notice = timedelta(minutes=request.catalog.facts.policy.cancel_notice_minutes)
    return booking.status == "booked" and booking.starts_at - notice >= request.now


def _ways_on(request: Request) -> list[list[Button]]:
    words = request.words
    return [
        [Button(words.my_bookings_button, buttons.MyBookings())],
        [Button(words.menu_button, buttons.Menu())],
    ]
