"""What is known of a client without opening anything: since when, what they agreed to, how often they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import erasure_asked
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.values import ClientId
from projections.clients import language_of
from projections.visits import Visits, visits_of


@dataclass(frozen=True)
class ConsentOnRecord:
    """A consent as it was given, by the text's version and SHA-256 (hex); `withdrawn_at` is None while in force."""

    purpose: str
    version: str
    text_sha256: str
    given_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Person:
    """A client by their number alone; `registered_at` is None for one who never left a contact."""

    client_id: ClientId
    registered_at: datetime | None
    phone_verified: bool
    language: e.Language | None
    consents: tuple[ConsentOnRecord, ...]
    erasure_due_on: date | None
    visits: Visits

    @property
    def consent(self) -> ConsentOnRecord | None:
        """The newest consent, in force or taken back."""
        return self.consents[-1] if self.consents else None


def person_of(ledger: Ledger, database: Database, client_id: ClientId, now: datetime) -> Person:
    history = ledger.history(boundaries.client(client_id), boundaries.erasure(client_id))
    contacts = [item for item in history if isinstance(item.event, e.ClientRegistered)]
    newest = contacts[-1].event if contacts else None
    asked = erasure_asked(history)
    return Person(
        client_id,
        registered_at=contacts[0].at if contacts else None,
        phone_verified=isinstance(newest, e.ClientRegistered) and newest.phone_verified,
        language=language_of(ledger, client_id),
        consents=tuple(consents_in(history)),
        erasure_due_on=asked.due_on if asked else None,
        visits=visits_of(database, client_id, now),
    )


def consents_in(history: Sequence[Recorded]) -> list[ConsentOnRecord]:
    """Every consent of one client's history, oldest first; a newer one to the same purpose takes the older's place."""
    found: list[ConsentOnRecord] = []
    for item in history:
        match item.event:
            case e.ConsentGiven() as given:
                found.append(ConsentOnRecord(given.purpose, given.version, given.text_sha256, item.at))
            case e.ConsentWithdrawn(purpose=purpose):
                found = [_taken_back(one, purpose, item.at) for one in found]
            case _:
                pass  # nothing about consent
    return found


def _taken_back(one: ConsentOnRecord, purpose: str, at: datetime) -> ConsentOnRecord:
    is_meant = one.purpose == purpose and one.withdrawn_at is None
    return replace(one, withdrawn_at=at) if is_meant else one
