"""What the salon offers: services, masters, limits, shifts."""

from __future__ import annotations

from datetime import date, time
from typing import Literal

import msgspec

from ledger.events.base import Event
from ledger.values import ServiceId, StaffId

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ServiceOffer(msgspec.Struct, frozen=True):
    """A service on the price list: price in minor units (kopecks), length in minutes, who does it."""

    service_id: ServiceId
    title: str
    category: str
    price: int
    minutes: int
    staff_ids: tuple[StaffId, ...]


class StaffMember(msgspec.Struct, frozen=True):
    """A master under their public name."""

    staff_id: StaffId
    name: str
    title: str


class Policy(msgspec.Struct, frozen=True):
    """The salon's limits; every unit stands in the field's name."""

    hold_minutes: int
    minimum_notice_minutes: int
    horizon_days: int
    cancel_notice_minutes: int
    open_bookings_limit: int
    slot_step_minutes: int


class Interval(msgspec.Struct, frozen=True):
    """Working hours [opens, closes) by the salon's wall clock."""

    opens: time
    closes: time


class CatalogPublished(Event, frozen=True):
    """The salon published its services, masters and limits; replaces every earlier catalogue."""

    source: Literal["file", "yclients"]
    salon: str
    timezone: str
    currency: str
    address: str
    phone: str
    services: tuple[ServiceOffer, ...]
    staff: tuple[StaffMember, ...]
    policy: Policy


class ShiftsPublished(Event, frozen=True):
    """The salon published when a master works; replaces that master's earlier shifts. A day overrides its weekday."""

    source: Literal["file", "yclients"]
    staff_id: StaffId
    weekly: dict[Weekday, tuple[Interval, ...]]
    days: dict[date, tuple[Interval, ...]] = msgspec.field(default_factory=dict)
