"""The last question before a booking, and the answer after it."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import menu, my_bookings, times
from bot.screens.summary import kept_until, summary
from bot.texts.formats import length_words
from ledger.decisions.book import MakeBooking
from ledger.decisions.lapse import LapseHold
from ledger.errors import HoldExpiredError
from projections import schedule
from projections.schedule import ScheduledBooking


def show(request: Request, kept: ScheduledBooking) -> Screen:
    """What is about to be booked, with the three ways on."""
    words = request.words
    place = {
        "booking_id": kept.booking_id,
        "service_id": kept.service_ids[0],
        "staff_id": kept.staff_id,
        "day": kept.starts_at.astimezone(request.catalog.zone).date(),
    }
    rows = [
        [Button(words.confirm_button, buttons.Confirm.model_validate(place))],
        [
            Button(words.other_time_button, buttons.OtherTime.model_validate(place)),
            Button(words.drop_button, buttons.Drop(booking_id=kept.booking_id)),
        ],
    ]
    return screen(words.confirm.format(summary=summary(request, kept), until=kept_until(request, kept)), rows)


def book(request: Request, button: buttons.Confirm) -> Screen:
    """Books what is kept; if the time ran out, the times of that day are shown again."""
    services = request.services
    try:
        made = services.ledger.execute(MakeBooking(request.order("book"), button.booking_id, request.client_id)).answer
    except HoldExpiredError as refusal:
        gone = schedule.booking(services.database, button.booking_id)
        if gone is None or gone.status == "held":
            return times.instead(request, refusal, button)
        return my_bookings.instead_of_kept(request, button.booking_id)
    booking = schedule.booking(services.database, made.booking_id)
    if booking is None or booking.status != "booked":
        return my_bookings.instead_of_kept(request, made.booking_id)
    return _booked(request, booking)


def drop(request: Request, button: buttons.Drop) -> Screen:
    """Lets the kept time go."""
    request.services.ledger.execute(LapseHold(request.order("release"), button.booking_id, request.client_id))
    return menu.instead(request, request.words.dropped)


def _booked(request: Request, booking: ScheduledBooking) -> Screen:
    words = request.words
    text = words.booked.format(summary=summary(request, booking))
    notice = request.catalog.facts.policy.cancel_notice_minutes
    if notice:
        text += "\n\n" + words.cancel_until.format(notice=length_words(notice, words.locale))
    card = Button(words.my_bookings_button, buttons.MyBookings())
    return screen(text, [[card], [Button(words.menu_button, buttons.Menu())]])
