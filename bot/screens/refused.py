"""When a rule says no and the screen has no better answer of its own: why, and what there is instead."""

from __future__ import annotations

from bot.request import Request
from bot.screen import Screen
from bot.screens import consent, menu, services
from ledger.errors import (
    ConsentMissingError,
    ContactMissingError,
    NotInCatalogError,
    RefusalError,
    ServiceNotOfferedError,
)


def show(request: Request, refusal: RefusalError) -> Screen:
    """The sentence for the refusal above the step that leads on."""
    said = request.sentence(refusal)
    match refusal:
        case ConsentMissingError() | ContactMissingError():
            kept = request.kept()
            return consent.or_later(request, kept).said(said) if kept else menu.instead(request, said)
        case NotInCatalogError() | ServiceNotOfferedError() if request.any_catalog is not None:
            return services.show(request).said(said)
        case _:
            return menu.instead(request, said)
