"""Whether a slot can be had: the rules about time and shifts, and what stands in it already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ledger import errors, events as e
from ledger.decisions.folds import Entry, is_within_shift
from ledger.values import BookingId, ClientId, Slot


def check_room(slot: Slot, catalog: e.CatalogPublished, shifts: e.ShiftsPublished | None, at: datetime) -> None:
    """Raises the refusal for a slot that is past, too soon, too far ahead or outside the shift.

    Raises MalformedValueError for a slot in another zone's digits: a fault of the caller.
    """
    if not is_on_the_wall(slot, ZoneInfo(catalog.timezone)):
        raise errors.MalformedValueError("slot", f"its digits are not those of {catalog.timezone}")
    policy = catalog.policy
    if slot.starts_at <= at:
        raise errors.SlotInPastError
    if slot.starts_at < at + timedelta(minutes=policy.minimum_notice_minutes):
        raise errors.TooSoonError
    if slot.starts_at.date() > at.date() + timedelta(days=policy.horizon_days):
        raise errors.TooFarAheadError
    if not is_within_shift(slot, shifts):
        raise errors.OutsideShiftError


def lapses_for(
    slot: Slot,
    entries: Mapping[BookingId, Entry],
    client_id: ClientId,
    at: datetime,
    *,
    moving: BookingId | None = None,
) -> Iterator[e.HoldLapsed]:
    """The holds that must lapse before this client can have the slot: their own, and those that ran out.

    Raises SlotTakenError for a booking in the way, except the one that is `moving`, and for somebody else's live hold.
    """
    for entry in entries.values():
        if entry.booking_id == moving or not entry.slot.overlaps(slot):
            continue
        if entry.status == "booked":
            raise errors.SlotTakenError
        if entry.status != "held" or entry.client_id is None:
            continue
        if entry.is_live_hold(at) and entry.client_id != client_id:
            raise errors.SlotTakenError
        yield lapse_of(entry, entry.client_id, at)


def lapse_of(entry: Entry, client_id: ClientId, at: datetime) -> e.HoldLapsed:
    """A hold given up because its time ran out or, while it is still live, because its client takes another."""
    reason: e.LapseReason = "replaced" if entry.is_live_hold(at) else "expired"
    return e.HoldLapsed(entry.booking_id, client_id, entry.slot, reason)


def is_on_the_wall(slot: Slot, zone: ZoneInfo) -> bool:
    """Shifts and days go by the digits a slot carries, so they must be the salon's."""
    return all(end.utcoffset() == end.astimezone(zone).utcoffset() for end in (slot.starts_at, slot.ends_at))
