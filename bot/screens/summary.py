"""A booking in a few lines, the same on every screen that shows one."""

from __future__ import annotations

from bot.request import Request
from bot.screens.names import master_name, service_titles
from bot.screens.services import price_words
from bot.texts.formats import clock_words, day_words, short_day_words
from ledger.values import Slot, booking_code
from projections.schedule import ScheduledBooking


def summary(request: Request, booking: ScheduledBooking) -> str:
    """What, with whom, when, for how much, where."""
    words, zone = request.words, request.catalog.zone
    lines = [
        words.service_line.format(service=service_titles(request, booking.service_ids)),
        words.master_line.format(master=master_name(request, booking.staff_id)),
        words.when_line.format(
            day=day_words(booking.starts_at.astimezone(zone).date(), words.locale),
            starts=clock_words(booking.starts_at, zone, words.locale),
            ends=clock_words(booking.ends_at, zone, words.locale),
        ),
    ]
    if booking.price is not None:
        lines.append(words.price_line.format(price=price_words(request, booking.price)))
    if request.catalog.facts.address:
        lines.append(words.address_line.format(address=request.catalog.facts.address))
    return "\n".join(lines)


def short_summary(request: Request, booking: ScheduledBooking) -> str:
    """One line, for a button."""
    zone, locale = request.catalog.zone, request.words.locale
    return request.words.booking_button.format(
        day=short_day_words(booking.starts_at.astimezone(zone).date(), locale),
        time=clock_words(booking.starts_at, zone, locale),
        service=service_titles(request, booking.service_ids),
    )


def full_summary(request: Request, booking: ScheduledBooking) -> str:
    """With the number by which client and salon can speak of it."""
    code = request.words.code_line.format(code=booking_code(booking.booking_id))
    return f"{summary(request, booking)}\n{code}"


def place_words(request: Request, place: Slot | ScheduledBooking) -> str:
    """`понедельник, 7 января, 10:00–11:00, Анна`"""
    words, zone = request.words, request.catalog.zone
    return words.place.format(
        day=day_words(place.starts_at.astimezone(zone).date(), words.locale),
        starts=clock_words(place.starts_at, zone, words.locale),
        ends=clock_words(place.ends_at, zone, words.locale),
        master=master_name(request, place.staff_id),
    )


def kept_until(request: Request, booking: ScheduledBooking) -> str:
    """The wall-clock time up to which a hold stands."""
    return clock_words(booking.expires_at or request.now, request.catalog.zone, request.words.locale)
