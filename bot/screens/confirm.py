"""The last question before a booking, and the answer after it."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import card, menu, times
from bot.screens.new_visit import NewVisit
from bot.screens.summary import full_summary, kept_until, summary
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
            return times.instead(request, refusal, NewVisit(button.service_id, button.staff_id), button.day)
        return card.instead_of_kept(request, button.booking_id)
    booking = schedule.booking(services.database, made.booking_id)
    if booking is None or booking.status != "booked":
        return card.instead_of_kept(request, made.booking_id)
    return _booked(request, booking)


def drop(request: Request, button: buttons.Drop) -> Screen:
    """Lets the kept time go."""
    request.services.ledger.execute(LapseHold(request.order("release"), button.booking_id, request.client_id))
    return menu.instead(request, request.words.dropped)


def _booked(request: Request, booking: ScheduledBooking) -> Screen:
    words = request.words
    text = words.booked.format(summary=full_summary(request, booking))
    notice = request.catalog.facts.policy.cancel_notice_minutes
    if notice:
        text += "\n\n" + words.change_until.format(notice=length_words(notice, words.locale))
    return screen(text, card.ways_on(request))
