"""What was acknowledged is there after kill -9, of the program and of the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import ledger
from console.database import start_embedded
from ledger.integrity import verify_chain
from ledger.recorder import PostgresRecorder
from tests.store import Salon, salon_at

PROJECT = Path(ledger.__file__).parents[1]
WRITER = """
import sys, structlog
from ledger.decisions.integration import PauseIntegration
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from projections.schedule import Schedule
from tests.builders import order
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
recorder = PostgresRecorder(Database(sys.argv[1], sys.argv[2]))
ledger = Ledger(recorder, [Schedule()])
for n in range(10**6):
    done = ledger.execute(PauseIntegration(order(f"killed:{sys.argv[3]}:{n}"), "operator", str(n)))
    sys.stdout.write(f"{done.position} {n}\\n")
    sys.stdout.flush()
"""


def start_writer(url: str, schema: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, schema, name]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(writer: subprocess.Popen[str], lines: int) -> list[tuple[int, int]]:
    """Lets it acknowledge so many appends, kills it, and gives all it acknowledged: position and number."""
    assert writer.stdout is not None
    heard = [writer.stdout.readline() for _ in range(lines)]
    writer.kill()
    # Not communicate(): it reads past what readline() has already taken into its buffer, and that would be forgotten.
    rest = writer.stdout.read()
    writer.communicate(timeout=30)
    whole = [line for line in [*heard, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    return [(int(position), int(n)) for position, n in (line.split() for line in whole)]


def assert_kept(salon: Salon, acknowledged: list[tuple[int, int]], name: str) -> None:
    stored = dict(
        salon.rows(
            "SELECT position, data->'facts'->>'message' FROM events WHERE data->>'cause' LIKE %s", f"killed:{name}:%"
        )
    )
    for position, n in acknowledged:
        assert stored.get(position) == str(n), f"position {position} was acknowledged and is not there"
    assert len(stored) - len(acknowledged) in (0, 1)  # one may have been committed and not told
    found = verify_chain(salon.recorder)
    assert found.ok, found


def test_acknowledged_appends_survive_a_killed_program(salon: Salon) -> None:
    for n in range(5):
        acknowledged = kill_after(start_writer(salon.database.url, salon.database.schema, str(n)), 20 + n)

        assert len(acknowledged) >= 20
        assert_kept(salon, acknowledged, str(n))


def test_a_killed_program_blocks_nobody(salon: Salon) -> None:
    kill_after(start_writer(salon.database.url, salon.database.schema, "x"), 5)
    began = time.monotonic()

    salon.hold()

    assert time.monotonic() - began < 5


@pytest.fixture
def home(fresh_home: Path) -> Iterator[Path]:
    yield fresh_home
    if (fresh_home / "users.lock").exists():
        start_embedded(fresh_home).stop()


def postmaster(home: Path) -> int:
    return int(next(home.glob("postgresql/*/data/postmaster.pid")).read_text().split()[0])


def test_acknowledged_appends_survive_a_killed_server(home: Path) -> None:
    """With the settings users have: fsync on."""
    server = start_embedded(home)
    with salon_at(server.url, "killed") as salon:
        salon.open()
    for n in range(3):
        writer = start_writer(server.url, "killed", str(n))
        assert writer.stdout is not None
        heard = [writer.stdout.readline() for _ in range(30)]
        os.kill(postmaster(home), signal.SIGKILL)
        time.sleep(0.2)
        acknowledged = [
            (int(position), int(number)) for position, number in (line.split() for line in heard)
        ] + kill_after(writer, 0)

        again = start_embedded(home)
        with salon_at(again.url, "killed") as salon:
            assert_kept(salon, acknowledged, str(n))
        again.stop()
    server.stop()


def test_a_ledger_goes_on_by_itself_after_the_server_came_back(home: Path) -> None:
    server = start_embedded(home)
    with salon_at(server.url, "back") as salon:
        salon.open()
        os.kill(postmaster(home), signal.SIGKILL)
        again = start_embedded(home)

        salon.hold()  # the pool's connections are dead, and nobody told it

        assert salon.types()[-1] == "slot_held"
        again.stop()
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)
    assert isinstance(salon.recorder, PostgresRecorder)
