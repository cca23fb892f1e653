"""What a client has not been told yet of what the salon did with their booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.erase_client import ERASE
from ledger.decisions.folds import fold_entries
from ledger.decisions.import_booking import IMPORT
from ledger.values import BookedService, BookingId, ClientId, Slot

What = Literal["moved", "removed", "offered"]
"""The salon gave the visit another time or master, called it off, or asks the client to choose another time."""


@dataclass(frozen=True)
class Untold:
    """What is to be told, as the booking stands at `version`.

    `covers` are the positions of all that happened since the client last knew; `known` is where they still believe
    their visit to be, `slot` where it is, or was when it was called off.
    """

    booking_id: BookingId
    client_id: ClientId
    what: What
    covers: tuple[int, ...]
    known: Slot
    slot: Slot
    version: int
    services: tuple[BookedService, ...]


@dataclass(frozen=True)
class _Change:
    position: int
    what: What
    slot: Slot


def news_of(item: Recorded) -> What | None:
    """What an event may be to the booking's client; None for what they did themselves, or need not know."""
    match item.event:
        case e.CrmBookingMoved(client_id=int()):
            return "moved"
        case e.CrmBookingRemoved(client_id=int()):
            return "removed"
        case e.BookingCancelled() if not is_own_wish(item):
            return "removed"
        case e.ConflictResolved(answer="offer"):
            return "offered"
        case _:
            return None


def is_own_wish(item: Recorded) -> bool:
    """True for what the client wished themselves: they know it, and nothing from before it is news to them any more.

    What an older system held was agreed with them there, and whoever is being forgotten is not written to any more.
    """
    match item.event:
        case e.BookingMade() | e.BookingMoved():
            return True
        case e.BookingCancelled():
            return item.by.kind == "client" or item.cause.startswith((IMPORT, ERASE))
        case _:
            return False


def takes_offer_back(event: e.AnyEvent) -> bool:
    """True for what settles otherwise that a client was to be asked for another time: staff's hand, another answer."""
    return isinstance(event, e.ConflictResolved | e.CrmBookingMoved)


def untold(history: Sequence[Recorded], booking_id: BookingId) -> Untold | None:
    """By the booking's own history; None when the client knows all that still is so.

    A move there and back is nothing to tell, nor is another length at the same place.
    """
    known, waiting = _since_known(history)
    entry = fold_entries(history).get(booking_id)
    if entry is None or entry.client_id is None or known is None or not waiting:
        return None
    what = _what(waiting, known, entry.slot, is_standing=entry.status == "booked")
    if what is None:
        return None
    covers = tuple(change.position for change in waiting)
    return Untold(booking_id, entry.client_id, what, covers, known, entry.slot, entry.version, entry.services)


def _since_known(history: Sequence[Recorded]) -> tuple[Slot | None, list[_Change]]:
    """Where the client last knew their visit to be, and what happened to it since."""
    known: Slot | None = None
    slot: Slot | None = None
    waiting: list[_Change] = []
    is_off = False
    for item in history:
        event, what = item.event, news_of(item)
        if takes_offer_back(event):
            waiting = [change for change in waiting if change.what != "offered"]
        if isinstance(event, e.BookingMade | e.BookingMoved | e.CrmBookingMoved) and not is_off:
            slot = event.slot
        if is_own_wish(item):
            known, waiting = slot, []
        elif what is not None and slot is not None and not is_off:
            waiting.append(_Change(item.position, what, slot))
        elif isinstance(event, e.ClientNoticeSent | e.ClientNoticeFailed):
            told = [change for change in waiting if change.position in event.covers]
            known = told[-1].slot if told else known
            waiting = [change for change in waiting if change not in told]
        is_off = is_off or isinstance(event, e.BookingCancelled | e.CrmBookingRemoved)
    return known, waiting


def _what(waiting: Sequence[_Change], known: Slot, slot: Slot, *, is_standing: bool) -> What | None:
    if not is_standing:
        return "removed"
    if any(change.what == "offered" for change in waiting):
        return "offered"
    return "moved" if place(slot) != place(known) else None


def place(slot: Slot) -> tuple[int, float]:
    """What makes it another visit to a client: who receives them, and when it begins."""
    return slot.staff_id, slot.starts_at.timestamp()
