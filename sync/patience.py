"""When to look for an attempt nobody knows the outcome of, and from when on "not there" is sure; by the stopwatch."""

from __future__ import annotations

from sync.pace import Pace

LONGEST_LOOK_PAUSE = 600.0
_FIRST_LOOK_PAUSE = 10.0


class Patience:
    """Remembers, for each attempt, since when this process has known of it, and when it may be looked up again.

    Nothing of it outlives the process: whoever starts anew waits anew.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._known_since: dict[int, float] = {}
        self._look_again_at: dict[int, float] = {}
        self._pauses: dict[int, float] = {}

    def knows(self, attempt_id: int) -> None:
        """The waiting for this attempt begins, if it has not begun yet."""
        self._known_since.setdefault(attempt_id, self._pace.stopwatch())

    def is_due(self, attempt_id: int) -> bool:
        """At once, then now and then, and surely once absence can be concluded."""
        now = self._pace.stopwatch()
        return now >= self._look_again_at.get(attempt_id, now)

    def is_sure(self, attempt_id: int) -> bool:
        """Whether "not there" counts by now: nothing of the attempt can still be on its way.

        Not by the attempt's deadline: that was named by the clock of its sender, which may be set, or be another
        machine's. This process waits the whole time out itself, from when it first knew of the attempt.
        """
        self.knows(attempt_id)
        return self._pace.stopwatch() >= self._known_since[attempt_id] + self._pace.sure_after

    def wait_on(self, attempt_id: int) -> None:
        """It was looked for and not there, which proves nothing yet."""
        pause = max(self._pace.settle.total_seconds() / 6, 1.0)
        sure_at = self._known_since[attempt_id] + self._pace.sure_after
        self._look_again_at[attempt_id] = min(sure_at, self._pace.stopwatch() + pause)

    def put_off(self, attempt_id: int) -> None:
        """It could not be looked for: that must not keep all others waiting, so its turn comes later and later."""
        pause = self._pauses.get(attempt_id, _FIRST_LOOK_PAUSE)
        self._pauses[attempt_id] = min(2 * pause, LONGEST_LOOK_PAUSE)
        self._look_again_at[attempt_id] = self._pace.stopwatch() + pause
