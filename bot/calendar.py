"""A month as rows of buttons in which only the days with room can be pressed."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Collection, Sequence
from datetime import date

from aiogram.filters.callback_data import CallbackData

from bot import buttons
from bot.screen import Button
from bot.texts.formats import month_words, weekday_names

BLANK = " "  # Telegram refuses a button without a text


def month_rows(
    month: date,
    days: Collection[date],
    *,
    earlier: Button | None,
    later: Button | None,
    open_day: Callable[[date], CallbackData],
    locale: str,
) -> list[Sequence[Button]]:
    """Title with turns to the months around it, weekdays from Monday, then the weeks that have a day with room."""
    header = [earlier or _blank(), Button(month_words(month, locale), buttons.Nothing()), later or _blank()]
    names = [Button(name, buttons.Nothing()) for name in weekday_names(locale)]
    weeks = calendar.Calendar(firstweekday=0).monthdatescalendar(month.year, month.month)
    rows: list[Sequence[Button]] = [header, names]
    for week in weeks:
        open_days = {day for day in week if day in days and day.month == month.month}
        if open_days:
            rows.append([Button(str(day.day), open_day(day)) if day in open_days else _blank() for day in week])
    return rows


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def previous_month(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _blank() -> Button:
    return Button(BLANK, buttons.Nothing())
