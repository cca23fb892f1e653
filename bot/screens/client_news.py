"""What a client is told of what the salon did with their booking, and the ways on that are left to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot import buttons
from bot.naming import Naming
from bot.screen import Button, Part
from bot.screens.reminder import can_change, dialled, place_line
from ledger.decisions.untold import Untold

Rows = tuple[tuple[Button, ...], ...]


def client_news(naming: Naming, news: Untold, name: str, now: datetime) -> Part:
    """The news as a message; `name` may be ''."""
    words, phone = naming.words, dialled(naming.catalog.facts.phone)
    greeting = words.greeting.format(name=name) if name else words.greeting_nameless
    is_open = news.what != "removed" and can_change(naming, news.slot, now)
    paragraphs = [f"{greeting} {_opening(naming, news)}", "\n".join(_about(naming, news))]
    paragraphs += _ways_on(naming, news, phone, is_open=is_open)
    return Part(
        "\n\n".join(paragraphs),
        _again(naming, news) if news.what == "removed" else _rows(naming, news, is_open=is_open),
    )


def _opening(naming: Naming, news: Untold) -> str:
    words = naming.words
    match news.what:
        case "moved":
            is_same_time = news.slot.starts_at == news.known.starts_at
            return words.salon_changed_master if is_same_time else words.salon_moved
        case "removed":
            return words.salon_removed
        case "offered":
            return words.salon_cannot


def _about(naming: Naming, news: Untold) -> Iterator[str]:
    """The visit as the client knows it; of one that was moved both times."""
    words, services = naming.words, [service.service_id for service in news.services]
    if news.what != "moved":
        yield naming.visit(services, news.known.staff_id)
        yield naming.when(news.known)
        return
    yield naming.visit(services, news.slot.staff_id)
    yield words.was_line.format(was=naming.was(news.known, news.slot))
    yield words.now_line.format(now=naming.when(news.slot))
    yield place_line(naming)


def _ways_on(naming: Naming, news: Untold, phone: str, *, is_open: bool) -> Iterator[str]:
    """What can be done by the buttons below, and what by phone."""
    words = naming.words
    said = {"moved": words.if_unsuitable, "removed": words.sorry, "offered": words.choose_other}[news.what]
    by_phone = {"moved": words.if_unsuitable_call, "removed": "", "offered": words.choose_by_phone}[news.what]
    if is_open or news.what == "removed":
        yield f"{said} {words.salon_phone.format(phone=phone)}" if phone else said
    elif phone:
        yield by_phone.format(phone=phone)


def _rows(naming: Naming, news: Untold, *, is_open: bool) -> Rows:
    words, place = naming.words, {"booking_id": news.booking_id, "version": news.version}
    mine = (Button(words.my_bookings_button, buttons.MyBookings()),)
    if not is_open:
        return (mine,)
    move, cancel = buttons.Move.model_validate(place), buttons.AskCancel.model_validate(place)
    if news.what == "offered":
        return (Button(words.choose_other_button, move),), (Button(words.cancel_button, cancel),)
    return (Button(words.move_button, move), Button(words.cancel_button, cancel)), mine


def _again(naming: Naming, news: Untold) -> Rows:
    """To the masters of the same service; with several, or one that is not offered any more, to the price list."""
    service_ids = [service.service_id for service in news.services]
    if len(service_ids) == 1 and naming.catalog.offered_by(service_ids):
        return ((Button(naming.words.book_again_button, buttons.Masters(service_id=service_ids[0])),),)
    return ((Button(naming.words.book_again_button, buttons.Services()),),)
