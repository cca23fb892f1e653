"""Whether the way to the CRM can be trusted now: after trouble one read, then one write, then little by little more."""

from __future__ import annotations

from sync.pace import Pace

LONGEST_PAUSE = 60.0


class Way:
    """Closed by a failure on the way, opened again step by step; the caller tells what it saw.

    Only a write that the CRM answered shows that writes get through: a CRM that can be read but not written to is asked
    less and less often, and so no booking after the other is tried on it.
    """

    def __init__(self, pace: Pace) -> None:
        self._stopwatch, self._whole_ramp = pace.stopwatch, pace.ramp
        self._pause = self._first_pause = pace.first_pause
        self._next_at: float | None = None
        self._ramp: tuple[float, ...] = ()
        self.needs_probe = False

    @property
    def is_open(self) -> bool:
        """True while nothing has gone wrong, or all of it is over."""
        return not self.needs_probe and not self._ramp

    def is_free(self) -> bool:
        """True when a call may be made now: while `needs_probe` only a probe, else anything."""
        return self._next_at is None or self._stopwatch() >= self._next_at

    def failed(self) -> None:
        """No usable answer came to a probe, a look or a write."""
        self._next_at = self._stopwatch() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._ramp = self._whole_ramp
        self.needs_probe = True

    def was_read(self) -> None:
        """A probe was answered: one write may follow."""
        self.needs_probe = False
        self._next_at = None

    def was_written(self) -> None:
        """The CRM answered a write, if only with its own no."""
        if not self._ramp:
            return
        self._next_at = self._stopwatch() + self._ramp[0]
        self._ramp = self._ramp[1:]
        if not self._ramp:
            self._pause = self._first_pause
