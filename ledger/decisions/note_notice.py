"""Write down that the staff chat was told, or could not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.ledger import Order
from ledger.recorder import BoundaryItem


@dataclass(frozen=True)
class NoteNotice:
    """What happened is not up for debate: nothing is read, and a known command is noted already."""

    order: Order
    notice: e.NoticeEvent

    def boundary(self) -> Sequence[BoundaryItem]:
        return []

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent]:  # noqa: ARG002  every decision is shown its history
        return [self.notice]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.NoticeEvent:
        return next(event for event in events if isinstance(event, e.NoticeSent | e.NoticeFailed))
