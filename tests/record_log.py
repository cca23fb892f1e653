"""`python -m tests.record_log`: play a season and keep its log as a fixture for every later version.

With `--renew` nothing is played: what the logs come to is written down again for read models whose version was raised.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from secrets import token_hex

from msgspec.structs import replace

from console.database import start_embedded
from ledger.codec import STORED_NAMES
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder, StoredEvent
from sync.simulator import Limits, Simulator, running
from tests.recorded_logs import (
    RecordedLog,
    fold_all,
    golden_file,
    golden_text,
    load,
    log_file,
    log_text,
    models_of,
    numbers,
    read_log,
    replays,
)
from tests.recorded_season import PLAIN_WORDS, RecordedSeason
from tests.salon import open_test_salon
from tests.stage import Stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.record_log", description=__doc__)
    parser.add_argument(
        "--renew", action="store_true", help="only what earlier logs come to, where a version was raised"
    )
    with server() as url:
        if parser.parse_args().renew:
            for number in numbers():
                renew(url, number)
        else:
            record(url, max(numbers(), default=0) + 1)


@contextmanager
def server() -> Iterator[str]:
    home = Path(f"/tmp/zapisnik-record-{token_hex(4)}")
    try:
        database = start_embedded(home, options={"fsync": "off"})
        yield database.url
        database.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def record(url: str, number: int) -> None:
    """Writes log `number` and what it comes to. Exits 1, having written nothing, when an event did not occur."""
    log = played(url)
    text = log_text(log.genesis, log.events)
    if missing := sorted(STORED_NAMES.keys() - log.types):
        sys.exit(f"give these a scene in tests/recorded_season.py: {', '.join(missing)}")
    if said := [words for words in PLAIN_WORDS if words in text]:
        sys.exit(f"this stands in clear: {said}")
    with log_file(number).open("xb") as file:  # never over an earlier one
        file.write(gzip.compress(text.encode(), mtime=0))
    with loaded(url, read_log(number)) as database:
        golden = {"models": models_of(database), "replays": replays(database, log.positions)}
    golden_file(number).write_text(golden_text(golden) + "\n", "utf-8")
    sys.stdout.write(f"log-{number}: {len(log.events)} events of {len(log.types)} types\n")


def renew(url: str, number: int) -> None:
    """Read models of a raised version, and those that are new; whatever stands at its version stays as it was."""
    golden = json.loads(golden_file(number).read_text("utf-8"))
    with loaded(url, read_log(number)) as database:
        for name, now in models_of(database).items():
            then = golden["models"].get(name)
            if then is None or then["version"] < now["version"]:
                golden["models"][name] = now
                sys.stdout.write(f"log-{number}: {name} is written down at version {now['version']}\n")
    golden_file(number).write_text(golden_text(golden) + "\n", "utf-8")


def played(url: str) -> RecordedLog:
    """The season's rows, exactly as they are stored."""
    with open_test_salon(url, "recorded") as salon:
        simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
        with running(simulator) as crm_url:
            stage = Stage(salon, simulator, crm_url)
            RecordedSeason(stage, Database(url, "recorded")).play()
            stage.crm.close()
        with salon.database.transaction() as connection:
            row = connection.execute("SELECT genesis FROM ledger").fetchone()
        assert row is not None
        return RecordedLog(bytes(row[0]), list(rows(salon.recorder)))


def rows(recorder: PostgresRecorder) -> Iterator[StoredEvent]:
    after = 0
    while page := recorder.page(None, after, 1000)[0]:
        yield from (replace(event, recorded_at=event.recorded_at.astimezone(UTC)) for event in page)
        after = page[-1].position


@contextmanager
def loaded(url: str, log: RecordedLog) -> Iterator[Database]:
    with Database(url, f"loaded_{token_hex(4)}") as database:
        recorder = load(database, log)
        fold_all(recorder)
        yield database
        recorder.close()


if __name__ == "__main__":
    main()
