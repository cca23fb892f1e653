"""Calling a booking off."""

from __future__ import annotations

from contextlib import suppress

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import card
from bot.screens.summary import summary
from ledger.decisions.cancel import CancelBooking
from ledger.errors import StaleVersionError, TooLateToCancelError


def ask(request: Request, button: buttons.AskCancel) -> Screen:
    """Asks once more, unless the booking is no longer what the button was drawn for."""
    booking = card.own(request, button.booking_id)
    if outdated := card.outdated(request, booking, button.version):
        return outdated
    words = request.words
    rows = [
        [Button(words.yes_cancel_button, buttons.Cancel(booking_id=booking.booking_id, version=booking.version))],
        [Button(words.keep_button, buttons.Card(booking_id=booking.booking_id))],
    ]
    return screen(words.sure_to_cancel.format(summary=summary(request, booking)), rows)


def cancel(request: Request, button: buttons.Cancel) -> Screen:
    """Calls the booking off; what stands in the way is said above the booking as it is."""
    command = CancelBooking(request.order("cancel"), button.booking_id, request.client_id, button.version)
    with suppress(StaleVersionError, TooLateToCancelError):  # the booking as it stands tells
        request.services.ledger.execute(command)
    booking = card.own(request, button.booking_id)
    if booking.status != "cancelled":
        return card.outdated(request, booking, button.version) or card.show(request, booking)
    return screen(request.words.just_cancelled.format(summary=summary(request, booking)), card.ways_on(request))
