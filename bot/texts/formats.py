"""Dates, times, money and lengths as people read them; Babel knows the languages' rules."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names
from babel.numbers import format_decimal, get_currency_symbol
from babel.units import format_unit

_SIGNS = Locale("ru")
"""CLDR's English spells the rouble `RUB`; on the salon's price tags it stands by its sign."""


def day_words(day: date, locale: str) -> str:
    """`суббота, 18 июля`, `Saturday, 18 July`"""
    return format_date(day, "EEEE, d MMMM", locale=locale)


def date_words(day: date, locale: str) -> str:
    """`18 июля 2026`, `18 July 2026`"""
    return format_date(day, "d MMMM y", locale=locale)


def short_day_words(day: date, locale: str) -> str:
    """`сб, 18 июл.`, `Sat, 18 Jul`"""
    return format_date(day, "EEE, d MMM", locale=locale)


def month_words(month: date, locale: str) -> str:
    """`Июль 2026`, `July 2026`"""
    words = format_date(month, "LLLL y", locale=locale)
    return words[:1].upper() + words[1:]


def weekday_names(locale: str) -> list[str]:
    """Monday first: `пн`, `вт` …; `Mon`, `Tue` …"""
    names = get_day_names("abbreviated", "stand-alone", locale=locale)
    return [str(names[number]) for number in range(7)]


def clock_words(at: datetime, zone: ZoneInfo, locale: str) -> str:
    """`12:30` by the salon's wall clock."""
    return format_datetime(at, "HH:mm", tzinfo=zone, locale=locale)


def moment_words(at: datetime, zone: ZoneInfo, locale: str) -> str:
    """`18 июля 2026, 12:30`, `18 July 2026, 12:30` by the salon's wall clock."""
    return format_datetime(at, "d MMMM y, HH:mm", tzinfo=zone, locale=locale)


def money_words(minor: int, currency: str, locale: str) -> str:
    """`1 500 ₽`, `₽1,500` from kopecks; a part of a rouble is shown only where there is one."""
    amount = Decimal(minor) / 100
    sign = get_currency_symbol(currency, _SIGNS)
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    if amount == amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    if sign.isalpha():
        pattern = pattern.replace("¤#", "¤\u00a0#")  # a code of letters keeps its distance: `KZT 1,500`
    return format_decimal(amount, pattern.replace("¤", f"'{sign}'"), locale=locale)


def length_words(minutes: int, locale: str) -> str:
    """`1 ч 30 мин`, `1 hr 30 min`"""
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "duration-hour"), (rest, "duration-minute")]
    return " ".join(format_unit(n, unit, "short", locale=locale) for n, unit in parts if n) or format_unit(
        0, "duration-minute", "short", locale=locale
    )


def phone_words(phone: str) -> str:
    """`+7 916 123-45-67` from E.164."""
    parsed = phonenumbers.parse(phone)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
