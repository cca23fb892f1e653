"""Who a client is, opened with their own key at the moment of asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.folds import consent, contact, erasure_asked, latest
from ledger.errors import SealError
from ledger.ledger import Ledger
from ledger.privacy import Vault
from ledger.values import ClientId, Sealed


@dataclass(frozen=True)
class Contact:
    """A client in clear: E.164 phone, Telegram chat id. Never logged, never stored.

    A client of an older system may lack either: it is '' then. Of an erased one nothing is known for ever.
    """

    name: str
    phone: str
    telegram: str
    is_erased: bool = False

    def __repr__(self) -> str:
        return "Contact(…)"


ERASED = Contact("", "", "", is_erased=True)


def contact_of(ledger: Ledger, vault: Vault, client_id: ClientId) -> Contact | None:
    """None for a client who has not shared a contact, ERASED for one who was erased.

    Raises SealError when it cannot be opened all the same.
    """
    history = ledger.history(boundaries.client(client_id))
    if latest(history, e.ClientErased) is not None:
        return ERASED
    known = latest(history, e.ClientRegistered)
    if known is None:
        return None

    def opened(sealed: Sealed, field: str) -> str:
        return "" if sealed.is_blank else vault.open(client_id, sealed, field)

    return Contact(opened(known.name, "name"), opened(known.phone, "phone"), opened(known.telegram, "telegram"))


def phone_of(ledger: Ledger, vault: Vault, client_id: ClientId) -> str:
    """E.164; '' for a client without one, or erased, or whose key is gone."""
    try:
        contact = contact_of(ledger, vault, client_id)
    except SealError:
        return ""
    return contact.phone if contact else ""


def language_of(ledger: Ledger, client_id: ClientId) -> e.Language | None:
    """The language a client chose, else the one they registered in; None for somebody who did neither."""
    for item in ledger.history(boundaries.language(client_id)):
        if isinstance(item.event, e.LanguageChosen | e.ClientRegistered):
            return item.event.language
    return None


def has_consented(ledger: Ledger, client_id: ClientId) -> bool:
    """Whether a consent is in force."""
    return consent(ledger.history(boundaries.client(client_id))) is not None


def erasure_due(ledger: Ledger, client_id: ClientId) -> date | None:
    """By when a client who asked for it has to be erased; None for everybody else."""
    asked = erasure_asked(ledger.history(boundaries.erasure(client_id)))
    return asked.due_on if asked else None


def awaited_of(ledger: Ledger, client_id: ClientId) -> e.Awaits:
    """What a booking of this client still needs: consent, then a contact, then only their word."""
    history = ledger.history(boundaries.client(client_id))
    if consent(history) is None:
        return "consent"
    return "contact" if contact(history) is None else "confirmation"
