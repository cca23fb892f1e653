"""A client asks to be erased, or to be kept after all; the erasing itself is an operator's work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.clients import PURPOSES
from ledger.decisions.folds import check_not_erased, consent, erasure_asked
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import ClientId

WORKING_DAYS = 10
"""How long a salon has to end the processing that somebody objects to (152-FZ, article 21, part 5.1)."""


def working_days_after(day: date, count: int) -> date:
    """The last of so many days from Monday to Friday after that day.

    Public holidays are not known here and count as working days, so the answer is early rather than late.
    """
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


@dataclass(frozen=True)
class RequestErasure:
    """Records the wish and takes every consent back with it; asked once is enough until it is called off.

    The order's time is in the salon's zone: the last day counts from its date. Raises ErasedClientError afterwards.
    """

    order: Order
    client_id: ClientId

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.client(self.client_id), boundaries.erasure(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        check_not_erased(history)
        asked = erasure_asked(history)
        if asked is not None:
            return Already(asked)
        given = [one for purpose in PURPOSES if (one := consent(history, purpose))]
        return [
            e.ErasureRequested(self.client_id, working_days_after(self.order.at.date(), WORKING_DAYS)),
            *(e.ConsentWithdrawn(self.client_id, one.purpose, one.version) for one in given),
        ]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ErasureRequested:
        return next(event for event in events if isinstance(event, e.ErasureRequested))


@dataclass(frozen=True)
class CallErasureOff:
    """Takes the wish back; nothing for somebody who has not asked. A consent taken back with it stays taken back."""

    order: Order
    client_id: ClientId

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.erasure(self.client_id)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        return [] if erasure_asked(history) is None else [e.ErasureCalledOff(self.client_id)]

    def answer(self, events: Sequence[e.AnyEvent]) -> bool:
        """Whether there was a wish to take back."""
        return any(isinstance(event, e.ErasureCalledOff) for event in events)
