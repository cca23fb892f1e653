"""How long things may take on the way to the CRM, and the stopwatch by which that is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

START_WITHIN = timedelta(seconds=5)
"""A write begun later than this after its attempt was written down is not sent: its deadline would not be true."""

Stopwatch = Callable[[], float]
"""Seconds from any beginning that only run forward: no setting of the machine's clock moves them."""


@dataclass(frozen=True)
class Pace:
    """How long a request may take as a whole, and how long after that the CRM may still be finishing it.

    After trouble on the way nothing is asked for `first_pause` seconds; `ramp` are the seconds between the first writes
    then, and after the last nothing is held back.
    """

    request: timedelta = timedelta(seconds=10)
    settle: timedelta = timedelta(seconds=60)
    first_pause: float = 1.0
    ramp: tuple[float, ...] = (2.0, 1.0, 0.5)
    stopwatch: Stopwatch = time.monotonic

    @property
    def sure_after(self) -> float:
        """Seconds from knowing of an attempt after which nothing of it can still be on its way."""
        return (START_WITHIN + self.request + self.settle).total_seconds()


USUAL_PACE = Pace()
