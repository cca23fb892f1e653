"""The sender's bookings still to come."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens.summary import short_summary
from projections import schedule
from projections.questions import offered_bookings
from projections.schedule import ScheduledBooking

MOST = 50


def show(request: Request, _: object = None) -> Screen:
    """Every booking still to come, soonest first."""
    words, client_id = request.words, request.known_client_id
    menu_row = [Button(words.menu_button, buttons.Menu())]
    found = schedule.bookings_of(request.services.database, client_id, request.now) if client_id is not None else []
    if not found:
        return screen(words.no_bookings, [[Button(words.book_button, buttons.Services())], menu_row])
    offered = offered_bookings(request.services.database)
    rows = [
        [Button(_label(request, booking, booking.booking_id in offered), buttons.Card(booking_id=booking.booking_id))]
        for booking in found[:MOST]
    ]
    return screen(words.my_bookings, [*rows, menu_row])


def _label(request: Request, booking: ScheduledBooking, waits_for_time: bool) -> str:
    said = short_summary(request, booking)
    return request.words.waiting_booking_button.format(booking=said) if waits_for_time else said
