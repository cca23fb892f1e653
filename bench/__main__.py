"""`python -m bench`: how fast things are here, beside what they are measured against and what was kept."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

import structlog

from bench import kept
from bench.plot import long_logs
from bench.report import Report
from bench.server import describe, fsync_milliseconds, throwaway_database
from bench.sizes import FULL, QUICK, Sizes, Stage
from bench.subjects import SUBJECTS
from ledger.postgres import explain_connection

TO_STDOUT = "-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, then prints; a missed target is said, and is no error. Gives the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    sizes = _sizes(chosen)
    if problem := _problem(chosen, sizes):
        parser.error(problem)
    # What the measured parts have to say would stand in the middle of the table, or of the JSON.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    home = None
    if chosen.home or not os.environ.get("DATABASE_URL"):
        # Short enough for a socket's name, and where root's system user may go.
        home = (chosen.home or Path(gettempdir())) / f"zapisnik-bench-{token_hex(4)}"
    report = measure(home, sizes, list(dict.fromkeys(chosen.only or SUBJECTS)))
    _show(report, chosen.json)
    if chosen.plot:
        chosen.plot.write_text(long_logs(report.rows, report.surroundings), "utf-8")
    if chosen.keep and not _keep(report):
        return 1
    return exit_code(report, strict=chosen.strict)


def exit_code(report: Report, *, strict: bool) -> int:
    """1 for a regression, and only under `--strict`: on another machine a ratio may be another."""
    return 1 if strict and report.regressions else 0


def measure(home: Path | None, sizes: Sizes, names: Sequence[str]) -> Report:
    """These subjects on one server, the embedded one of `home` or DATABASE_URL's."""
    with throwaway_database(home) as conninfo:
        surroundings = {"server": "embedded" if home else "DATABASE_URL", **describe(conninfo)}
        if home:
            surroundings["fsync_ms"] = round(fsync_milliseconds(home), 2)
        report = Report({**surroundings, "rounds": sizes.rounds}, kept.load(), is_full=sizes.are_full)
        stage = Stage(conninfo, sizes, _tell)
        for name in names:
            report.rows += SUBJECTS[name].measure(stage)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(SUBJECTS), metavar="NAME", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="short rounds, small sizes: to see that it works")
    parser.add_argument(
        "--json",
        nargs="?",
        const=TO_STDOUT,
        metavar="FILE",
        help="write JSON into FILE beside the table; without FILE print it instead of the table",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what `growth` finds, as SVG")
    parser.add_argument("--keep", action="store_true", help="keep this run's ratios, if it may be quoted")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a ratio became worse by more than 20 %%")
    parser.add_argument("--rounds", type=_positive, help=f"interleaved rounds, {FULL.rounds} unless told")
    parser.add_argument("--seconds", type=float, help=f"for each contestant of a round, {FULL.seconds:g}")
    parser.add_argument("--bookings", type=_positive, help=f"decided about in each round, {FULL.bookings:,}")
    parser.add_argument("--stored", type=_positive, help=f"bookings in the schedule of `free-slots`, {FULL.stored:,}")
    parser.add_argument("--events", type=_positive, help=f"rebuilt from to see the memory used, {FULL.remembered:,}")
    parser.add_argument("--home", type=Path, help="where the embedded server may put its data, on the disk to measure")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _sizes(chosen: argparse.Namespace) -> Sizes:
    told = {
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "bookings": chosen.bookings,
        "stored": chosen.stored,
        "remembered": chosen.events,
    }
    return replace(QUICK if chosen.quick else FULL, **{name: size for name, size in told.items() if size is not None})


def _problem(chosen: argparse.Namespace, sizes: Sizes) -> str | None:
    """What would be a pity to find out after ten minutes; None when there is nothing."""
    if sizes.seconds <= 0:
        return "--seconds must be above 0"
    if chosen.keep and not sizes.are_full:
        return "--keep needs a full run: what smaller sizes find is not to be quoted"
    for option, file in (("--json", chosen.json), ("--plot", chosen.plot)):
        if file not in (None, TO_STDOUT) and not Path(file).absolute().parent.is_dir():
            return f"{option}: there is no directory for {file}"
    if chosen.plot and "growth" not in (chosen.only or SUBJECTS):
        return "--plot draws what `growth` finds: it must be measured"
    url = os.environ.get("DATABASE_URL")
    if url and not chosen.home and (said := explain_connection(url)):
        return f"DATABASE_URL does not answer as it should: {said}"
    return None


def _show(report: Report, json_to: str | None) -> None:
    if json_to == TO_STDOUT:
        sys.stdout.write(report.json() + "\n")
        return
    sys.stdout.write(report.text(coloured=sys.stdout.isatty()) + "\n")
    if json_to:
        Path(json_to).write_text(report.json() + "\n", "utf-8")


def _keep(report: Report) -> bool:
    """Keeps the rows that may be quoted; False when there were others."""
    kept.save([row for row in report.rows if row.is_quiet], report.surroundings)
    if report.is_quotable:
        return True
    noisy = ", ".join(row.name for row in report.rows if not row.is_quiet)
    sys.stderr.write(f"bench: not kept, the machine was not quiet: {noisy}\n")
    return False


def _tell(done: str) -> None:
    print(done, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
