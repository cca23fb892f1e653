"""Write a signed checkpoint down in the log it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.folds import latest
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.tags import CHECKPOINTS


@dataclass(frozen=True)
class NoteCheckpoint:
    """Unless a checkpoint of the same position or a later one stands there; the order's time is the signed one."""

    order: Order
    checkpoint: e.CheckpointSigned

    def boundary(self) -> Sequence[BoundaryItem]:
        return [BoundaryItem(tags=[CHECKPOINTS], latest=True)]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        last = latest(history, e.CheckpointSigned)
        if last is not None and last.position >= self.checkpoint.position:
            return Already(last)
        return [self.checkpoint]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CheckpointSigned:
        return next(event for event in events if isinstance(event, e.CheckpointSigned))
