"""What is to be read of the CRM now: the sender's companion, one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from ledger.clock import Clock, later
from ledger.decisions import boundaries
from ledger.leases import Lease
from ledger.ledger import Ledger
from ledger.privacy import random_id
from projections.integration import integration
from sync.errors import AuthError, LicenceError, RateLimitedError, RightsError, SyncError
from sync.inbound.inbox import Reading
from sync.inbound.reading import DiaryReader
from sync.pace import Stopwatch
from sync.refusals import pause_for
from sync.turns import LONGEST_WAIT, Turns

POLL_SECONDS = 60.0
SWEEP_EVERY = timedelta(hours=1)
SWEEP_WHILE_BRAKED_SECONDS = 300.0
LOOK_BETWEEN_SECONDS = 2.0
FIRST_REST, LONGEST_REST = 5.0, 300.0
IDLE_SECONDS = 1.0
_log = structlog.get_logger("sync")

_Work = Callable[[Lease], object]


class Inbound:
    """Knows what is due by the reader's own notes in the database, and by a stopwatch what may be asked again."""

    def __init__(
        self,
        ledger: Ledger,
        reader: DiaryReader,
        turns: Turns,
        clock: Clock,
        *,
        stopwatch: Stopwatch,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._ledger, self._reader, self._turns, self._clock = ledger, reader, turns, clock
        self._stopwatch, self._poll_seconds = stopwatch, poll_seconds
        self._poll_at = self._look_at = self._braked_sweep_at = self._rest_until = float("-inf")
        self._rest_seconds = FIRST_REST

    def step(self, lease: Lease, *, is_idle: bool) -> bool:
        """Does what is due; False when nothing is, or the CRM is out of reach.

        The sender comes first unless `is_idle`: between its items go only a poll, a look every 2 seconds, and the sweep
        after a resume or an operator's word. Raises LeaseLostError.
        """
        if self._stopwatch() < self._rest_until:
            return False
        state = integration(self._ledger)
        if state.state == "paused" or not state.is_diary_loaded:
            return False
        work = self._due(is_idle=is_idle)
        if work is None:
            if is_idle:
                self._rest_until = self._stopwatch() + IDLE_SECONDS
            return False
        self._guarded(work, lease)
        return True

    def _due(self, *, is_idle: bool) -> _Work | None:
        reading, now, watch = self._reader.inbox.reading(), self._clock.now(), self._stopwatch()
        if self._is_sweep_wanted(reading):
            self._braked_sweep_at = watch + SWEEP_WHILE_BRAKED_SECONDS
            return self._reader.sweep
        if watch >= self._poll_at:
            self._poll_at = watch + self._poll_seconds
            return self._reader.poll
        if (is_idle or watch >= self._look_at) and self._reader.inbox.due(now, 1):
            self._look_at = watch + LOOK_BETWEEN_SECONDS
            return self._reader.look if is_idle else lambda lease: self._reader.look(lease, most=1)
        return self._reader.sweep if is_idle and _is_over(reading.swept_at, SWEEP_EVERY, now) else None

    def _is_sweep_wanted(self, reading: Reading) -> bool:
        """The first one, one after each resume, one for an operator's word, and those that may free the brake."""
        if reading.changed_at is None and reading.swept_at is None:
            return True
        switches = self._ledger.history(boundaries.integration_state())
        if switches and switches[-1].position > reading.swept_at_position:
            return True
        if self._reader.brake.is_on():
            return self._stopwatch() >= self._braked_sweep_at
        return self._reader.brake.is_word_unused()

    def _guarded(self, work: _Work, lease: Lease) -> None:
        """A failing list says nothing about a booking: it is read again, after growing rests."""
        try:
            work(lease)
        except (AuthError, LicenceError, RightsError) as failure:
            pause_for(self._ledger, self._clock, failure, f"sync:inbound:{random_id()}")
        except RateLimitedError as failure:
            self._turns.hold_back(timedelta(seconds=min(failure.retry_after or 60, LONGEST_WAIT.total_seconds())))
            self._rest(failure)
        except SyncError as failure:
            self._rest(failure)
        else:
            self._rest_seconds = FIRST_REST

    def _rest(self, failure: SyncError) -> None:
        self._rest_until = self._stopwatch() + self._rest_seconds
        self._rest_seconds = min(2 * self._rest_seconds, LONGEST_REST)
        # What was not read is read as soon as the rest is over.
        self._poll_at = self._braked_sweep_at = float("-inf")
        _log.warning(
            "the CRM's changes cannot be read", kind=failure.kind, status=failure.status, detail=failure.detail
        )


def _is_over(since: datetime | None, lasting: timedelta, now: datetime) -> bool:
    """Whether so long has passed; a moment that lies ahead was noted before the clock was set back."""
    return since is None or now - since >= lasting or since > later(now, lasting)
