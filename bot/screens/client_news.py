"""What a client is told of what the salon did with their booking, and the ways out that are left."""

from __future__ import annotations

from datetime import datetime

from bot import buttons
from bot.naming import Naming
from bot.screen import Button, Part
from bot.screens.reminder import can_change, dialled
from bot.texts.change_words import ChangeWords
from ledger.values import BookingId
from projections.client_notices import ClientNews


def client_news(
    naming: Naming, words: ChangeWords, booking_id: BookingId, news: ClientNews, name: str, now: datetime
) -> Part:
    """The news as a message."""
    greeting = naming.words.greeting.format(name=name) if name else naming.words.greeting_nameless
    opening = {"moved": words.moved, "removed": words.removed, "offer": words.offer}[news.kind]
    what = naming.visit([service.service_id for service in news.services], news.slot.staff_id)
    about = [what, naming.when(news.slot)]
    if news.kind == "moved":
        was = naming.when(news.before)
        if news.before.staff_id != news.slot.staff_id:
            was = f"{was}, {naming.master(news.before.staff_id)}"
        about.append(naming.words.was_line.format(was=was))
    closing = {"moved": words.moved_ask, "removed": words.removed_ask, "offer": words.offer_ask}[news.kind]
    last = [closing] if news.kind == "removed" or can_change(naming, news.slot, now) else []
    if phone := naming.catalog.facts.phone:
        last.append(words.by_phone.format(phone=dialled(phone)))
    rows = _rows(naming, words, booking_id, news, now)
    return Part("\n\n".join([f"{greeting} {opening}", "\n".join(about), "\n".join(last)]).rstrip(), rows)


def _rows(
    naming: Naming, words: ChangeWords, booking_id: BookingId, news: ClientNews, now: datetime
) -> tuple[tuple[Button, ...], ...]:
    mine = Button(words.mine_button, buttons.MyBookings())
    if news.kind == "removed":
        return ((Button(words.other_time_button, _anew(news)),), (mine,))
    if not can_change(naming, news.slot, now):
        return ((mine,),)
    place = {"booking_id": booking_id, "version": news.version}
    move_label = words.other_time_button if news.kind == "offer" else naming.words.move_button
    move = Button(move_label, buttons.Move.model_validate(place))
    cancel = Button(naming.words.cancel_button, buttons.AskCancel.model_validate(place))
    return ((move,), (cancel,)) if news.kind == "offer" else ((move, cancel), (mine,))


def _anew(news: ClientNews) -> buttons.Days | buttons.Services:
    """The calendar of the same master for the same service; several at once are chosen from the list."""
    if len(news.services) != 1:
        return buttons.Services()
    return buttons.Days(service_id=news.services[0].service_id, staff_id=news.before.staff_id)
