"""Who has asked to be erased and still is to be, the nearest term first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ledger import events as e
from ledger.decisions import boundaries
from ledger.ledger import Ledger
from ledger.values import ClientId


@dataclass(frozen=True)
class OpenErasure:
    """A wish that nobody has fulfilled or called off yet."""

    client_id: ClientId
    asked_at: datetime
    due_on: date


def open_erasures(ledger: Ledger) -> list[OpenErasure]:
    """By the log itself, on a timeline of its own: what the law sets a term for must not wait for a read model."""
    found: dict[ClientId, OpenErasure] = {}
    for item in ledger.history(boundaries.erasures()):
        match item.event:
            case e.ErasureRequested(client_id=client_id, due_on=due_on):
                found[client_id] = OpenErasure(client_id, item.at, due_on)
            case e.ErasureCalledOff(client_id=client_id) | e.ClientErased(client_id=client_id):
                found.pop(client_id, None)
            case _:
                pass  # what became of those who were erased
    return sorted(found.values(), key=lambda one: (one.due_on, one.asked_at))
