"""Who a client is, what they agreed to, how they are spoken to."""

from __future__ import annotations

from typing import Literal

from ledger.events.base import Event
from ledger.values import ClientId, Sealed

Language = Literal["ru", "en"]


class ClientRegistered(Event, frozen=True):
    """A client shared who they are; all of it sealed with their own key.

    A client of an older system may be known by a phone alone or by a Telegram id alone: the other one is blank then.
    """

    client_id: ClientId
    telegram: Sealed
    name: Sealed
    phone: Sealed
    phone_verified: bool
    language: Language


class LanguageChosen(Event, frozen=True):
    """A client chose the language the bot speaks with them."""

    client_id: ClientId
    language: Language


class ConsentGiven(Event, frozen=True):
    """A client agreed to a text, known by its purpose, version and SHA-256 (hex)."""

    client_id: ClientId
    purpose: Literal["booking"]
    version: str
    text_sha256: str
