"""The database is restarted under load, again and again: what was acknowledged is there, and everybody goes on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from console.database import EmbeddedDatabase, start_embedded
from tests.fault.day import Day, open_day, until
from tests.fault.test_kill import postmaster
from tests.fault.traffic import Writers, guests_at_work, writers_at_work

SEED = random.randrange(10**6)
IMMEDIATE, FAST = signal.SIGQUIT, signal.SIGINT
"""What `pg_ctl stop -m immediate` and `-m fast` send to the server."""


@pytest.fixture
def server(fresh_home: Path) -> Iterator[EmbeddedDatabase]:
    """With the settings users have: fsync on."""
    one = start_embedded(fresh_home)
    yield one
    start_embedded(fresh_home).stop()
    one.stop()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def restart(home: Path, how: signal.Signals) -> None:
    pid = postmaster(home)
    os.kill(pid, how)
    await until(lambda: not is_running(pid), "the server to stop")
    again = await asyncio.to_thread(start_embedded, home)
    await asyncio.to_thread(again.stop)  # ours is not the last share: it runs on


async def load(day: Day, writers: Writers) -> None:
    """Waits until writers and clients have done some more."""
    done, taps = writers.acknowledged + 20, day.tally.taps + 6
    await until(lambda: writers.acknowledged >= done and day.tally.taps >= taps, "work to go on")


async def test_the_database_is_restarted_under_load(server: EmbeddedDatabase, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    async with open_day(server.url, "day", tmp_path) as day:
        role = await day.at_work("run")
        guests = [day.guest(chat_id, SEED) for chat_id in range(101, 105)]
        async with guests_at_work(guests):
            with writers_at_work(day.salon, SEED) as writers:
                for how in (IMMEDIATE, FAST, IMMEDIATE):
                    await load(day, writers)
                    await restart(server.home, how)
                await load(day, writers)
        await day.sent()
        await role.stop()

        writers.check()
        await day.audit()


def test_an_embedded_server_that_was_killed_is_started_again_by_whoever_uses_it(server: EmbeddedDatabase) -> None:
    assert not server.look_after()
    os.kill(pid := postmaster(server.home), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert server.look_after()

    assert not server.look_after()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
