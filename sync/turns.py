"""Whose turn it is to call the CRM: one row shared by all processes, so that together they stay under its limit.

The vendor's limit is 5 requests a second and 200 a minute per address; requests 0.31 s apart keep both, with two
seconds in a minute to spare: requests that left evenly do not arrive evenly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from ledger.postgres import Database
from sync.errors import RateLimitedError

SPACING = timedelta(seconds=0.31)
LONGEST_WAIT = timedelta(minutes=5)
"""A Retry-After beyond this is cut: nothing waits for ever on a number somebody else made up."""


class StoppedError(Exception):
    """The process is to end; it was waiting for its turn."""


class Turns:
    """Blocks until the next request may leave. `prepay` takes a turn ahead, so that a deadline can be named after it.

    Times are the database's. One instance serves one thread.
    """

    def __init__(
        self, database: Database, spacing: timedelta = SPACING, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._database, self._spacing, self._sleep = database, spacing, sleep
        self._is_prepaid = False

    def __call__(self) -> None:
        """Waits for a turn, unless one was prepaid."""
        if not self._is_prepaid:
            self._take()
        self._is_prepaid = False

    def prepay(self) -> None:
        """Waits for a turn now and keeps it for the next call."""
        if not self._is_prepaid:
            self._take()
        self._is_prepaid = True

    def hold_back(self, wait: timedelta) -> None:
        """Lets nobody call for a while: the CRM asked for it."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE crm_turns SET next_at = greatest(next_at, clock_timestamp() + %s)", (min(wait, LONGEST_WAIT),)
            )

    def obey(self, failure: RateLimitedError) -> None:
        """As long as the CRM named; a minute if it named nothing."""
        wanted = timedelta(seconds=failure.retry_after) if failure.retry_after else timedelta(minutes=1)
        self.hold_back(wanted)

    def _take(self) -> None:
        with self._database.transaction() as connection:
            row = connection.execute(
                # No turn lies further ahead than the longest wait, unless the clock was set back since it was given.
                """UPDATE crm_turns
                   SET next_at = greatest(least(next_at, clock_timestamp() + %(longest)s), clock_timestamp())
                       + %(spacing)s
                   RETURNING extract(epoch FROM next_at - %(spacing)s - clock_timestamp())""",
                {"spacing": self._spacing, "longest": LONGEST_WAIT},
            ).fetchone()
        wait = float(row[0]) if row else 0.0
        if wait > 0:
            self._sleep(wait)
