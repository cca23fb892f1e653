"""The free times of a day."""

from __future__ import annotations

from datetime import date

from bot.request import Request
from bot.screen import Button, Screen, in_rows, screen
from bot.screens import days
from bot.screens.choice import Choice
from bot.texts.formats import clock_words, day_words
from ledger.errors import RefusalError

PAGE = 48
ROW = 4


def show(request: Request, choice: Choice, day: date, page: int = 0) -> Screen:
    """A day's free times; the calendar, if there are none any more."""
    gone = choice.gone(request)
    if gone is not None:
        return gone
    words, zone = request.words, request.catalog.zone
    slots = choice.free(request, day, day).get(day, [])
    if not slots:
        return days.show(request, choice).said(words.no_times)
    page = min(page, (len(slots) - 1) // PAGE)
    shown = slots[page * PAGE : (page + 1) * PAGE]
    keys = [Button(clock_words(slot.starts_at, zone, words.locale), choice.take(slot)) for slot in shown]
    turns = [
        Button(text, choice.times(day, to))
        for text, to in ((words.earlier_button, page - 1), (words.later_button, page + 1))
        if 0 <= to * PAGE < len(slots)
    ]
    back = Button(words.other_day_button, choice.days(day))
    text = words.choose_time.format(heading=choice.heading(request), day=day_words(day, words.locale))
    return screen(text, [*in_rows(keys, ROW), turns, [back]])


def instead(request: Request, refusal: RefusalError, choice: Choice, day: date) -> Screen:
    """Why the wished time cannot be had, above the times that can."""
    gone = choice.gone(request)  # says why by itself
    return gone or show(request, choice, day).said(request.sentence(refusal))
