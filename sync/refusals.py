"""A no of the CRM's to us as such, and not to a booking: it pauses everything, once, in the CRM's own words."""

from __future__ import annotations

import structlog

from ledger import events as e
from ledger.clock import Clock
from ledger.decisions.integration import PauseIntegration
from ledger.ledger import Ledger, Order
from ledger.privacy import scrubbed
from ledger.values import Actor
from sync.errors import AuthError, LicenceError, RightsError

_SENDER = Actor("system", "sync")
_log = structlog.get_logger("sync")

RefusedError = AuthError | LicenceError | RightsError


def pause_for(ledger: Ledger, clock: Clock, failure: RefusedError, command_id: str) -> None:
    """Pauses; what is paused already stays as it is."""
    kind: e.PauseKind
    match failure:
        case AuthError():
            kind = "auth"
        case LicenceError():
            kind = "licence"
        case RightsError():
            kind = "rights"
    words = scrubbed(failure.crm_message)
    ledger.execute(PauseIntegration(Order(command_id, _SENDER, clock.now()), kind, words))
    _log.error("paused by the CRM", kind=kind, status=failure.status, said=words)
