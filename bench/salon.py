"""A salon to measure in: masters who all do everything, at work every day from nine to nine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from eventsourcing.dcb.api import DCBEvent

from ledger import events as e
from ledger.codec import encode, stored_name
from ledger.tags import tags_of
from ledger.values import Actor, BookedService, ClientId, Sealed, ServiceId, StaffId

ZONE = ZoneInfo("Europe/Moscow")
MONDAY = date(2030, 1, 7)
OPENS, CLOSES = time(9), time(21)
VISITS_A_DAY = 12
"""Of an hour, if none is left free."""
HAIRCUT = ServiceId(2001)
PRICE = 250_000
SERVICES = (BookedService(HAIRCUT, PRICE, 60),)
SYSTEM = Actor("system", "bench")


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ZONE)


def opening(day: date) -> datetime:
    return datetime.combine(day, OPENS, ZONE)


def masters(number: int) -> list[StaffId]:
    return [StaffId(100 + one) for one in range(number)]


def policy(horizon_days: int = 365) -> e.Policy:
    return e.Policy(
        hold_minutes=10,
        minimum_notice_minutes=60,
        horizon_days=horizon_days,
        cancel_notice_minutes=120,
        open_bookings_limit=100,
        slot_step_minutes=30,
    )


def catalog(staff_ids: Sequence[StaffId], limits: e.Policy | None = None) -> e.CatalogPublished:
    """One service an hour long."""
    offer = e.ServiceOffer(HAIRCUT, "Haircut", "Hair", PRICE, 60, tuple(staff_ids))
    staff = tuple(e.StaffMember(staff_id, f"Master {staff_id}", "") for staff_id in staff_ids)
    return e.CatalogPublished("file", "Bench", ZONE.key, "RUB", "", "", (offer,), staff, limits or policy())


def shifts(staff_id: StaffId) -> e.ShiftsPublished:
    daily = (e.Interval(OPENS, CLOSES),)
    no_days: dict[date, tuple[e.Interval, ...]] = {}
    return e.ShiftsPublished("file", staff_id, dict.fromkeys(get_args(e.Weekday), daily), no_days)


def known(client_id: ClientId) -> Iterator[DCBEvent]:
    """Consent and contact as stored; the blobs are as long as sealed ones, but they cannot be opened."""
    telegram, name, phone = (Sealed("A" * 64, f"client_registered.{field}") for field in ("telegram", "name", "phone"))
    consent = e.ConsentGiven(client_id, "booking", "1", "ab" * 32)
    registered = e.ClientRegistered(client_id, telegram, name, phone, phone_verified=True, language="ru")
    for event in (consent, registered):
        data = encode(event, by=SYSTEM, at=midnight(MONDAY) - timedelta(days=1), cause="bench")
        yield DCBEvent(stored_name(type(event)), data, tags_of(event))
