"""salon.toml read into a catalogue, with errors that say where in the file."""

from __future__ import annotations

import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Literal, get_args

import msgspec

from console.errors import UsageError
from ledger import events as e
from ledger.decisions.publish_catalog import check_catalog
from ledger.errors import InvalidCatalogError
from ledger.values import ServiceId, StaffId

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


class _Staff(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    name: str
    title: str = ""
    shifts: dict[str, list[str]] = {}
    days: dict[str, list[str]] = {}


class _Service(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    title: str
    price: float
    minutes: int
    staff: list[int]
    category: str = ""


class _Salon(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    timezone: str
    policy: e.Policy
    staff: list[_Staff]
    services: list[_Service]
    currency: Literal["RUB"] = "RUB"
    address: str = ""
    phone: str = ""


def load_salon(path: Path, *, timezone: str | None = None) -> tuple[e.CatalogPublished, tuple[e.ShiftsPublished, ...]]:
    """The catalogue and every master's shifts. `timezone` overrides the file's own.

    Raises UsageError naming the file and the place: unreadable, not TOML, a field missing or of the wrong kind, a
    service that names an unknown master, overlapping shifts, a time zone that does not exist.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        salon = msgspec.convert(raw, _Salon, strict=False)
    except FileNotFoundError as error:
        raise UsageError(f"{path} is not there; SALON_FILE names the salon's file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}") from error
    try:
        catalog, shifts = _catalog(salon, timezone), tuple(_shifts(one) for one in salon.staff)
        check_catalog(catalog, shifts)
    except InvalidCatalogError as error:
        raise UsageError(f"{path}: {error}") from error
    return catalog, shifts


def _catalog(salon: _Salon, timezone: str | None) -> e.CatalogPublished:
    return e.CatalogPublished(
        source="file",
        salon=salon.name,
        timezone=timezone or salon.timezone,
        currency=salon.currency,
        address=salon.address,
        phone=salon.phone,
        services=tuple(
            e.ServiceOffer(
                ServiceId(one.id),
                one.title,
                one.category,
                round(one.price * 100),
                one.minutes,
                tuple(StaffId(staff_id) for staff_id in one.staff),
            )
            for one in salon.services
        ),
        staff=tuple(e.StaffMember(StaffId(one.id), one.name, one.title) for one in salon.staff),
        policy=salon.policy,
    )


def _shifts(member: _Staff) -> e.ShiftsPublished:
    weekly: dict[e.Weekday, tuple[e.Interval, ...]] = {}
    for weekday in get_args(e.Weekday):
        if weekday in member.shifts:
            weekly[weekday] = _intervals(member.name, weekday, member.shifts[weekday])
    if unknown := sorted(member.shifts.keys() - set(get_args(e.Weekday))):
        raise InvalidCatalogError(f"{member.name}, shifts: {unknown[0]!r} is not a weekday (mon, tue … sun)")
    days = {}
    for text, hours in member.days.items():
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise InvalidCatalogError(f"{member.name}, days: {text!r} is not a date like 2026-12-31") from error
        days[day] = _intervals(member.name, text, hours)
    return e.ShiftsPublished("file", StaffId(member.id), weekly, days)


def _intervals(name: str, where: str, hours: list[str]) -> tuple[e.Interval, ...]:
    intervals = []
    for text in hours:
        match = _HOURS.fullmatch(text.strip())
        hour_opens, minute_opens, hour_closes, minute_closes = map(int, match.groups() if match else (99, 0, 99, 0))
        try:
            opens, closes = time(hour_opens, minute_opens), time(hour_closes, minute_closes)
        except ValueError as error:
            raise InvalidCatalogError(f"{name}, {where}: {text!r} is not hours like 10:00-14:00") from error
        intervals.append(e.Interval(opens, closes))
    return tuple(sorted(intervals, key=lambda interval: interval.opens))
