"""History folded into what decisions ask about; a fold never refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar, get_args

from ledger import errors, events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.values import BookedService, BookingId, ClientId, Slot

_T = TypeVar("_T")
CLOCKS_DIFFER = timedelta(minutes=5)
"""By so much the clocks of a salon's processes may differ, or be put right, without an effect on holds."""
WEEKDAYS: tuple[e.Weekday, ...] = get_args(e.Weekday)


@dataclass(frozen=True)
class Entry:
    """A booking or hold as it stands: `version` counts what happened to the booking itself, from 1."""

    booking_id: BookingId
    client_id: ClientId | None
    slot: Slot
    services: tuple[BookedService, ...]
    status: Literal["held", "lapsed", "booked", "cancelled"]
    version: int = 0
    held: e.SlotHeld | None = None
    held_at: datetime | None = None
    made: e.BookingMade | None = None
    moved: e.BookingMoved | None = None
    cancelled: e.BookingCancelled | None = None

    def is_live_hold(self, at: datetime) -> bool:
        """True for a hold that has not run out at that moment.

        One that was taken later than that moment runs by a clock that has been set back since: it would keep the time
        from everybody else for as long again, so it counts as run out.
        """
        if self.status != "held" or self.held is None or self.held_at is None:
            return False
        return self.held.expires_at > at and self.held_at <= later(at, CLOCKS_DIFFER)


def fold_entries(history: Iterable[Recorded]) -> dict[BookingId, Entry]:
    """Every booking and hold of this history by its id."""
    entries: dict[BookingId, Entry] = {}
    for item in history:
        match item.event:
            case e.SlotHeld() as held:
                entries[held.booking_id] = Entry(
                    held.booking_id, held.client_id, held.slot, held.services, "held", held=held, held_at=item.at
                )
            case e.HoldLapsed(booking_id=booking_id) if booking_id in entries:
                entries[booking_id] = replace(entries[booking_id], status="lapsed")
            case e.BookingMade() as made:
                entries[made.booking_id] = Entry(
                    made.booking_id, made.client_id, made.slot, made.services, "booked", version=1, made=made
                )
            case e.BookingMoved() as moved:
                entries[moved.booking_id] = _moved(entries.get(moved.booking_id), moved)
            case e.BookingCancelled(booking_id=booking_id) as cancelled if booking_id in entries:
                before = entries[booking_id]
                entries[booking_id] = replace(
                    before, status="cancelled", version=before.version + 1, cancelled=cancelled
                )
            case e.CrmBookingSeen() as seen:
                entries[seen.booking_id] = Entry(seen.booking_id, None, seen.slot, (), "booked", version=1)
            case e.CrmBookingMoved(booking_id=booking_id) as moved:
                before = entries.get(booking_id) or Entry(booking_id, moved.client_id, moved.from_slot, (), "booked")
                if before.status == "booked":
                    entries[booking_id] = replace(before, slot=moved.slot, version=before.version + 1)
            case e.CrmBookingRemoved(booking_id=booking_id) if booking_id in entries:
                before = entries[booking_id]
                if before.status == "booked":
                    entries[booking_id] = replace(before, status="cancelled", version=before.version + 1)
            case _:
                pass  # catalogue, clients, integration and sync do not change whose time it is
    return entries


def _moved(before: Entry | None, moved: e.BookingMoved) -> Entry:
    """A day's timeline may know a booking only from the moment it moved there: its version is then not known."""
    if before is None:
        before = Entry(moved.booking_id, moved.client_id, moved.from_slot, moved.services, "booked")
    return replace(before, slot=moved.slot, services=moved.services, version=before.version + 1, moved=moved)


def latest(history: Sequence[Recorded], *shapes: type[_T]) -> _T | None:
    """The newest event of any of these classes in this history."""
    for item in reversed(history):
        if isinstance(item.event, shapes):
            return item.event
    return None


def consent(history: Sequence[Recorded], purpose: str = "booking") -> e.ConsentGiven | None:
    """The consent to this purpose that is in force: the newest that was given and not taken back since."""
    for item in reversed(history):
        match item.event:
            case e.ConsentGiven() as given if given.purpose == purpose:
                return given
            case e.ConsentWithdrawn() as withdrawn if withdrawn.purpose == purpose:
                return None
            case e.ClientErased():
                return None
            case _:
                pass  # another purpose, or nothing about consent
    return None


def erasure_asked(history: Sequence[Recorded]) -> e.ErasureRequested | None:
    """The wish to be erased that is still open in one client's history."""
    newest = latest(history, e.ErasureRequested, e.ErasureCalledOff, e.ClientErased)
    return newest if isinstance(newest, e.ErasureRequested) else None


def contact(history: Sequence[Recorded]) -> e.ClientRegistered | None:
    """How this client can be reached; None also for one who is known without a phone, so that it is asked for."""
    known = latest(history, e.ClientRegistered)
    return None if known is None or known.phone.is_blank else known


def check_not_erased(history: Sequence[Recorded]) -> None:
    """Raises ErasedClientError when this client was erased."""
    if latest(history, e.ClientErased) is not None:
        raise errors.ErasedClientError


def working_intervals(shifts: e.ShiftsPublished | None, day: date) -> tuple[e.Interval, ...]:
    """When a master works on a day: the day's own hours, else its weekday's."""
    if shifts is None:
        return ()
    if day in shifts.days:
        return shifts.days[day]
    return shifts.weekly.get(WEEKDAYS[day.weekday()], ())


def is_within_shift(slot: Slot, shifts: e.ShiftsPublished | None) -> bool:
    """True when the whole slot lies in one interval of the shift, by the wall-clock digits it carries."""
    starts, ends = slot.starts_at.replace(tzinfo=None), slot.ends_at.replace(tzinfo=None)
    if starts.date() != ends.date():
        return False
    return any(
        interval.opens <= starts.time() and ends.time() <= interval.closes
        for interval in working_intervals(shifts, starts.date())
    )
