"""What clients wish to become of their data, as the staff chat is told: by the client's number, without their name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.naming import Naming
from bot.request import BotServices
from bot.texts.formats import day_words
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import consent, erasure_asked, latest
from ledger.values import ClientId, booking_code
from projections import schedule

WishEvent = e.ConsentWithdrawn | e.ErasureRequested | e.ErasureCalledOff


@dataclass(frozen=True)
class Wish:
    """A card's text, and the positions of the events it tells."""

    covers: tuple[int, ...]
    text: str


def first(services: BotServices, naming: Naming, events: Sequence[Recorded], now: datetime) -> Wish | None:
    """The oldest of these wishes as it stands now, with all that the same client did about it without a pause.

    What settled itself meanwhile is no news; the next card covers it. Raises TypeError for an event that is no wish.
    """
    covers: tuple[int, ...] = ()
    for begins, item in enumerate(events):
        event = _wish(item)
        covers = (*covers, item.position)
        if begins + 1 < len(events) and _wish(events[begins + 1]).client_id == event.client_id:
            continue  # told with what the same client did next
        if text := _card(services, naming, event.client_id, event, now):
            return Wish(covers, text)
    return None


def _card(services: BotServices, naming: Naming, client_id: ClientId, last: WishEvent, now: datetime) -> str:
    """'' where nothing is left to tell."""
    words = naming.words
    history = services.ledger.history(boundaries.client(client_id), boundaries.erasure(client_id))
    if latest(history, e.ClientErased):
        return ""
    who = words.client_number.format(client=client_id)
    if asked := erasure_asked(history):
        due = words.erasure_due.format(day=day_words(asked.due_on, words.locale))
        what_to_do = words.erase_so.format(client=client_id)
        lines = [words.asks_erasure, who, due, _open_bookings(services, naming, client_id, now), "", what_to_do]
    elif isinstance(last, e.ErasureCalledOff):
        lines = [words.keeps_data, who]
    elif consent(history) is None:
        what_to_do = words.erase_when_over.format(client=client_id)
        lines = [words.took_consent_back, who, _open_bookings(services, naming, client_id, now), "", what_to_do]
    else:
        return ""
    return "\n".join(lines)


def _open_bookings(services: BotServices, naming: Naming, client_id: ClientId, now: datetime) -> str:
    codes = [booking_code(one.booking_id) for one in schedule.bookings_of(services.database, client_id, now)]
    return naming.words.open_bookings.format(codes=", ".join(codes)) if codes else naming.words.no_open_bookings


def _wish(item: Recorded) -> WishEvent:
    if not isinstance(item.event, e.ConsentWithdrawn | e.ErasureRequested | e.ErasureCalledOff):
        raise TypeError(f"event {item.position} is no client's wish")
    return item.event
