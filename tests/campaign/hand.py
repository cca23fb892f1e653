"""Time that only pretends to go: the salon's clock, every stopwatch and the database's clock, moved by one hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger.clock import SetClock


class Hand:
    """Moves all of time; nobody in a campaign sleeps."""

    def __init__(self, at: datetime) -> None:
        self.clock = SetClock(at)
        self.began = at

    def turn(self, seconds: float) -> None:
        """So many seconds pass for everybody."""
        self.clock.advance(timedelta(seconds=max(seconds, 0.0)))

    def stopwatch(self) -> float:
        """Seconds since the beginning."""
        return (self.clock.now() - self.began).total_seconds()

    def now(self) -> datetime:
        return self.clock.now()
