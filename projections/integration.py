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
    """The integration as the log has it; before the first switch it is paused for want of credentials."""

    state: Literal["paused", "running"]
    kind: e.PauseKind | None
    message: str
    note: Sealed | None
    since: datetime | None
    past: Literal["send", "skip", "ask"]
    is_connected: bool
    is_diary_loaded: bool


def integration(ledger: Ledger) -> Integration:
    """The present state, from the newest switch and the newest word about the CRM's diary."""
    history = ledger.history(boundaries.integration_state(), boundaries.diary_state())
    diary = latest(history, e.CrmConnected, e.BaselineImported)
    is_connected, is_loaded = diary is not None, not isinstance(diary, e.CrmConnected)
    for item in reversed(history):
        if isinstance(item.event, e.IntegrationPaused):
            paused = item.event
            return Integration(
                "paused", paused.kind, paused.message, paused.note, item.at, "ask", is_connected, is_loaded
            )
        if isinstance(item.event, e.IntegrationResumed):
            return Integration("running", None, "", None, item.at, item.event.past, is_connected, is_loaded)
    return Integration("paused", "no_credentials", "", None, None, "ask", is_connected, is_loaded)


def opened_note(vault: Vault, state: Integration) -> str:
    """An operator's own words; `…` when they cannot be opened any more, '' without any."""
    if state.note is None:
        return ""
    try:
        return vault.open(HOUSE, state.note, "note")
    except SealError:
        return "…"
