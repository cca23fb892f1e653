"""Consent to keep personal data: a document of its own, known by version and checksum."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Part, Screen
from bot.screens import card, confirm, contact, menu
from bot.screens.summary import kept_until, summary
from bot.texts.consents import sha256_of, shown_text
from bot.texts.formats import moment_words
from ledger.decisions.clients import GiveConsent
from ledger.decisions.lapse import LapseHold
from projections.clients import awaited_of, erasure_due
from projections.schedule import ScheduledBooking


def or_later(request: Request, kept: ScheduledBooking) -> Screen:
    """Asks for consent unless it was given; then the contact, then the last question."""
    words = request.words
    held = words.kept.format(summary=summary(request, kept), until=kept_until(request, kept))
    match awaited_of(request.services.ledger, request.client_id):
        case "consent":
            asked = erasure_due(request.services.ledger, request.client_id)
            said = [held, words.consent_ends_erasure if asked else "", words.why_consent]
            return Screen((Part("\n\n".join(filter(None, said))), _document(request, kept)))
        case "contact":
            return contact.ask(request).after(Part(held))
        case "confirmation":
            return confirm.show(request, kept)


def agree(request: Request, button: buttons.Agree) -> Screen:
    """Records consent to the very text that was shown, and goes on."""
    text, kept = document_text(request), request.kept()
    if kept is None:
        return card.instead_of_kept(request, button.booking_id)
    digest = sha256_of(text)
    if not digest.startswith(button.text):
        return Screen((_document(request, kept),)).after(Part(request.words.consent_changed))
    command = GiveConsent(request.order("consent"), request.client_id, request.words.consent_version, digest)
    request.services.ledger.execute(command)
    moment = moment_words(request.now, request.catalog.zone, request.words.locale)
    given = request.words.consent_given.format(moment=moment)
    is_known = awaited_of(request.services.ledger, request.client_id) == "confirmation"
    onward = confirm.show(request, kept) if is_known else contact.ask(request)
    return onward.after(Part(f"{text}\n\n{given}"))


def refuse(request: Request, button: buttons.Refuse) -> Screen:
    """Lets the kept time go: nothing can be booked for nobody."""
    request.services.ledger.execute(LapseHold(request.order("release"), button.booking_id, request.client_id))
    said = "\n".join(filter(None, (request.words.consent_refused, request.call_us)))
    return menu.instead(request, said)


def document_text(request: Request) -> str:
    """The exact text a client agrees to."""
    return shown_text(request.words.consent, request.words.consent_version, request.catalog.facts)


def _document(request: Request, kept: ScheduledBooking) -> Part:
    text, words = document_text(request), request.words
    agree_button = Button(words.agree_button, buttons.Agree(booking_id=kept.booking_id, text=sha256_of(text)[:8]))
    return Part(text, ((agree_button, Button(words.refuse_button, buttons.Refuse(booking_id=kept.booking_id))),))
