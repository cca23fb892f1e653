"""`python -m tests.campaign --seeds N`: plays seeds, prints what happened how often, exits 1 if anything is wrong."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from secrets import token_hex

from console.database import start_embedded
from tests.campaign.plants import PLANTS
from tests.campaign.search import play_batch
from tests.campaign.tally import Tally

WHOLE = 1000
"""From so many seeds on, what never happened fails the campaign."""
BATCH = 10


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    seeds: range
    http: int
    plant: str | None
    jobs: int
    verbose: bool


def main() -> int:
    wanted = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that its PostgreSQL ends with it
    home = Path(f"/tmp/zapisnik-campaign-{token_hex(3)}")
    began = time.monotonic()
    try:
        database = start_embedded(home, options={"fsync": "off"})
        try:
            bad, tally, played = _play(wanted, database.url)
        finally:
            database.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(tally.table())
    zeros = tally.zeros() if played >= WHOLE and wanted.plant is None else []
    for zero in zeros:
        print(f"never happened: {zero}")
    seconds = time.monotonic() - began
    print(f"{played} seeds in {seconds:.0f} s ({seconds / max(played, 1):.2f} s each), {len(bad)} broken: {bad[:40]}")
    return 1 if bad or zeros else 0


def _play(wanted: Wanted, url: str) -> tuple[list[int], Tally, int]:
    """The broken seeds, what happened, and how many were played; a planted bug ends it where it is found."""
    bad: list[int] = []
    tally, played = Tally({}), 0
    with ProcessPoolExecutor(wanted.jobs, mp_context=get_context("spawn")) as pool:
        for batch in pool.map(play_batch, *zip(*_batches(wanted, url), strict=True)):
            for one in batch:
                played += 1
                tally.merge(one.tally)
                if one.story:
                    bad.append(one.seed)
                    print(one.story, flush=True)
                elif wanted.verbose:
                    print(f"seed {one.seed}: {one.seconds:.2f} s, {one.requests} requests", flush=True)
            if bad and wanted.plant is not None:
                pool.shutdown(cancel_futures=True)
                break
    return bad, tally, played


def _batches(wanted: Wanted, url: str) -> Iterator[tuple[str, list[int], int, str | None]]:
    seeds = list(wanted.seeds)
    for start in range(0, len(seeds), BATCH):
        yield url, seeds[start : start + BATCH], wanted.seeds.start + wanted.http, wanted.plant


def _arguments() -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many runs")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--http", type=int, default=None, help="how many of them over real HTTP (5 in 100 by default)")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="plant this bug; it must be found")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--verbose", action="store_true", help="say a line for every seed")
    given = parser.parse_args()
    http = given.seeds // 20 if given.http is None else given.http
    return Wanted(range(given.first, given.first + given.seeds), http, given.plant, given.jobs, given.verbose)


if __name__ == "__main__":
    sys.exit(main())
