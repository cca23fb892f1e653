"""Asks a CRM that has refused us whether it answers again, by reading only; what it says starts nothing by itself."""

from __future__ import annotations

import structlog

from ledger.clock import Clock
from ledger.decisions.integration import NoteCrmAnswered
from ledger.errors import NotRefusedError
from ledger.events import REFUSALS
from ledger.ledger import Ledger, Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections.integration import Integration
from sync.errors import RateLimitedError, SyncError
from sync.pace import Stopwatch
from sync.turns import Turns
from sync.yclients import Yclients

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 900.0
_SENDER = Actor("system", "sync")
_log = structlog.get_logger("sync")


class Watch:
    """One probe now and then while a refusal stands; after the first answer none, until the next refusal."""

    def __init__(self, ledger: Ledger, crm: Yclients, turns: Turns, clock: Clock, stopwatch: Stopwatch) -> None:
        self._ledger, self._crm, self._turns = ledger, crm, turns
        self._clock, self._stopwatch = clock, stopwatch
        self._pause = FIRST_PAUSE
        self._ask_at: float | None = None

    def step(self, state: Integration) -> None:
        """Asks if it is time to; the answer is written down once a pause."""
        if state.kind not in REFUSALS or state.answers_since is not None:
            self._ask_at, self._pause = None, FIRST_PAUSE
            return
        now = self._stopwatch()
        if self._ask_at is None:  # the refusal has just come, or this process has
            self._ask_at = now + self._pause
        if now < self._ask_at:
            return
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._ask_at = now + self._pause
        try:
            self._crm.probe()
        except RateLimitedError as failure:
            self._turns.obey(failure)
        except SyncError as failure:
            _log.info("the CRM still refuses, or is away", kind=failure.kind, status=failure.status)
        else:
            self._note()

    def _note(self) -> None:
        order = Order(f"sync:answers:{random_id()}", _SENDER, self._clock.now())
        try:
            self._ledger.execute(NoteCrmAnswered(order))
        except NotRefusedError:
            return  # somebody resumed, or paused by hand, meanwhile
        _log.warning("the CRM answers again; an operator resumes")
