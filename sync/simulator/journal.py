"""What came to the simulated CRM, and what it answered: nothing personal, neither query nor body."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime

import msgspec

from sync.simulator.faults import Fault

_LENGTH = 10_000


class Call(msgspec.Struct, frozen=True):
    """One request as it was answered; `status` None when the connection was broken instead. No query, no body."""

    method: str
    path: str
    status: int | None
    at: datetime
    faults: tuple[Fault, ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """How much has happened since the start."""

    requests: int
    rate_limited: int
    hung_up: int
    records: int
    deleted: int


class Journal:
    """The latest calls, and how many there were in all; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=_LENGTH)
        self._requests = self._rate_limited = self._hung_up = 0

    def note(self, call: Call) -> None:
        """One more."""
        with self._lock:
            self._requests += 1
            self._rate_limited += call.status == 429
            self._hung_up += call.status is None
            self._calls.append(call)

    def calls(self) -> list[Call]:
        """The latest calls, oldest first."""
        with self._lock:
            return list(self._calls)

    def counts(self, records: int, deleted: int) -> Counts:
        """With so many records in the diary."""
        with self._lock:
            return Counts(self._requests, self._rate_limited, self._hung_up, records, deleted)
