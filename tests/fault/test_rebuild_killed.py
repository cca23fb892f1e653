"""A rebuild killed with -9 in the middle: the live read model never knew of it, and the next rebuild works."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import ledger
from ledger.values import BookingId
from projections.comparison import compare
from projections.errors import RebuildRunningError
from projections.rebuild import rebuild, running
from projections.schedule import Schedule
from tests.builders import DARIA, MONDAY, slot
from tests.season import Season
from tests.store import Salon, contents

PROJECT = Path(ledger.__file__).parents[1]
REBUILDER = """
import sys, time
import projections.projector
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from projections.rebuild import rebuild
from projections.schedule import Schedule
projections.projector.PAGE = 5
def told(progress):
    sys.stdout.write(f"{progress.events}\\n")
    sys.stdout.flush()
    time.sleep(0.05)
rebuild(PostgresRecorder(Database(sys.argv[1], sys.argv[2])), Schedule(), "killed", watch=told)
"""


def start_rebuild(salon: Salon) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", REBUILDER, salon.database.url, salon.database.schema]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("batches", [1, 4, 9])
def test_a_killed_rebuild_leaves_the_live_model_untouched_and_the_next_one_works(salon: Salon, batches: int) -> None:
    Season(salon, seed=1).play(100)
    live = contents(salon)
    child = start_rebuild(salon)
    assert child.stdout is not None
    reached = [int(child.stdout.readline()) for _ in range(batches)][-1]
    child.kill()
    child.communicate(timeout=30)

    assert 0 < reached < salon.recorder.head()
    assert contents(salon) == live
    assert salon.rows("SELECT position FROM rebuilds WHERE name = 'schedule' AND position >= %s", reached) != []
    with pytest.raises(RebuildRunningError, match="killed, try again in 5 seconds"):
        rebuild(salon.recorder, Schedule(), "too early")
    with salon.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = clock_timestamp() WHERE name = 'rebuild:schedule'")
    assert running(salon.database) == {}
    salon.hold(slot("18:00", on=MONDAY + timedelta(days=6)), BookingId(9), DARIA)

    assert rebuild(salon.recorder, Schedule(), "next").switched

    assert compare(salon.recorder, Schedule()).equal
    assert salon.rows("SELECT to_regclass('schedule_next')::text, count(*) FROM rebuilds") == [(None, 0)]
