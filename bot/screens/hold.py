"""A tap on a time keeps it; and whatever is written while one is kept belongs to that booking."""

from __future__ import annotations

from datetime import timedelta

from bot import buttons
from bot.request import Request
from bot.screen import Part, Screen
from bot.screens import card, consent, contact, menu, times
from bot.screens.choice import start_of, with_wished_or_any
from bot.screens.contact import SharedContact
from bot.screens.new_visit import NewVisit
from ledger.decisions.hold import HoldSlot
from ledger.errors import HoldExpiredError, NotInCatalogError, RefusalError, TooManyBookingsError
from ledger.events import SlotHeld
from ledger.privacy import random_id
from ledger.values import BookingId, Slot
from projections import schedule
from projections.clients import awaited_of


def tap(request: Request, button: buttons.Hold) -> Screen:
    """Keeps the time and asks what is still unknown; if it cannot be had, shows what can."""
    try:
        held = _hold(request, button)
    except TooManyBookingsError:
        raise
    except RefusalError as refusal:
        return _instead(request, refusal, button)
    kept = schedule.booking(request.services.database, held.booking_id)
    if kept is not None and kept.status != "held":
        return card.instead_of_kept(request, held.booking_id)  # the tap came again, late
    if kept is None or kept.expires_at is None or kept.expires_at <= request.now:
        return _instead(request, HoldExpiredError(), button)
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
    # The keys below the chat may be older than a change of language.
    if text in {words.drop_booking_button for words in request.services.words.values()}:
        return contact.give_up(request, kept.booking_id)
    if awaited_of(request.services.ledger, request.client_id) == "contact":
        return contact.on_phone(request, kept, text)
    return consent.or_later(request, kept).after(Part(request.words.unfinished, takes_keyboard_away=True))


def _hold(request: Request, button: buttons.Hold) -> SlotHeld:
    offer = request.catalog.service(button.service_id)
    if offer is None:
        raise NotInCatalogError
    starts_at = start_of(request, button.minute)
    slot = Slot(button.staff_id, starts_at, starts_at + timedelta(minutes=offer.minutes))

    def decide(slot: Slot) -> SlotHeld:
        order, booking_id = request.order("hold"), BookingId(random_id())
        command = HoldSlot(order, booking_id, request.client_id, slot, (button.service_id,))
        return request.services.ledger.execute(command).answer

    return with_wished_or_any(request, _choice(button), slot, decide)


def _instead(request: Request, refusal: RefusalError, button: buttons.Hold) -> Screen:
    return times.instead(request, refusal, _choice(button), start_of(request, button.minute).date())


def _choice(button: buttons.Hold) -> NewVisit:
    return NewVisit(button.service_id, None if button.any_master else button.staff_id)
