"""The sync process: takes the lease, reads the diary once, then sends item by item until it is stopped."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import structlog

from ledger import leases
from ledger.clock import Clock
from ledger.errors import DiaryNotLoadedError, LeaseLostError
from ledger.leases import Lease
from ledger.ledger import Ledger
from ledger.wakeups import Listener
from projections.integration import integration
from projections.projector import Follower
from sync.catalog_keeper import CatalogKeeper
from sync.errors import AuthError, LicenceError, RateLimitedError, RightsError, SyncError
from sync.forgetting import Forgetting
from sync.inbound import connect, import_baseline
from sync.inbound.steps import Inbound
from sync.projector import SyncProjector
from sync.refusals import pause_for
from sync.turns import LONGEST_WAIT, StoppedError
from sync.yclients import Yclients

_log = structlog.get_logger("sync")


class SyncRunner:
    """Owns the loop; the steps themselves are `SyncProjector.step`, `Inbound.step` and `import_baseline`."""

    def __init__(
        self,
        ledger: Ledger,
        crm: Yclients,
        projector: SyncProjector,
        inbound: Inbound,
        follower: Follower,
        clock: Clock,
        *,
        catalog_keeper: CatalogKeeper | None = None,
        forgetting: Forgetting | None = None,
        company_id: int,
        holder: str,
        lease_lasts: timedelta,
    ) -> None:
        self._ledger, self._crm, self._projector, self._inbound = ledger, crm, projector, inbound
        self._follower, self._clock = follower, clock
        self._catalog_keeper, self._forgetting = catalog_keeper, forgetting
        self._company_id, self._holder, self._lease_lasts = company_id, holder, lease_lasts
        self._baseline_at: float | None = None
        self._baseline_pause = 1.0

    def run(self, stopped: threading.Event) -> None:
        """Runs until stopped. Another sender's lease makes this one wait in the wings, ready to take over."""
        connect(self._ledger, self._clock, self._company_id)
        lease: Lease | None = None
        with Listener(self._ledger.recorder.database) as listener:
            while not stopped.is_set():
                lease = leases.acquire(self._ledger.recorder.database, "sync", self._holder, lasting=self._lease_lasts)
                try:
                    if lease is None or not self._turn(lease):
                        listener.wait(0.5)
                except StoppedError:
                    break
        if lease is not None:
            leases.release(self._ledger.recorder.database, lease)

    def _turn(self, lease: Lease) -> bool:
        """One piece of work; False when there was none."""
        self._follower.wait_until(self._ledger.recorder.head(), seconds=5)
        if not integration(self._ledger).is_diary_loaded:
            return self._read_diary()
        try:
            if self._catalog_keeper is not None and self._catalog_keeper.step(lease):
                return True
            if self._inbound.step(lease, is_idle=False):
                return True  # before anything is sent the lease is taken anew: a sweep has prolonged it
            if self._projector.step(lease) is not None or self._inbound.step(lease, is_idle=True):
                return True
            return self._forgetting is not None and self._forgetting.step(lease)
        except LeaseLostError:
            _log.warning("another sender took over")
            return False

    def _read_diary(self) -> bool:
        if self._baseline_at is not None and time.monotonic() < self._baseline_at:
            return False
        try:
            import_baseline(self._ledger, self._crm, self._clock, self._company_id)
        except (AuthError, LicenceError, RightsError) as failure:
            pause_for(self._ledger, self._clock, failure, f"sync:baseline-refused:{self._clock.now().isoformat()}")
            self._put_off()
            return False
        except DiaryNotLoadedError:
            _log.error("another CRM account was connected meanwhile; is YCLIENTS_COMPANY_ID the same everywhere?")
            self._put_off()
            return False
        except RateLimitedError as failure:
            self._baseline_pause = min(failure.retry_after or 60.0, LONGEST_WAIT.total_seconds())
            self._put_off()
            return False
        except SyncError as failure:
            _log.warning("the CRM's diary cannot be read yet; is YCLIENTS_URL right?", reason=str(failure))
            self._put_off()
            return False
        return True

    def _put_off(self) -> None:
        self._baseline_at = time.monotonic() + self._baseline_pause
        self._baseline_pause = min(self._baseline_pause * 2, 60.0)
