"""The brake: a change of the CRM's diary that is too large to be believed is not taken over until somebody says so.

Too large is more than 5 coming visits and more than a fifth of them, removed or elsewhere, in one look or within ten
minutes of looks. What is made by hand meanwhile is always taken: it only takes time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from ledger.clock import Clock, later
from ledger.decisions.brake import BrakeCrmChange, NoteCrmChangeSubsided
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections.crm_diary import BrakeState, believed, brake_state
from sync.inbound.changes import Change
from sync.inbound.inbox import Inbox

ALWAYS_BELIEVED = 5
BELIEVED_SHARE = 0.2
WINDOW = timedelta(minutes=10)
_SYNC = Actor("system", "sync")
_log = structlog.get_logger("sync")


@dataclass(frozen=True)
class Size:
    """How many coming visits a look shows as gone, and as elsewhere."""

    removed: int
    moved: int

    @property
    def total(self) -> int:
        return self.removed + self.moved

    def fits(self, state: BrakeState) -> bool:
        return self.removed <= state.removed and self.moved <= state.moved


def size_of(changes: Sequence[Change], *, missing: int = 0) -> Size:
    """`missing` are those a complete list did not show at all."""
    large = [change for change in changes if change.is_large]
    removed = sum(change.kind == "removed" for change in large)
    return Size(removed + missing, len(large) - removed)


class Brake:
    """Judges sizes; what it was told, and what was taken over lately, stands in the ledger and in the inbox."""

    def __init__(self, ledger: Ledger, inbox: Inbox, clock: Clock) -> None:
        self._ledger, self._inbox, self._clock = ledger, inbox, clock

    def state(self) -> BrakeState | None:
        return brake_state(self._ledger)

    def is_on(self) -> bool:
        state = self.state()
        return state is not None and state.is_on

    def is_word_unused(self) -> bool:
        """Whether an operator has vouched for a change that was not taken over since."""
        state = self.state()
        used = self._inbox.reading().released_at_position
        return state is not None and state.is_vouched_for and state.position > used

    def lets_pass(self, size: Size, lease: Lease, *, is_whole: bool, is_strange: bool = False) -> bool:
        """Whether a change of this size may be taken over; writes down when it may not, or may again.

        While the brake is on only a look at the whole diary (`is_whole`) counts: by and by everything would get past.
        A diary that shows nothing we know (`is_strange`) may be another branch's, however little we know.
        """
        state = self.state()
        if state is not None and state.is_on and not is_whole:
            return False
        known = self._known()
        if not is_strange and not self._is_too_large(size, known):
            if state is not None and state.is_on:
                self._ledger.execute(NoteCrmChangeSubsided(self._order("subsided")), lease=lease)
                _log.info("the CRM shows the large change no longer")
            return True
        if state is not None and self.is_word_unused() and size.fits(state):
            return True
        if state is None or not state.is_on or not size.fits(state):
            braked = BrakeCrmChange(self._order("brake"), size.removed, size.moved, known)
            self._ledger.execute(braked, lease=lease)
            _log.error("the CRM shows a change too large to be believed", removed=size.removed, moved=size.moved)
        return False

    def note_taken(self) -> None:
        """The operator's word is used up; what it was about does not count against what comes next."""
        state = self.state()
        if state is not None and self.is_word_unused():
            self._inbox.note_released(state.position, self._clock.now())

    def _is_too_large(self, size: Size, known: int) -> bool:
        if not size.total:
            return False
        released_at, window = self._inbox.reading().released_at, later(self._clock.now(), -WINDOW)
        lately = self._inbox.followed_since(max(released_at, window) if released_at else window)
        total = size.total + lately
        return total > ALWAYS_BELIEVED and total > BELIEVED_SHARE * (known + lately)

    def _known(self) -> int:
        now = self._clock.now()
        return sum(one.slot.starts_at > now for one in believed(self._ledger.recorder.database, now))

    def _order(self, what: str) -> Order:
        return Order(f"sync:{what}:{random_id()}", _SYNC, self._clock.now())
