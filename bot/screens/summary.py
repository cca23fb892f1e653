"""A booking in a few lines, the same on every screen that shows one."""

from __future__ import annotations

from bot.request import Request
from bot.screens.days import master_name, service_title
from bot.screens.services import price_words
from bot.texts.formats import clock_words, day_words, short_day_words
from projections.schedule import ScheduledBooking


def summary(request: Request, booking: ScheduledBooking) -> str:
    """What, with whom, when, for how much, where."""
    words, zone = request.words, request.catalog.zone
    titles = ", ".join(service_title(request, service_id) for service_id in booking.service_ids)
    lines = [
        words.service_line.format(service=titles),
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
    titles = ", ".join(service_title(request, service_id) for service_id in booking.service_ids)
    return request.words.booking_button.format(
        day=short_day_words(booking.starts_at.astimezone(zone).date(), locale),
        time=clock_words(booking.starts_at, zone, locale),
        service=titles,
    )


def kept_until(request: Request, booking: ScheduledBooking) -> str:
    """The wall-clock time up to which a hold stands."""
    return clock_words(booking.expires_at or request.now, request.catalog.zone, request.words.locale)
