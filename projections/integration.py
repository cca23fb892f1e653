"""Whether anything is sent to the CRM now, why not, and whether its diary has been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.errors import SealError
from ledger.ledger import Ledger
from ledger.privacy import HOUSE, Vault
from ledger.values import Sealed


@dataclass(frozen=True)
class Integration:
    """The integration as the log has it; before the first switch it is paused for want of credentials.

    `resumed_at` is when sending went on, by the database's clock; None while paused. `answers_since` is when the CRM
    was seen to answer again after the refusal that paused it.
    """

    state: Literal["paused", "running"]
    kind: e.PauseKind | None
    message: str
    note: Sealed | None
    since: datetime | None
    past: Literal["send", "skip", "ask"]
    is_connected: bool
    is_diary_loaded: bool
    resumed_at: datetime | None = None
    answers_since: datetime | None = None


def integration(ledger: Ledger) -> Integration:
    """The present state, from the newest switch and the newest word about the CRM's diary."""
    history = ledger.history(boundaries.integration_state(), boundaries.diary_state(), boundaries.crm_answers())
    diary = latest(history, e.CrmConnected, e.BaselineImported)
    is_connected, is_loaded = diary is not None, not isinstance(diary, e.CrmConnected)
    answers_since = None
    for item in reversed(history):
        match item.event:
            case e.CrmAnswered():
                answers_since = item.at
            case e.IntegrationPaused(kind=kind, message=message, note=note):
                return Integration(
                    "paused", kind, message, note, item.at, "ask", is_connected, is_loaded, None, answers_since
                )
            case e.IntegrationResumed(past=past):
                return Integration("running", None, "", None, item.at, past, is_connected, is_loaded, item.recorded_at)
            case _:
                pass  # an account or its diary: looked at above
    return Integration("paused", "no_credentials", "", None, None, "ask", is_connected, is_loaded)


def opened_note(vault: Vault, state: Integration) -> str:
    """An operator's own words; `…` when they cannot be opened any more, '' without any."""
    if state.note is None:
        return ""
    try:
        return vault.open(HOUSE, state.note, "note")
    except SealError:
        return "…"
