"""Who was erased, and what became of them in the CRM; read from the log itself, in which they are few."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.erase_client import records_in
from ledger.decisions.folds import fold_entries
from ledger.ledger import Ledger
from ledger.values import ClientId, RecordId

InCrm = Literal["none", "waiting", "removed", "kept"]
"""Was never there; is to be deleted there yet; was; has to be by hand."""


@dataclass(frozen=True)
class ErasedClient:
    """The last erasure of a client; `reason` is why they are still in the CRM, if they are."""

    client_id: ClientId
    position: int
    at: datetime
    basis: e.Basis
    in_crm: InCrm
    reason: e.KeptReason | None = None


def erasures(ledger: Ledger) -> list[ErasedClient]:
    """Everybody who was ever erased, in the order of it."""
    return fold_erasures(ledger.history(boundaries.erasures()))


def erased_clients(ledger: Ledger) -> set[ClientId]:
    """The numbers of all who were ever erased."""
    return {one.client_id for one in erasures(ledger)}


def erased_records(ledger: Ledger, client_id: ClientId) -> tuple[RecordId, ...]:
    """The CRM's records of a client, by which somebody there can still be found; the oldest first."""
    return records_in(life_of(ledger, client_id))


def life_of(ledger: Ledger, client_id: ClientId) -> list[Recorded]:
    """All that happened to a client and to their bookings, sync included."""
    life = ledger.history(boundaries.whole_life(client_id))
    booking_ids = [entry.booking_id for entry in fold_entries(life).values() if entry.client_id == client_id]
    return ledger.history(boundaries.whole_life(client_id), *map(boundaries.booking, booking_ids))


def fold_erasures(history: Iterable[Recorded]) -> list[ErasedClient]:
    found: dict[ClientId, ErasedClient] = {}
    for item in history:
        match item.event:
            case e.ClientErased() as event:
                in_crm: InCrm = "waiting" if event.crm == "asked" else "none"
                found[event.client_id] = ErasedClient(event.client_id, item.position, item.at, event.basis, in_crm)
            case e.CrmClientRemoved(client_id=client_id) if client_id in found:
                found[client_id] = replace(found[client_id], in_crm="removed", reason=None)
            case e.CrmClientKept(client_id=client_id, reason=reason) if client_id in found:
                found[client_id] = replace(found[client_id], in_crm="kept", reason=reason)
            case _:
                pass  # nothing else is about erasing
    return list(found.values())
