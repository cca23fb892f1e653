"""Writes whose callers have given up and which the simulated CRM does all the same, a while later."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sync.simulator.exchange import Asked


class LateWrites:
    """They are done as soon as something else happens once their time has come: nobody can tell the difference."""

    def __init__(self, monotonic: Callable[[], float], do: Callable[[Asked], None]) -> None:
        self._monotonic, self._do = monotonic, do
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, Asked]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, asked: Asked, seconds: float) -> None:
        """To be done in so many seconds."""
        with self._lock:
            self._waiting.append((self._monotonic() + seconds, asked))

    def do_due(self) -> None:
        """Does what is due, in the order of the times."""
        if self._waiting:
            self._do_until(self._monotonic())

    def do_all(self) -> None:
        """Does everything that waits, due or not."""
        self._do_until(float("inf"))

    def _do_until(self, now: float) -> None:
        with self._lock:
            due = sorted((one for one in self._waiting if one[0] <= now), key=lambda one: one[0])
            self._waiting = [one for one in self._waiting if one[0] > now]
        for _, asked in due:
            self._do(asked)
