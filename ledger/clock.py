"""Where "now" comes from; decisions are told the time, they never ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


def later(moment: datetime, by: timedelta) -> datetime:
    """That much real time later: adding to a zone's own time would lose an hour where clocks are set back."""
    return (moment.astimezone(UTC) + by).astimezone(moment.tzinfo)


class Clock(Protocol):
    """Tells the present moment in the salon's zone."""

    def now(self) -> datetime: ...


class SalonClock:
    """The machine's clock read in the salon's zone (an IANA name)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def now(self) -> datetime:
        return datetime.now(self._zone)


class SetClock:
    """A clock that stands where it was put, for tests and rehearsals."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by
