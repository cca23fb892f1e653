"""Who a row's client is: the same person over many rows, and never two people in one."""

from __future__ import annotations

from typing import Protocol

from ledger.privacy import HandleKind
from ledger.values import ClientId, Sealed


class Handles(Protocol):
    """By what people are found again, and their locks: the vault, or a rehearsal of it."""

    def find(self, kind: HandleKind, handle: str) -> ClientId | None: ...

    def client_for(self, kind: HandleKind, handle: str) -> ClientId: ...

    def link(self, client_id: ClientId, kind: HandleKind, handle: str) -> bool: ...

    def fingerprint(self, text: str) -> str: ...

    def seal(self, client_id: ClientId, text: str, context: str) -> Sealed: ...

    def open(self, client_id: ClientId, sealed: Sealed, field: str) -> str: ...


def client_of(people: Handles, telegram_id: str | None, phone: str | None) -> ClientId:
    """The client whom a row names by a Telegram id, a phone, or both.

    The Telegram id decides. A client known by phone alone becomes the first Telegram user who comes with that phone;
    another Telegram user with the same phone is somebody else. A client has one phone to be found by: a second one
    may be a friend's, for whom they booked.
    """
    if telegram_id is None:
        return people.client_for("phone", phone or "")
    known = people.find("telegram", telegram_id)
    owner = people.find("phone", phone) if phone else None
    if known is None and owner is not None and people.link(owner, "telegram", telegram_id):
        return owner
    client_id = known or people.client_for("telegram", telegram_id)
    if phone and owner is None:
        people.link(client_id, "phone", phone)
    return client_id
