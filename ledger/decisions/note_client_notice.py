"""Write down that a client was told what the salon did with their booking, or could not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.ledger import Order
from ledger.recorder import BoundaryItem


@dataclass(frozen=True)
class NoteClientNotice:
    """What happened is not up for debate: nothing is read, and a known command is noted already."""

    order: Order
    notice: e.ClientNoticeEvent

    def boundary(self) -> Sequence[BoundaryItem]:
        return []

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent]:  # noqa: ARG002  every decision is shown its history
        return [self.notice]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ClientNoticeEvent:
        return next(event for event in events if isinstance(event, e.ClientNoticeSent | e.ClientNoticeFailed))
