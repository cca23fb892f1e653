"""Who does it: a master, or any."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import services
from bot.texts.formats import length_words
from ledger.errors import NotInCatalogError
from ledger.events import StaffMember
from ledger.values import ServiceId


def tap(request: Request, button: buttons.Masters) -> Screen:
    return show(request, button.service_id)


def show(request: Request, service_id: ServiceId) -> Screen:
    """The masters of a service; the price list, if nobody does it any more."""
    words, catalog = request.words, request.catalog
    offer = catalog.service(service_id)
    masters = catalog.offered_by([service_id])
    if offer is None or not masters:
        return services.show(request).said(request.sentence(NotInCatalogError()))
    text = words.choose_master.format(
        service=offer.title,
        price=services.price_words(request, offer.price),
        length=length_words(offer.minutes, words.locale),
    )
    rows = [
        [Button(label(request, member), buttons.Days(service_id=service_id, staff_id=member.staff_id))]
        for member in masters[:90]
    ]
    if len(masters) > 1:
        rows.insert(0, [Button(words.any_master_button, buttons.Days(service_id=service_id))])
    return screen(text, [*rows, [Button(words.back_button, buttons.Services())]])


def label(request: Request, member: StaffMember) -> str:
    """`Анна, стилист`"""
    form = request.words.master_button if member.title else "{name}"
    return form.format(name=member.name, title=member.title)
