"""The catalogue kept up with the CRM by the sync process: every hour, one request at a time between its other steps."""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import timedelta

import structlog

from ledger.clock import Clock
from ledger.errors import InvalidCatalogError
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections.integration import integration
from sync import catalog_pull
from sync.catalog_offer import CrmCatalog
from sync.errors import AuthError, LicenceError, RateLimitedError, RightsError, SyncError
from sync.pace import Stopwatch
from sync.refusals import pause_for
from sync.turns import Turns
from sync.yclients import Yclients

EVERY = timedelta(hours=1)
BETWEEN_REQUESTS = timedelta(seconds=1)
"""Left to the sender between two requests of a reading; a booking that waits is sent first."""
_LOOK_AGAIN = timedelta(seconds=10)
_CRM = Actor("crm", "yclients")
_log = structlog.get_logger("sync")


class CatalogKeeper:
    """Reads the CRM's catalogue when it is due, while the integration runs; one that fails is begun anew in an hour."""

    def __init__(
        self,
        ledger: Ledger,
        crm: Yclients,
        turns: Turns,
        clock: Clock,
        stopwatch: Stopwatch = time.monotonic,
    ) -> None:
        self._ledger, self._crm, self._turns, self._clock = ledger, crm, turns, clock
        self._stopwatch = stopwatch
        self._due_at = stopwatch()
        self._steps: Generator[None, None, CrmCatalog] | None = None

    def step(self, lease: Lease) -> bool:
        """At most one request; False when none was due. Raises LeaseLostError, and then begins anew in an hour."""
        if self._stopwatch() < self._due_at:
            return False
        steps = self._steps or self._begun() if integration(self._ledger).state == "running" else None
        if steps is None:
            self._put_off(_LOOK_AGAIN)
            return False
        self._steps = steps
        try:
            next(steps)
        except StopIteration as end:
            self._put_off(EVERY)
            self._settle(end.value, lease)
        except SyncError as failure:
            self._put_off(EVERY)
            self._note_failure(failure)
        else:
            self._due_at = self._stopwatch() + BETWEEN_REQUESTS.total_seconds()
        return True

    def _begun(self) -> Generator[None, None, CrmCatalog] | None:
        """A reading about to begin; None before the first catalogue, which names the salon and its limits."""
        in_force, _ = catalog_pull.spoken(self._ledger)
        if in_force is None:
            return None
        return catalog_pull.reading(self._crm, self._clock.now().date(), in_force.facts.policy)

    def _put_off(self, wait: timedelta) -> None:
        """Half a reading is not kept: its days and prices would be older than the rest."""
        self._due_at = self._stopwatch() + wait.total_seconds()
        self._steps = None

    def _settle(self, read: CrmCatalog, lease: Lease) -> None:
        in_force, before = catalog_pull.spoken(self._ledger)
        if in_force is None:
            return
        pull = catalog_pull.decide(read, in_force, before)
        now = self._clock.now()
        try:
            published = catalog_pull.publish(self._ledger, pull, Order(f"sync:catalog:{random_id()}", _CRM, now), lease)
        except InvalidCatalogError as failure:
            _log.error("the CRM's catalogue contradicts itself and is not taken", reason=str(failure))
            return
        catalog_pull.note_reading(self._ledger.recorder.database, now, pull.outcome)
        if pull.outcome == "braked":
            gone = ", ".join(f"{loss.gone} of {loss.known} {loss.of}" for loss in pull.losses)
            _log.error("too much of the catalogue would be gone; look: zapisnik catalog pull --dry-run", gone=gone)
        else:
            _log.info("catalogue read", outcome=pull.outcome, published=published)

    def _note_failure(self, failure: SyncError) -> None:
        match failure:
            case AuthError() | LicenceError() | RightsError():
                pause_for(self._ledger, self._clock, failure, f"sync:catalog-refused:{random_id()}")
            case RateLimitedError():
                self._turns.obey(failure)
        _log.warning("the CRM's catalogue cannot be read; trying again in an hour", reason=str(failure))
