"""All that is held on one client, opened: for the client's own eyes, when they ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.errors import SealError
from ledger.ledger import Ledger
from ledger.phone_book import has_phone
from ledger.postgres import Database
from ledger.privacy import HandleKind, Vault
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.tags import client_tag
from ledger.values import Actor, BookingId, ClientId, Sealed
from projections import schedule
from projections.people import Person, person_of
from projections.schedule import ScheduledBooking

HANDLES: tuple[HandleKind, ...] = ("telegram", "phone")
MESSAGES = (e.ReminderSent, e.ReminderFailed, e.ClientNoticeSent, e.ClientNoticeFailed)
"""What was sent to a client, or could not be."""


@dataclass(frozen=True)
class KnownContact:
    """A contact as it was left; '' for what was not known or opens no more."""

    at: datetime
    name: str
    phone: str
    telegram: str
    phone_verified: bool

    def __repr__(self) -> str:
        return "KnownContact(…)"


@dataclass(frozen=True)
class Said:
    """What the CRM said about the client's booking; `…` when it opens no more."""

    at: datetime
    text: str

    def __repr__(self) -> str:
        return "Said(…)"


@dataclass(frozen=True)
class HeldBooking:
    """A booking, or a time that was kept and let go (`standing` is None then), with its whole life."""

    booking_id: BookingId
    standing: ScheduledBooking | None
    history: Sequence[Recorded]
    sync: SyncState | None
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Look:
    """Somebody opened the client's data."""

    at: datetime
    by: Actor
    what: tuple[e.Personal, ...]
    where: str


@dataclass(frozen=True)
class Dossier:
    """Everything, in the order it happened. Never logged, never stored but in a file that somebody asked for."""

    person: Person
    contacts: tuple[KnownContact, ...]
    found_by: tuple[HandleKind, ...]
    bookings: tuple[HeldBooking, ...]
    messages: tuple[Recorded, ...]
    looks: tuple[Look, ...]
    events: int

    def __repr__(self) -> str:
        return f"Dossier(client {self.person.client_id})"


def dossier_of(ledger: Ledger, database: Database, vault: Vault, client_id: ClientId, now: datetime) -> Dossier:
    """Reads the client's own timeline and those of their bookings; texts that open no more are left out."""
    own = ledger.history(BoundaryItem(tags=[client_tag(client_id)]))
    ids = dict.fromkeys(one for item in own if (one := getattr(item.event, "booking_id", None)) is not None)
    bookings = tuple(_booking(ledger, database, vault, client_id, booking_id) for booking_id in ids)
    events = {item.position for item in own} | {item.position for one in bookings for item in one.history}
    return Dossier(
        person=person_of(ledger, database, client_id, now),
        contacts=tuple(_contact(vault, item, item.event) for item in own if isinstance(item.event, e.ClientRegistered)),
        found_by=tuple(kind for kind in HANDLES if _is_found_by(database, vault, client_id, kind)),
        bookings=bookings,
        messages=tuple(item for item in own if isinstance(item.event, MESSAGES)),
        looks=tuple(
            Look(item.at, item.by, item.event.what, item.event.where)
            for item in own
            if isinstance(item.event, e.PersonalDataViewed)
        ),
        events=len(events),
    )


def _is_found_by(database: Database, vault: Vault, client_id: ClientId, kind: HandleKind) -> bool:
    return vault.has_handle(client_id, kind) or (kind == "phone" and has_phone(database, client_id))


def _booking(
    ledger: Ledger, database: Database, vault: Vault, client_id: ClientId, booking_id: BookingId
) -> HeldBooking:
    history = ledger.history(boundaries.booking(booking_id))
    said = [
        Said(item.at, text)
        for item in history
        if isinstance(item.event, e.SyncFailed) and (text := _opened(vault, client_id, item.event.message, "message"))
    ]
    sync = fold_sync(item for item in history if hasattr(item.event, "booking_id"))
    return HeldBooking(booking_id, schedule.booking(database, booking_id), history, sync, tuple(said))


def _contact(vault: Vault, item: Recorded, known: e.ClientRegistered) -> KnownContact:
    def opened(sealed: Sealed, field: str) -> str:
        return _opened(vault, known.client_id, sealed, field)

    name, phone = opened(known.name, "name"), opened(known.phone, "phone")
    return KnownContact(item.at, name, phone, opened(known.telegram, "telegram"), known.phone_verified)


def _opened(vault: Vault, client_id: ClientId, sealed: Sealed, field: str) -> str:
    if sealed.is_blank:
        return ""
    try:
        return vault.open(client_id, sealed, field)
    except SealError:
        return "…"
