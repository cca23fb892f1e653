"""How long things take: threads that do one thing again and again, and figures from interleaved rounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

Work = Callable[[], object]


@dataclass
class Figure:
    """One thing measured once a round; `per_second` is the median of the rounds."""

    name: str
    rounds: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median(self.rounds)

    def times(self, other: Figure) -> float:
        """How many times the other's rate this is: the median of the rounds' own ratios."""
        return median(mine / its for mine, its in zip(self.rounds, other.rounds, strict=True))


@dataclass(frozen=True)
class Target:
    """What a figure should reach; `unit` is what both numbers count."""

    name: str
    wanted: float
    reached: float
    unit: str

    @property
    def is_met(self) -> bool:
        return self.reached >= self.wanted

    @property
    def missed_by(self) -> float:
        """The missing share of what was wanted, 0 when nothing is missing."""
        return max(0.0, 1 - self.reached / self.wanted)


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
