"""Single values of Yclients read leniently: the vendor's OpenAPI contradicts its own examples about nearly every type.

Ids and prices come as numbers and as strings, `[]` stands for an empty object, an array of one for an object, dates
are naive, with `+09:00` and with `+0900`. Each function gives None or an empty value for what it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from zoneinfo import ZoneInfo

from sync.errors import MalformedAnswerError

_WALL_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)")
_OFFSET = re.compile(r"(?:Z|([+-])(\d{2}):?(\d{2}))$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_YEAR_9999 = 253_370_764_800  # seconds since 1970; further ahead there are no dates
_LONGEST = 366 * 24 * 60 * 60  # seconds
_DEAREST = 1_000_000_000  # roubles
_T = TypeVar("_T")


def digits(text: object) -> str:
    """The digits of a phone, given as text or as a number; '' for anything else."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return ""
    plain = str(int(text)) if isinstance(text, float) and text.is_integer() else str(text)
    return re.sub(r"[^0-9]", "", plain)


def needed(value: _T | None, thing: str, of: str) -> _T:
    """The value. Raises MalformedAnswerError naming the thing that is missing."""
    if value is None:
        raise MalformedAnswerError(detail=f"{of} without its {thing}")
    return value


def instant(raw: object, zone: tzinfo) -> datetime | None:
    """The wall-clock digits in the branch's zone; a number is seconds since 1970, as in some vendor's examples."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 < raw < _YEAR_9999:
        return datetime.fromtimestamp(raw, UTC).astimezone(zone)
    wall = _wall_clock(raw)
    return None if wall is None else wall.replace(tzinfo=zone)


def told_offset(raw: object) -> timedelta | None:
    """The offset from UTC that a date claims, right or wrong."""
    found = _OFFSET.search(raw) if isinstance(raw, str) else None
    if found is None or _wall_clock(raw) is None:
        return None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if offset >= timedelta(days=1):
        return None
    return -offset if sign == "-" else offset


def day(raw: object) -> date | None:
    """A date, from a date or from the beginning of a moment."""
    try:
        return date.fromisoformat(raw[:10]) if isinstance(raw, str) else None
    except ValueError:
        return None


def time_of_day(raw: object) -> timedelta | None:
    """How far a time like `10:00` is into its day; `24:00` is a whole day."""
    found = _TIME.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        return None
    into_day = timedelta(hours=int(found[1]), minutes=int(found[2]))
    return into_day if int(found[2]) < 60 and into_day <= timedelta(days=1) else None


def moment(on: date, into_day: timedelta, zone: ZoneInfo) -> datetime:
    """The instant at which the branch's clock shows that time of that day. Raises MalformedAnswerError for none."""
    try:
        return (datetime.combine(on, time()) + into_day).replace(tzinfo=zone)
    except OverflowError as error:
        raise MalformedAnswerError(detail="a day after the last one of the calendar") from error


def as_object(raw: object) -> Mapping[str, object]:
    """An object; empty for `[]`, null and anything else that is none."""
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    return raw if isinstance(raw, dict) else {}


def objects(raw: object, what: str) -> Iterator[Mapping[str, object]]:
    """The objects of a list. Raises MalformedAnswerError for anything else: nothing is not an empty list."""
    if not isinstance(raw, list):
        raise MalformedAnswerError(detail=f"a list of {what} that is not a list")
    for item in raw:
        if not isinstance(item, dict):
            raise MalformedAnswerError(detail=f"a list of {what} with something else in it")
        yield item


def number(raw: object) -> int | None:
    """A whole number, also one written as text."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    if isinstance(raw, str) and re.fullmatch(r"\s*-?[0-9]{1,18}(\.0+)?\s*", raw):
        return int(raw.strip().partition(".")[0])
    return None


def length(raw: object) -> timedelta | None:
    """A length given in seconds; None for one below zero or above a year."""
    seconds = number(raw)
    return None if seconds is None or not 0 <= seconds <= _LONGEST else timedelta(seconds=seconds)


def kopecks(raw: object) -> int | None:
    """A price given in roubles, as a number or as text like `1000.00`; half a kopeck is rounded to even."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        roubles = Decimal(str(raw).strip())
    except InvalidOperation:
        return None
    return round(roubles * 100) if roubles.is_finite() and abs(roubles) < _DEAREST else None


def text(raw: object) -> str:
    """Text without the space around it; a number as its digits; '' for anything else."""
    if isinstance(raw, str):
        return raw.strip()
    whole = number(raw)
    return "" if whole is None else str(whole)


def flag(raw: object) -> bool:
    """True for true, 1 and what says so in words."""
    return raw.strip().lower() in {"1", "true"} if isinstance(raw, str) else raw in (True, 1)


def _wall_clock(raw: object) -> datetime | None:
    wall = _WALL_CLOCK.match(raw) if isinstance(raw, str) else None
    if wall is None:
        return None
    try:
        return datetime.fromisoformat(f"{wall[1]} {wall[2]}")
    except ValueError:  # 0000-00-00, the CRM's database's way of saying never
        return None
