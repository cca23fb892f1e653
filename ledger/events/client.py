"""Who a client is, what they agreed to, how they are spoken to."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ledger.events.base import Event
from ledger.values import ClientId, Sealed

Language = Literal["ru", "en"]
Personal = Literal["name", "phone", "telegram", "crm_words"]
"""A category of personal data; `crm_words` is what the CRM said about a person's booking."""


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
    """A client agreed to a text, known by its purpose, version and SHA-256 (hex).

    The purpose is an open word, so that a later one needs no new stored shape; decisions say which there are.
    """

    client_id: ClientId
    purpose: str
    version: str
    text_sha256: str


class ConsentWithdrawn(Event, frozen=True):
    """A client took back the consent they had given to this version of a text."""

    client_id: ClientId
    purpose: str
    version: str


class ErasureRequested(Event, frozen=True):
    """A client asked to be erased; `due_on` is the last day for it, as they were told."""

    client_id: ClientId
    due_on: date


class ErasureCalledOff(Event, frozen=True):
    """A client who had asked to be erased wishes to be kept after all."""

    client_id: ClientId


class PersonalDataViewed(Event, frozen=True):
    """Somebody at the console opened a client's data; `where` is the page or command."""

    client_id: ClientId
    what: tuple[Personal, ...]
    where: str
