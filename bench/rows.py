"""A row of the bench: what was measured, ours beside its yardstick, and what the design wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from bench.rounds import Figure

Bound = Literal["at least", "at most"]
MOST_SWING = 1.5
"""On a machine with nothing else to do a yardstick varies less than this between rounds."""


@dataclass(frozen=True)
class Target:
    """What a figure should reach, or not pass; `unit` is what both numbers count."""

    wanted: float
    reached: float
    unit: str
    bound: Bound = "at least"

    @property
    def is_met(self) -> bool:
        return self.reached >= self.wanted if self.bound == "at least" else self.reached <= self.wanted

    @property
    def missed_by(self) -> float:
        """The missing share of what was wanted, or the share above it; 0 when nothing is missing.

        A single one where none is wanted is infinitely many times too much.
        """
        if self.is_met:
            return 0.0
        if not self.wanted:
            return float("inf")
        return abs(self.reached / self.wanted - 1)


@dataclass(frozen=True)
class Row:
    """One measured thing. `figures` has everything that was measured, `ours` and the `yardstick` among them.

    The ratio of these two is what is kept from run to run: machines differ, and a day's noise hits both.
    """

    name: str
    title: str
    figures: Sequence[Figure]
    ours: Figure
    yardstick: Figure
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def ratios(self) -> list[float]:
        """One a round."""
        return self.ours.beside(self.yardstick)

    @property
    def is_more_better(self) -> bool:
        return self.ours.unit == "/s"

    @property
    def is_quiet(self) -> bool:
        """False when the yardstick itself swung: something else used the machine, and the row says little."""
        return self.yardstick.swing <= MOST_SWING
