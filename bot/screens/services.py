"""The price list, by categories when it is long."""

from __future__ import annotations

import zlib

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.texts.formats import length_words, money_words
from ledger.errors import DiaryNotLoadedError
from ledger.events import ServiceOffer
from ledger.values import ServiceId
from projections.integration import integration

PAGE = 8


def tap(request: Request, button: buttons.Services) -> Screen:
    return show(request, button.category, button.page)


def show(request: Request, category: int | None = None, page: int = 0) -> Screen:
    """The services of a category, or the categories. Raises DiaryNotLoadedError while no day can be offered."""
    if not integration(request.services.ledger).is_diary_loaded:
        raise DiaryNotLoadedError
    words, offers = request.words, request.catalog.facts.services
    if not offers:
        return screen(words.no_services + (f"\n{request.call_us}" if request.call_us else ""), [_to_menu(request)])
    categories = list(dict.fromkeys(offer.category for offer in offers))
    if len(offers) <= PAGE or len(categories) == 1:
        return screen(words.choose_service, [*_page(request, offers, None, page), _to_menu(request)])
    for title in categories:
        if category == _checksum(title):
            inside = tuple(offer for offer in offers if offer.category == title)
            back = [Button(words.back_button, buttons.Services())]
            return screen(f"{title}\n\n{words.choose_service}", [*_page(request, inside, category, page), back])
    titles = [[Button(title or "…", buttons.Services(category=_checksum(title)))] for title in categories]
    return screen(words.choose_category, [*titles[:90], _to_menu(request)])


def step_to_days(request: Request, service_id: ServiceId) -> buttons.Masters | buttons.Days:
    """Where choosing this service leads: past the question who does it, if only one master does."""
    masters = request.catalog.offered_by([service_id])
    if len(masters) == 1:
        return buttons.Days(service_id=service_id, staff_id=masters[0].staff_id)
    return buttons.Masters(service_id=service_id)


def price_words(request: Request, minor: int) -> str:
    if minor == 0:
        return request.words.free_of_charge
    return money_words(minor, request.catalog.facts.currency, request.words.locale)


def _page(request: Request, offers: tuple[ServiceOffer, ...], category: int | None, page: int) -> list[list[Button]]:
    words = request.words
    last = (len(offers) - 1) // PAGE
    page = min(page, last)
    rows = [
        [
            Button(
                words.service_button.format(
                    title=offer.title,
                    price=price_words(request, offer.price),
                    length=length_words(offer.minutes, words.locale),
                ),
                step_to_days(request, offer.service_id),
            )
        ]
        for offer in offers[page * PAGE : (page + 1) * PAGE]
    ]
    turns = []
    if page > 0:
        turns.append(Button(words.earlier_button, buttons.Services(category=category, page=page - 1)))
    if page < last:
        turns.append(Button(words.later_button, buttons.Services(category=category, page=page + 1)))
    return [*rows, turns]


def _checksum(title: str) -> int:
    """Categories have no ids; a checksum survives their reordering and fits a button."""
    return zlib.crc32(title.encode())


def _to_menu(request: Request) -> list[Button]:
    return [Button(request.words.menu_button, buttons.Menu())]
