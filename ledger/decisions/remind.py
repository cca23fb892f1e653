"""Remind a client of a visit: at most once for a kind and a start, and only while it is of use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId

ReminderOutcome = Literal["sent"] | e.UndeliveredReason


@dataclass(frozen=True)
class Timing:
    """A reminder's moment lies `before` the visit; up to `until` before it a late one is still of use."""

    before: timedelta
    until: timedelta


TIMINGS: Mapping[e.ReminderKind, Timing] = {
    "day_before": Timing(timedelta(hours=24), timedelta(hours=4)),
    "hours_before": Timing(timedelta(hours=2), timedelta(minutes=15)),
}
DAY_BEGINS, DAY_ENDS = time(9), time(22)
"""Salon time between which a reminder that has a whole day to be read in may ring."""


_PLACING = e.BookingMade | e.BookingMoved | e.CrmBookingMoved


def is_due(kind: e.ReminderKind, starts_at: datetime, placed_at: datetime, now: datetime) -> bool:
    """Whether this reminder may leave now; `placed_at` is when the visit got its time, `now` in the salon's zone.

    Who chose the time later than the reminder's moment knows it still. The one of the day before keeps to the day; the
    other cannot wait.
    """
    timing = TIMINGS[kind]
    moment = later(starts_at, -timing.before)
    if placed_at > moment or not moment <= now < later(starts_at, -timing.until):
        return False
    return kind != "day_before" or DAY_BEGINS <= now.time() < DAY_ENDS


def reminder_command(booking_id: BookingId, kind: e.ReminderKind, starts_at: datetime) -> str:
    """The command id under which a reminder is attempted, whoever comes to think of it."""
    return f"remind:{booking_id}:{kind}:{int(starts_at.timestamp()) // 60}"


@dataclass(frozen=True)
class BeginReminder:
    """Writes down that a reminder is about to leave, if it is due and none of its kind was attempted for this start.

    Nothing for a booking that no longer stands at `version`. The order's time is in the salon's zone: quiet hours go
    by its digits.
    """

    order: Order
    booking_id: BookingId
    version: int
    kind: e.ReminderKind

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entry = fold_entries(history).get(self.booking_id)
        if entry is None or entry.client_id is None or entry.status != "booked" or entry.version != self.version:
            return []
        starts_at = entry.slot.starts_at
        placed_at = [item.at for item in history if isinstance(item.event, _PLACING)][-1]
        if not is_due(self.kind, starts_at, placed_at, self.order.at):
            return []
        if any(_about(history, self.kind, starts_at)):
            return []
        return [e.ReminderAttempted(self.booking_id, entry.client_id, self.kind, starts_at)]

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether an attempt is written down; the caller's own only if the command was not known already."""
        return any(isinstance(event, e.ReminderAttempted) for event in events)


@dataclass(frozen=True)
class EndReminder:
    """Writes down what became of an attempt; one that is closed already stays as it was closed."""

    order: Order
    booking_id: BookingId
    kind: e.ReminderKind
    starts_at: datetime
    outcome: ReminderOutcome

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.booking(self.booking_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        attempt: e.ReminderAttempted | None = None
        for event in _about(history, self.kind, self.starts_at):
            if isinstance(event, e.ReminderAttempted):
                attempt = event
            else:
                return Already(event)
        if attempt is None:
            return []
        facts = attempt.booking_id, attempt.client_id, attempt.kind, attempt.starts_at
        return [e.ReminderSent(*facts) if self.outcome == "sent" else e.ReminderFailed(*facts, self.outcome)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ReminderSent | e.ReminderFailed | None:
        """How the attempt was closed; None when there is none."""
        return next((event for event in events if isinstance(event, e.ReminderSent | e.ReminderFailed)), None)


def _about(history: Iterable[Recorded], kind: e.ReminderKind, starts_at: datetime) -> Iterable[e.ReminderEvent]:
    """All that was noted about this reminder for this start."""
    for item in history:
        event = item.event
        if isinstance(event, e.ReminderAttempted | e.ReminderSent | e.ReminderFailed) and (
            (event.kind, event.starts_at) == (kind, starts_at)
        ):
            yield event
