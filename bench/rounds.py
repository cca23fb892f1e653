"""How long things take: figures from interleaved rounds, and threads that do one thing again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Literal

Work = Callable[[], object]
Tell = Callable[[str], None]
Unit = Literal["/s", "ms", "MB", "s"]
"""Of `/s` more is better, of all others less."""


@dataclass
class Figure:
    """One thing measured once a round; `value` is the median of the rounds."""

    name: str
    unit: Unit = "/s"
    rounds: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def swing(self) -> float:
        """How many times the smallest round the greatest is."""
        return max(self.rounds) / min(self.rounds)

    def beside(self, other: Figure) -> list[float]:
        """Each round's ratio to the other's same round."""
        return [mine / its for mine, its in zip(self.rounds, other.rounds, strict=True)]

    def times(self, other: Figure) -> float:
        """How many times the other's this is: the median of the rounds' own ratios."""
        return median(self.beside(other))


@dataclass(frozen=True)
class Contest:
    """What one contestant does in its turn of a round, and the figures that come of it, in their order."""

    figures: Sequence[Figure]
    measure: Callable[[], Sequence[float]]


def interleaved(rounds: int, contests: Sequence[Contest], tell: Tell, what: str) -> None:
    """Every contestant has its turn in every round; the first round warms up and does not count."""
    for round_ in range(-1, rounds):
        for contest in contests:
            found = contest.measure()
            if round_ >= 0:
                for figure, value in zip(contest.figures, found, strict=True):
                    figure.rounds.append(value)
        tell(f"{what}, round {round_ + 1} of {rounds}" if round_ >= 0 else f"{what}, warmed up")


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all values do not pass; needs two values at least."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def rate(works: Sequence[Work], seconds: float) -> float:
    """How often a second all works together were done, each over and over in a thread of its own."""
    counts = [0] * len(works)

    def repeat(number: int, stop_at: float) -> None:
        while time.monotonic() < stop_at:
            works[number]()
            counts[number] += 1

    stop_at = time.monotonic() + seconds
    took = _in_threads([partial(repeat, number, stop_at) for number in range(len(works))])
    return sum(counts) / took


def seconds_for(works: Sequence[Work]) -> float:
    """How long all works take when each is done once, side by side."""
    return _in_threads(works)


def _in_threads(works: Sequence[Work]) -> float:
    """Raises the first error of any thread."""
    failures: list[BaseException] = []

    def guarded(work: Work) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised again by the thread that measures
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    if failures:
        raise failures[0]
    return took
