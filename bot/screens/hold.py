"""A tap on a time keeps it; and whatever is written while one is kept belongs to that booking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot import buttons
from bot.request import Request
from bot.screen import Part, Screen
from bot.screens import consent, contact, days, menu, my_bookings, times
from bot.screens.contact import SharedContact
from ledger.decisions.hold import HoldSlot
from ledger.errors import (
    HoldExpiredError,
    NotInCatalogError,
    OutsideShiftError,
    RefusalError,
    ServiceNotOfferedError,
    SlotTakenError,
    TooManyBookingsError,
)
from ledger.events import SlotHeld
from ledger.privacy import random_id
from ledger.values import BookingId, Slot, StaffId
from projections import schedule
from projections.clients import awaited_of

_ANOTHER_MAY_DO = (SlotTakenError, OutsideShiftError, ServiceNotOfferedError)


def tap(request: Request, button: buttons.Hold) -> Screen:
    """Keeps the time and asks what is still unknown; if it cannot be had, shows what can."""
    try:
        held = _hold(request, button)
    except TooManyBookingsError:
        raise
    except RefusalError as refusal:
        return times.instead(request, refusal, button)
    kept = schedule.booking(request.services.database, held.booking_id)
    if kept is not None and kept.status != "held":
        return my_bookings.instead_of_kept(request, held.booking_id)  # the tap came again, late
    if kept is None or kept.expires_at is None or kept.expires_at <= request.now:
        return times.instead(request, HoldExpiredError(), button)
    return consent.or_later(request, kept)


def resume(request: Request, _: buttons.Resume) -> Screen:
    """Goes on where the kept time stands."""
    kept = request.kept()
    if kept is None:
        raise HoldExpiredError
    return consent.or_later(request, kept)


def on_contact(request: Request, shared: SharedContact) -> Screen:
    """A contact belongs to the kept time that awaits one."""
    kept = request.kept()
    if kept is None:
        return contact.too_late(request)
    if awaited_of(request.services.ledger, request.client_id) != "contact":
        return consent.or_later(request, kept).after(Part(request.words.unfinished, takes_keyboard_away=True))
    return contact.on_contact(request, kept, shared)


def on_text(request: Request, text: str) -> Screen:
    """Words belong to the kept time; without one they get the menu."""
    kept = request.kept()
    if kept is None:
        return contact.too_late(request) if contact.looks_like_phone(text) else menu.not_understood(request)
    if text == request.words.drop_booking_button:
        return contact.give_up(request, kept.booking_id)
    if awaited_of(request.services.ledger, request.client_id) == "contact":
        return contact.on_phone(request, kept, text)
    return consent.or_later(request, kept).after(Part(request.words.unfinished, takes_keyboard_away=True))


def _hold(request: Request, button: buttons.Hold) -> SlotHeld:
    """The wished master; with «any», another one who is free then. Raises the first master's refusal."""
    try:
        return _hold_with(request, button, button.staff_id)
    except _ANOTHER_MAY_DO:
        if not button.any_master:
            raise
        day = _starts_at(request, button).date()
        free = days.free_between(request, button.service_id, None, day, day).get(day, [])
        another = next((slot for slot in free if slot.starts_at == _starts_at(request, button)), None)
        if another is None:
            raise
        return _hold_with(request, button, another.staff_id)


def _hold_with(request: Request, button: buttons.Hold, staff_id: StaffId) -> SlotHeld:
    offer = request.catalog.service(button.service_id)
    if offer is None:
        raise NotInCatalogError
    starts_at = _starts_at(request, button)
    slot = Slot(staff_id, starts_at, starts_at + timedelta(minutes=offer.minutes))
    order = request.order("hold")
    command = HoldSlot(order, BookingId(random_id()), request.client_id, slot, (button.service_id,))
    return request.services.ledger.execute(command).answer


def _starts_at(request: Request, button: buttons.Hold) -> datetime:
    return datetime.fromtimestamp(button.minute * 60, UTC).astimezone(request.catalog.zone)
