"""What a day and a time are being chosen for: a new visit, or one that moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

from aiogram.filters.callback_data import CallbackData

from bot.request import Request
from bot.screen import Button, Screen
from ledger.errors import DiaryNotLoadedError, OutsideShiftError, ServiceNotOfferedError, SlotTakenError
from ledger.values import ServiceId, Slot, StaffId
from projections.free_slots import free_slots
from projections.integration import integration
from projections.schedule import ScheduledBooking

_ANOTHER_MAY_DO = (SlotTakenError, OutsideShiftError, ServiceNotOfferedError)
_A = TypeVar("_A")


class Choice(Protocol):
    """Knows what is offered and which buttons lead on; the calendar and the times only draw it."""

    @property
    def staff_id(self) -> StaffId | None:
        """The wished master; None: any."""

    def heading(self, request: Request) -> str:
        """What is being booked or moved, and with whom."""

    def gone(self, request: Request) -> Screen | None:
        """Another screen with a word, if the catalogue no longer has what was chosen so far."""

    def free(self, request: Request, from_on: date, until_on: date) -> dict[date, list[Slot]]:
        """Free slots by day, both days included. Raises DiaryNotLoadedError while the CRM's diary is unknown."""

    def days(self, month: date) -> CallbackData:
        """The button to that month."""

    def times(self, day: date, page: int = 0) -> CallbackData:
        """The button to that day."""

    def take(self, slot: Slot) -> CallbackData:
        """The button to that time."""

    def back(self, request: Request) -> Button:
        """The way back from the calendar."""


def free_between(
    request: Request,
    service_ids: Sequence[ServiceId],
    staff_id: StaffId | None,
    from_on: date,
    until_on: date,
    *,
    moving: ScheduledBooking | None = None,
) -> dict[date, list[Slot]]:
    """As `Choice.free`, for these services and this master."""
    if not integration(request.services.ledger).is_diary_loaded:
        raise DiaryNotLoadedError
    if until_on < request.now.date():
        return {}
    return free_slots(
        request.services.database,
        request.catalog,
        service_ids,
        staff_id,
        from_on,
        until_on,
        request.now,
        moving=moving,
    )


def with_wished_or_any(request: Request, choice: Choice, slot: Slot, decide: Callable[[Slot], _A]) -> _A:
    """Decides for the wished master; where any will do, for another one who is free then.

    Raises the first master's refusal.
    """
    try:
        return decide(slot)
    except _ANOTHER_MAY_DO:
        if choice.staff_id is not None:
            raise
        day = slot.starts_at.date()
        free = choice.free(request, day, day).get(day, [])
        another = next((one for one in free if one.starts_at == slot.starts_at), None)
        if another is None:
            raise
        return decide(another)


def minute_of(at: datetime) -> int:
    """A start as buttons carry it: minutes since 1970 UTC."""
    return int(at.timestamp()) // 60


def start_of(request: Request, minute: int) -> datetime:
    """A button's minute by the salon's wall clock."""
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(request.catalog.zone)
