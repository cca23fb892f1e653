"""A client says that they are coming."""

from __future__ import annotations

from contextlib import suppress

from bot import buttons
from bot.request import Request
from bot.screen import Screen
from bot.screens import card
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.errors import SlotInPastError, StaleVersionError


def tap(request: Request, button: buttons.Coming) -> Screen:
    """Writes it down and thanks; if the booking is another by now, shows that instead."""
    command = ConfirmVisit(request.order("coming"), button.booking_id, request.client_id, button.version)
    with suppress(StaleVersionError, SlotInPastError):  # the booking as it stands tells
        request.services.ledger.execute(command)
    booking = card.own(request, button.booking_id)
    shown = card.show(request, booking)
    if booking.version != button.version or booking.status != "booked":
        return shown.said(request.sentence(StaleVersionError()))
    return shown.said(request.words.coming) if booking.starts_at > request.now else shown
