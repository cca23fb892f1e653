"""One booking of the sender's: how it stands, and what can be done about it."""

from __future__ import annotations

from datetime import timedelta

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import menu
from bot.screens.summary import full_summary
from bot.texts.formats import length_words
from ledger.errors import ForeignBookingError, HoldExpiredError, StaleVersionError, UnknownBookingError
from ledger.values import BookingId
from projections import schedule
from projections.questions import question_of
from projections.schedule import ScheduledBooking


def tap(request: Request, button: buttons.Card) -> Screen:
    return show(request, own(request, button.booking_id))


def own(request: Request, booking_id: BookingId) -> ScheduledBooking:
    """Raises UnknownBookingError or ForeignBookingError: a button is a request, not a right."""
    booking = schedule.booking(request.services.database, booking_id)
    if booking is None:
        raise UnknownBookingError
    if booking.client_id is None or booking.client_id != request.known_client_id:
        raise ForeignBookingError
    if booking.status == "held":
        raise UnknownBookingError
    return booking


def show(request: Request, booking: ScheduledBooking) -> Screen:
    """The card; what can no longer be changed here comes with the salon's phone."""
    words, summary = request.words, full_summary(request, booking)
    if booking.status == "cancelled":
        return screen(words.cancelled.format(summary=summary), ways_on(request))
    if booking.ends_at <= request.now:
        return screen(words.past.format(summary=summary), ways_on(request))
    if booking.starts_at <= request.now:
        return screen(_with_phone(request, words.under_way.format(summary=summary)), ways_on(request))
    text = words.standing.format(summary=summary)
    can_change = _can_change(request, booking)
    if _waits_for_time(request, booking):
        text += f"\n\n{words.waits_for_time}" + (f" {words.choose_another_time}" if can_change else "")
    if booking.confirmed_at is not None:
        text += f"\n\n{words.confirmed_line}"
    if can_change:
        return screen(text, [_changes(request, booking), *ways_on(request)])
    notice = length_words(request.catalog.facts.policy.cancel_notice_minutes, words.locale)
    return screen(_with_phone(request, f"{text}\n\n{words.too_late_here.format(notice=notice)}"), ways_on(request))


def outdated(request: Request, booking: ScheduledBooking, version: int) -> Screen | None:
    """The card, if the booking is no longer what a button was drawn for, or can no longer be changed here."""
    if booking.version != version:
        return show(request, booking).said(request.sentence(StaleVersionError()))
    return None if _can_change(request, booking) else show(request, booking)


def instead_of_kept(request: Request, booking_id: BookingId) -> Screen:
    """What became of a time that is no longer kept: the booking, if it was made, else the menu with a word."""
    booking = schedule.booking(request.services.database, booking_id)
    if booking is None or booking.status == "held" or booking.client_id != request.known_client_id:
        return menu.instead(request, request.sentence(HoldExpiredError()))
    return show(request, booking)


def ways_on(request: Request) -> list[list[Button]]:
    words = request.words
    return [
        [Button(words.my_bookings_button, buttons.MyBookings())],
        [Button(words.menu_button, buttons.Menu())],
    ]


def _changes(request: Request, booking: ScheduledBooking) -> list[Button]:
    words, place = request.words, {"booking_id": booking.booking_id, "version": booking.version}
    return [
        Button(words.move_button, buttons.Move.model_validate(place)),
        Button(words.cancel_button, buttons.AskCancel.model_validate(place)),
    ]


def _waits_for_time(request: Request, booking: ScheduledBooking) -> bool:
    """The salon has asked the client to choose another time."""
    question = question_of(request.services.ledger, booking.booking_id)
    return question is not None and question.state.offered


def _can_change(request: Request, booking: ScheduledBooking) -> bool:
    """The salon's limit holds for moving and for cancelling alike."""
    notice = timedelta(minutes=request.catalog.facts.policy.cancel_notice_minutes)
    return booking.status == "booked" and booking.starts_at - notice >= request.now


def _with_phone(request: Request, text: str) -> str:
    return "\n".join(filter(None, (text, request.call_us)))
