"""`python -m bench`: how fast appends and decisions are here, beside what they are measured against."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from bench.appends import MOST_WRITERS, contestants
from bench.decisions import BookingDay
from bench.report import Report, append_targets
from bench.rounds import Figure, Target, rate
from bench.server import describe, fsync_milliseconds, throwaway_database

DECISIONS_A_SECOND = 1000.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, then prints; a missed target is said, and is no error."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; figures are their medians")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each contestant in each round")
    parser.add_argument("--bookings", type=int, default=1200, help="made in each round of whole decisions")
    parser.add_argument("--quick", action="store_true", help="3 short rounds: to see that it works, not to quote")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--home", type=Path, help="where the embedded server may put its data, on the disk to measure")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.bookings = 3, 0.3, 160
    home = None
    if chosen.home or not os.environ.get("DATABASE_URL"):
        # Short enough for a socket's name, and where root's system user may go.
        home = (chosen.home or Path(gettempdir())) / f"zapisnik-bench-{token_hex(4)}"
    report = measure(home, chosen.rounds, chosen.seconds, chosen.bookings)
    sys.stdout.write((report.json() if chosen.json else report.text()) + "\n")


def measure(home: Path | None, rounds: int, seconds: float, bookings: int) -> Report:
    """All figures on one server, the embedded one of `home` or DATABASE_URL's; every round has every contestant."""
    with throwaway_database(home) as conninfo:
        surroundings = {"server": "embedded" if home else "DATABASE_URL", **describe(conninfo)}
        if home:
            surroundings["fsync_ms"] = round(fsync_milliseconds(home), 2)
        report = Report({**surroundings, "rounds": rounds, "seconds": seconds, "bookings": bookings})
        _measure_appends(report, conninfo, rounds, seconds)
        _measure_decisions(report, conninfo, rounds, bookings)
    return report


def _measure_appends(report: Report, conninfo: str, rounds: int, seconds: float) -> None:
    rivals = contestants(conninfo)
    try:
        writers = {rival: [rival.writer(number) for number in range(MOST_WRITERS)] for rival in rivals}
        report.appends = {number: [Figure(rival.name) for rival in rivals] for number in (1, MOST_WRITERS)}
        for round_ in range(-1, rounds):  # the first warms up and does not count
            for number, figures in report.appends.items():
                for rival, figure in zip(rivals, figures, strict=True):
                    found = rate(writers[rival][:number], seconds)
                    if round_ >= 0:
                        figure.rounds.append(found)
            _tell(f"appends, round {round_ + 1} of {rounds}")
    finally:
        for rival in rivals:
            rival.close()
    for number, figures in report.appends.items():
        report.targets += append_targets(number, figures)


def _measure_decisions(report: Report, conninfo: str, rounds: int, bookings: int) -> None:
    holding, booking, both = Figure("hold a slot"), Figure("book what is held"), Figure("both, decisions a second")
    day = BookingDay(conninfo, threads=MOST_WRITERS, bookings=bookings)
    try:
        for round_ in range(-1, rounds):  # the first warms up and does not count
            found = day.round()
            if round_ >= 0:
                holding.rounds.append(found.hold)
                booking.rounds.append(found.book)
                both.rounds.append(found.both)
            _tell(f"decisions, round {round_ + 1} of {rounds}")
    finally:
        day.close()
    report.decisions = [holding, booking, both]
    name = f"whole booking decision, {MOST_WRITERS} threads"
    report.targets.append(Target(name, DECISIONS_A_SECOND, both.per_second, "a second"))


def _tell(done: str) -> None:
    print(done, file=sys.stderr)


if __name__ == "__main__":
    main()
