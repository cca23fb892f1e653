"""Which booking each record in the simulated diary was made for, noted at its birth: later the CRM may forget it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sync.simulator import NewEntry, Simulator
from sync.simulator.exchange import Asked, Json
from tests.campaign.hand import Hand

VERY_LATE = 1e9
"""Seconds: such a write takes effect only where the campaign says so, if at all."""


@dataclass(frozen=True)
class Birth:
    """A record made by the API: for which booking, and when by the stopwatch."""

    record_id: int
    api_id: str
    at: float


class Births:
    """Looks over the diary's shoulder whenever something is added by the API."""

    def __init__(self, simulator: Simulator, hand: Hand) -> None:
        self.all: list[Birth] = []
        self.very_late: set[int] = set()  # and whatever else was made for the same booking
        self._hand = hand
        self._simulator, diary = simulator, simulator._diary
        self._add = diary.add
        diary.add = self._noted  # type: ignore[method-assign]  # the only place that knows the number before it is lost

    def land(self, api_id: str) -> None:
        """A create of this booking that was given up long ago takes effect now."""
        late, known = self._simulator._late, len(self.all)
        late._waiting = [(0.0 if _is_for(api_id, asked) else due, asked) for due, asked in late._waiting]
        late.do_due()
        if len(self.all) > known:
            self.very_late.update(birth.record_id for birth in self.of(int(api_id)))

    def given_up(self) -> list[int]:
        """The bookings whose create was given up and may still take effect."""
        asked = [asked for _, asked in self._simulator._late._waiting if asked.method == "POST"]
        return [int(msgspec.json.decode(one.body)["api_id"]) for one in asked]

    def of(self, booking_id: int) -> list[Birth]:
        return [one for one in self.all if one.api_id == str(booking_id)]

    def _noted(self, new: NewEntry, *, is_by_hand: bool = False) -> Json:
        record = self._add(new, is_by_hand=is_by_hand)
        if not is_by_hand:
            self.all.append(Birth(int(str(record["id"])), new.api_id, self._hand.stopwatch()))
        return record


def _is_for(api_id: str, asked: Asked) -> bool:
    return asked.method == "POST" and msgspec.json.decode(asked.body).get("api_id") == api_id
