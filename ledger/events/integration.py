"""Whether anything is sent to the CRM, and whether its diary has been read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ledger.events.base import Event
from ledger.values import Sealed

PauseKind = Literal["operator", "no_credentials", "auth", "licence", "rights"]
REFUSALS = frozenset[PauseKind]({"auth", "licence", "rights"})
"""The pauses that the CRM's own no began."""


class IntegrationPaused(Event, frozen=True):
    """Nothing is sent to the CRM from here on; `message` is the CRM's own words, `note` an operator's."""

    kind: PauseKind
    message: str = ""
    note: Sealed | None = None


class IntegrationResumed(Event, frozen=True):
    """Sending to the CRM goes on; `past` says what becomes of visits whose time has gone by."""

    past: Literal["send", "skip", "ask"] = "ask"


class CrmAnswered(Event, frozen=True):
    """The CRM, which had refused us, answers again; the pause, whose `kind` this is, stands until an operator acts."""

    kind: PauseKind


class CrmConnected(Event, frozen=True):
    """The salon named its CRM account; until that diary is imported no day can be offered safely."""

    company_id: int


class BaselineImported(Event, frozen=True, kw_only=True):
    """The CRM's own diary of these days was read into the ledger, so they can be offered.

    `company_id` is absent in the first ledgers, whose program did not write down whose diary it was.
    """

    company_id: int | None = None
    from_on: date
    until_on: date
    records: int
