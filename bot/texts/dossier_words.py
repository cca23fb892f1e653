"""What a client is handed of everything that is held about them, as one table a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import events as e
from ledger.privacy import HandleKind
from ledger.sync_state import Status


@dataclass(frozen=True)
class DossierWords:
    """The words in one language; `{names}` are filled in by `str.format`, dates and money by Babel."""

    locale: str
    title: str
    made: str
    salon: str
    why: str
    # who they are
    who_title: str
    name: str
    phone: str
    proved: str
    typed: str
    telegram: str
    left_at: str
    language: str
    languages: Mapping[e.Language, str]
    nothing_known: str
    found_by: str
    handles: Mapping[HandleKind, str]
    # what they agreed to
    consents_title: str
    consent: str
    withdrawn: str
    purposes: Mapping[str, str]
    no_consents: str
    erasure: str
    # bookings
    bookings_title: str
    booking: str
    let_go: str
    statuses: Mapping[str, str]
    price: str
    crm_record: str
    no_crm_record: str
    syncs: Mapping[Status, str]
    story: str
    crm_said: str
    no_bookings: str
    # messages
    messages_title: str
    message: str
    no_messages: str
    # who looked
    looks_title: str
    look: str
    who: Mapping[str, str]
    number: str
    what: Mapping[e.Personal, str]
    no_looks: str
    # where else
    elsewhere_title: str
    elsewhere: tuple[str, ...]
    events: str
