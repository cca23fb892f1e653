"""Somebody at the console opens clients' data: written down before it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import ClientId

ONCE_IN = timedelta(hours=1)
"""A page that is looked at again and again is one viewing for so long."""


@dataclass(frozen=True)
class NoteViewing:
    """Records that the order's actor opens these categories of these clients' data at a page or command.

    For each client once in an hour, unless something is opened now that was not opened then.
    """

    order: Order
    client_ids: tuple[ClientId, ...]
    what: tuple[e.Personal, ...]
    where: str

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.viewings(client_id) for client_id in self.client_ids]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        noted = {event.client_id for item in history if (event := self._same(item)) is not None}
        wanted = dict.fromkeys(self.client_ids)
        return [e.PersonalDataViewed(one, self.what, self.where) for one in wanted if one not in noted]

    def answer(self, events: Sequence[e.AnyEvent]) -> int:
        """How many viewings were written down; none for those that stood in the log already."""
        return len(events)

    def _same(self, item: Recorded) -> e.PersonalDataViewed | None:
        """The viewing, if it is one by the same person at the same place, of as much, and not long ago."""
        event = item.event
        if not isinstance(event, e.PersonalDataViewed) or (item.by, event.where) != (self.order.by, self.where):
            return None
        # By the salon's clock, in which a viewing may seem to lie ahead after it was set back.
        is_recent = abs(self.order.at - item.at) < ONCE_IN
        return event if is_recent and set(self.what) <= set(event.what) else None
