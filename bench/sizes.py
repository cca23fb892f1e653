"""How much is measured: a full run to quote, a quick one to see that it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.rounds import Tell
    from bench.rows import Row


@dataclass(frozen=True)
class Sizes:
    """Of a full run, about ten minutes in all."""

    rounds: int = 5
    seconds: float = 1.5
    """For each contestant of the appends in each round."""
    bookings: int = 1_000
    """Decided about in each round of whole decisions."""
    read: int = 50_000
    """Events read and decoded in each round."""
    rebuilt: int = 50_000
    """Events rebuilt from in each round."""
    verified: int = 100_000
    """Events verified in each round."""
    remembered: int = 1_000_000
    """Events rebuilt from once, and verified once, to see how much memory that takes."""
    stored: int = 1_000_000
    """Bookings in the schedule when free slots are asked for."""
    grown: int = 1_000_000
    """Events in the longest log of those that are compared by their length; the shortest has a hundredth of them."""
    calls: int = 300
    """To each of these logs in each round."""
    asked: int = 400
    """Weeks asked for in each round."""
    updates: float = 6.0
    """Seconds of updates in each round, and again as many at full speed."""
    visitors: int = 200
    """Who send them: at a hundred a second each of them one in two seconds."""
    waiting: int = 10_000
    """Bookings the CRM lacks when the sender begins."""
    replayed: int = 220
    """Of them sent at the CRM's limit of 200 a minute: more than a minute may have."""
    sent: int = 60
    """Of them sent in each round without a limit."""

    @property
    def are_full(self) -> bool:
        """Whether none is smaller than in a full run."""
        full = Sizes()
        return all(getattr(self, one.name) >= getattr(full, one.name) for one in fields(self))


FULL = Sizes()
QUICK = Sizes(
    rounds=3,
    seconds=0.3,
    bookings=160,
    read=5_000,
    rebuilt=5_000,
    verified=5_000,
    remembered=20_000,
    stored=20_000,
    grown=20_000,
    calls=60,
    asked=100,
    updates=1.0,
    waiting=100,
    replayed=12,
    sent=10,
)


@dataclass(frozen=True)
class Stage:
    """What every subject is given: a database of this run alone, the sizes, and somebody to tell how far it is."""

    conninfo: str
    sizes: Sizes
    tell: Tell


Measure = Callable[[Stage], list["Row"]]
