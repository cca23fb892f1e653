"""A person is forgotten: here at once, in the CRM as soon as it can be told."""

from __future__ import annotations

from typing import Literal

from ledger.events.base import Event
from ledger.values import ClientId

Basis = Literal["request", "withdrawal", "purpose_reached", "unlawful", "restored"]
"""Why: the person asks for it, withdrew their consent, the purpose is reached, it was held unlawfully; `restored`: a
database brought back from a backup held again who had been erased before."""
KeptReason = Literal["no_right", "crm_refused", "shared", "coming_visit", "not_found"]
"""Why a person stays in the CRM: our user may not delete clients there, it refuses, the same card is another client's
of ours, it has a visit to come that staff wrote there, no record leads to a card any more."""


class ClientErased(Event, frozen=True):
    """A client's key was destroyed in the very transaction of this event: what it sealed opens nowhere, ever.

    `categories` are the fields that were held of them, without their content. `crm`: whether they are to be deleted
    there too, because a record of theirs is or was there.
    """

    client_id: ClientId
    basis: Basis
    categories: tuple[str, ...]
    crm: Literal["none", "asked"]


class CrmClientRemoved(Event, frozen=True):
    """The CRM has deleted an erased client; `cards` is how many of its clients that were."""

    client_id: ClientId
    cards: int


class CrmClientKept(Event, frozen=True):
    """An erased client could not be deleted from the CRM: a person has to do it there, by hand."""

    client_id: ClientId
    reason: KeptReason
