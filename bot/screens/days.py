"""The calendar: the days on which there is room."""

from __future__ import annotations

from datetime import date, timedelta

from bot.calendar import last_day, month_rows, next_month, previous_month
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens.choice import Choice


def show(request: Request, choice: Choice, month: date | None = None) -> Screen:
    """A month's days with room: the wished month, else the first that has any."""
    gone = choice.gone(request)
    if gone is not None:
        return gone
    words = request.words
    first, last = _months(request)
    month, days = _first_with_room(request, choice, month, last)
    back = [choice.back(request)]
    if month is None:
        text = words.no_days.format(heading=choice.heading(request))
        return screen("\n".join(filter(None, (text, request.call_us))), [back])
    rows = month_rows(
        month,
        days,
        earlier=Button(words.earlier_button, choice.days(previous_month(month))) if month > first else None,
        later=Button(words.later_button, choice.days(next_month(month))) if month < last else None,
        open_day=choice.times,
        locale=words.locale,
    )
    return screen(words.choose_day.format(heading=choice.heading(request)), [*rows, back])


def _months(request: Request) -> tuple[date, date]:
    today = request.now.date()
    horizon = today + timedelta(days=request.catalog.facts.policy.horizon_days)
    return today.replace(day=1), horizon.replace(day=1)


def _first_with_room(
    request: Request, choice: Choice, wished: date | None, last: date
) -> tuple[date | None, set[date]]:
    """A wished month stands even when it is full: the turns lead on. None when no month has room."""
    today = request.now.date()
    month = today.replace(day=1)
    if wished is not None and month <= wished.replace(day=1) <= last:
        month = wished.replace(day=1)
    else:
        wished = None
    while month <= last:
        found = choice.free(request, max(today, month), last_day(month))
        if found or wished is not None:
            return month, set(found)
        month = next_month(month)
    return None, set()
