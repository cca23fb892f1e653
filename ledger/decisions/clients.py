"""A client agrees to be remembered, and says who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import check_not_erased, consent, contact, erasure_asked, latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import ClientId, Sealed

PURPOSES = ("booking",)
"""What a salon asks consent for. Advertising would be another purpose with a text of its own; none is sent."""


@dataclass(frozen=True)
class GiveConsent:
    """Records consent to a text known by version and SHA-256; the same version twice is once.

    Whoever agrees to be remembered no longer asks to be erased. Raises MalformedValueError for a purpose that no text
    is about: a fault of the caller.
    """

    order: Order
    client_id: ClientId
    version: str
    text_sha256: str
    purpose: str = "booking"

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.client(self.client_id), boundaries.erasure(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        if self.purpose not in PURPOSES:
            raise errors.MalformedValueError("purpose", f"not one of {', '.join(PURPOSES)}")
        check_not_erased(history)
        given = consent(history, self.purpose)
        if given is not None and (given.version, given.text_sha256) == (self.version, self.text_sha256):
            return Already(given)
        agreed = e.ConsentGiven(self.client_id, self.purpose, self.version, self.text_sha256)
        return [agreed, e.ErasureCalledOff(self.client_id)] if erasure_asked(history) else [agreed]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ConsentGiven:
        return next(event for event in events if isinstance(event, e.ConsentGiven))


@dataclass(frozen=True)
class RegisterClient:
    """Records a client's contact, sealed beforehand with their key; a client known with a phone stays as they are.

    `language` is the one they are spoken to in, unless they have chosen one: their choice outlives the registration.
    """

    order: Order
    client_id: ClientId
    telegram: Sealed
    name: Sealed
    phone: Sealed
    phone_verified: bool
    language: e.Language = "ru"

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.client(self.client_id), boundaries.language(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_not_erased(history)
        if known := contact(history):
            return Already(known)
        if consent(history) is None:
            raise errors.ConsentMissingError
        chosen = latest(history, e.LanguageChosen)
        language = chosen.language if chosen else self.language
        return [e.ClientRegistered(self.client_id, self.telegram, self.name, self.phone, self.phone_verified, language)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ClientRegistered:
        return next(event for event in events if isinstance(event, e.ClientRegistered))


@dataclass(frozen=True)
class ChooseLanguage:
    """Records the language the bot is to speak with a client; the one it speaks already changes nothing."""

    order: Order
    client_id: ClientId
    language: e.Language

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.client(self.client_id), boundaries.language(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_not_erased(history)
        chosen = latest(history, e.LanguageChosen)
        if chosen is not None and chosen.language == self.language:
            return Already(chosen)
        return [e.LanguageChosen(self.client_id, self.language)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.LanguageChosen:
        return next(event for event in events if isinstance(event, e.LanguageChosen))
