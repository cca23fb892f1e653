"""Whose booking it is: the sender's own contact, or a phone they type."""

from __future__ import annotations

from dataclasses import dataclass

from bot.request import Request
from bot.screen import ContactKeyboard, Part, Screen
from bot.screens import confirm, menu
from bot.texts.formats import phone_words
from ledger.decisions.clients import RegisterClient
from ledger.decisions.lapse import LapseHold
from ledger.errors import HoldExpiredError, MalformedValueError
from ledger.phone_book import note_phone
from ledger.values import BookingId, parse_phone
from projections.schedule import ScheduledBooking

REGION = "RU"


@dataclass(frozen=True)
class SharedContact:
    """A contact as Telegram sends it: the owner's user id is missing for one typed by hand."""

    phone: str
    user_id: int | None


def ask(request: Request) -> Screen:
    """Asks for the contact."""
    return _ask(request, request.words.ask_contact)


def on_contact(request: Request, kept: ScheduledBooking, shared: SharedContact) -> Screen:
    """Takes the sender's own contact; somebody else's says nothing about who is coming."""
    if shared.user_id != request.user_id:
        return _ask(request, request.words.foreign_contact)
    return _register(request, kept, shared.phone, is_verified=True)


def on_phone(request: Request, kept: ScheduledBooking, text: str) -> Screen:
    """Takes a typed phone, unverified."""
    return _register(request, kept, text, is_verified=False)


def give_up(request: Request, booking_id: BookingId) -> Screen:
    """Lets the kept time go and takes the keyboard away."""
    request.services.ledger.execute(LapseHold(request.order("release"), booking_id, request.client_id))
    return menu.below(request, request.words.dropped)


def too_late(request: Request) -> Screen:
    """A contact came after its time was given up."""
    return menu.below(request, request.sentence(HoldExpiredError()))


def looks_like_phone(text: str) -> bool:
    try:
        parse_phone(text, REGION)
    except MalformedValueError:
        return False
    return True


def _register(request: Request, kept: ScheduledBooking, text: str, *, is_verified: bool) -> Screen:
    services, client_id = request.services, request.client_id
    try:
        phone = parse_phone(text, REGION)
    except MalformedValueError:
        return _ask(request, request.words.bad_phone)
    services.ledger.execute(
        RegisterClient(
            request.order("register"),
            client_id,
            services.vault.seal(client_id, str(request.user_id), "client_registered.telegram"),
            services.vault.seal(client_id, request.first_name, "client_registered.name"),
            services.vault.seal(client_id, phone, "client_registered.phone"),
            is_verified,
            request.language,
        )
    )
    note_phone(services.database, services.vault, client_id, phone)
    if is_verified:
        services.vault.link(client_id, "phone", phone)
    thanks = request.words.contact_saved.format(name=request.first_name, phone=phone_words(phone))
    return confirm.show(request, kept).after(Part(thanks, takes_keyboard_away=True))


def _ask(request: Request, text: str) -> Screen:
    words = request.words
    return Screen((Part(text, keyboard=ContactKeyboard(words.share_contact_button, words.drop_booking_button)),))
