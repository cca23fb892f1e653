"""The figures as a table with their targets, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from bench.rounds import Figure, Target

NOT_MEASURED = (
    "append of 100 events a transaction",
    "read and decode the log",
    "rebuild `schedule`",
    "free slots with 1 million bookings stored",
    "one bot update",
    "sync replay",
)
"""Targets of the design that this bench does not measure yet."""
MOST_SWING = 1.5
"""On a machine with nothing else to do the bare INSERT varies less than this between rounds."""


@dataclass
class Report:
    """Everything one run found."""

    surroundings: Mapping[str, object]
    appends: dict[int, list[Figure]] = field(default_factory=dict)
    decisions: list[Figure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def swing(self) -> float:
        """How many times faster bare SQL was in its best round than in its worst."""
        return max((max(figures[0].rounds) / min(figures[0].rounds) for figures in self.appends.values()), default=1.0)

    def text(self) -> str:
        """For people."""
        lines = ["; ".join(f"{name} {value}" for name, value in self.surroundings.items())]
        for writers, figures in self.appends.items():
            lines += ["", f"append, 1 event a transaction, {writers} writer{'s' if writers > 1 else ''}"]
            lines += [f"  {_row(one)}   {one.times(figures[0]):5.2f} x bare" for one in figures]
        lines += ["", "whole booking decision, 8 threads, no overlaps"]
        lines += [f"  {_row(one)}" for one in self.decisions]
        lines += ["", "targets", *(f"  {_verdict(target)}" for target in self.targets)]
        if (swing := self.swing()) > MOST_SWING:
            lines += ["", f"DO NOT QUOTE: bare SQL itself varied {swing:.1f}-fold; something else used this machine"]
        lines += ["", f"not measured yet: {', '.join(NOT_MEASURED)}"]
        return "\n".join(lines)

    def json(self) -> str:
        """For scripts."""
        found = {
            "surroundings": self.surroundings,
            "appends": [
                {"writers": writers, **_measured(one), "times_bare": one.times(figures[0])}
                for writers, figures in self.appends.items()
                for one in figures
            ],
            "decisions": [_measured(one) for one in self.decisions],
            "targets": [
                {
                    "name": target.name,
                    "wanted": target.wanted,
                    "reached": target.reached,
                    "unit": target.unit,
                    "met": target.is_met,
                    "missed_by": target.missed_by,
                }
                for target in self.targets
            ],
            "swing": self.swing(),
            "quotable": self.swing() <= MOST_SWING,
            "not_measured": NOT_MEASURED,
        }
        return msgspec.json.encode(found).decode()


def append_targets(writers: int, figures: Sequence[Figure]) -> list[Target]:
    """The design's: beside bare SQL with one writer, beside the library's default recorder with one and with many."""
    bare, library, _, ours = figures
    beside_library = Target(
        f"append, {writers} writers" if writers > 1 else "append, 1 writer",
        1.5 if writers > 1 else 2.0,
        ours.times(library),
        "x library",
    )
    if writers > 1:
        return [beside_library]
    return [Target("append, 1 writer", 0.55, ours.times(bare), "x bare"), beside_library]


def _measured(figure: Figure) -> dict[str, object]:
    return {"name": figure.name, "per_second": figure.per_second, "rounds": figure.rounds}


def _row(figure: Figure) -> str:
    return f"{figure.name:<26} {figure.per_second:8,.0f}/s  ({min(figure.rounds):,.0f} to {max(figure.rounds):,.0f})"


def _verdict(target: Target) -> str:
    said = "met" if target.is_met else f"MISSED by {target.missed_by:.0%}"
    return f"{target.name}: {target.reached:,.2f} {target.unit}, wanted at least {target.wanted:,.2f}: {said}"
