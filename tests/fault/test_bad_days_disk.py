"""The disk is full: clients hear that it does not work just now, nothing is half written, and afterwards it goes on."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from bot import delivery
from bot.texts.ru import RU
from console.database import EmbeddedDatabase, start_embedded
from tests.fault.day import Day, open_day, until
from tests.fault.test_bad_days_database import is_running, load
from tests.fault.test_kill import postmaster
from tests.fault.traffic import guests_at_work, writers_at_work

SEED = random.randrange(10**6)
MEGABYTES = 150
"""Twice what the programs and an empty database take."""


@pytest.fixture
def server(fresh_home: Path) -> Iterator[EmbeddedDatabase]:
    """A server whose home is a disk of its own, and small."""
    fresh_home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", str(fresh_home)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"A FULL DISK IS NOT TRIED HERE: a small one cannot be mounted: {done.stderr.strip()}")
    one = start_embedded(fresh_home)
    yield one
    (fresh_home / "ballast").unlink(missing_ok=True)
    one.look_after()
    one.stop()
    subprocess.run(["umount", "--lazy", str(fresh_home)], check=True)


def fill(disk: Path) -> Path:
    """Takes all that is left of it."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    for size in (1 << 20, 1 << 12):
        with suppress(OSError):
            while True:
                os.write(descriptor, b"x" * size)
    os.close(descriptor)
    return ballast


def is_told_to_wait(day: Day) -> bool:
    return RU.waiting in [text for _, text in day.server.shown]


def need_new_log_file(url: str) -> None:
    """As under any load before long; PostgreSQL can't go on without one, and ends."""
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")


async def test_the_disk_is_full_and_postgresql_ends(server: EmbeddedDatabase, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    async with open_day(server.url, "day", tmp_path) as day:
        del day.settings["DATABASE_URL"]
        day.settings["ZAPISNIK_HOME"] = str(server.home)
        role = await day.at_work("run")
        guests = [day.guest(chat_id, SEED) for chat_id in range(101, 105)]
        async with guests_at_work(guests):
            with writers_at_work(day.salon, SEED, count=4) as writers:
                await load(day, writers)
                pid = postmaster(server.home)
                ballast = await asyncio.to_thread(fill, server.home)
                await until(lambda: is_told_to_wait(day), "a client to hear of it")
                await asyncio.to_thread(need_new_log_file, server.url)
                await until(lambda: not is_running(pid), "PostgreSQL to end")

                ballast.unlink()

                await load(day, writers)  # nobody has started anything
        await day.sent()
        await role.stop()

        writers.check()
        await day.audit()


@pytest.mark.parametrize("table", ["event_tags", "schedule"])
async def test_the_disk_is_full_for_one_table(day: Day, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where no disk can be mounted: the server's own error, at the first or the last write of an append."""
    monkeypatch.setattr(delivery, "PATIENCE_SECONDS", 0.3)
    guests = [day.guest(chat_id) for chat_id in range(101, 105)]
    async with day.house_at_work():
        booking = asyncio.gather(*(guest.book() for guest in guests))
        await until(lambda: day.tally.taps >= 6, "the clients to be in the middle of it")
        with day.salon.database.transaction() as connection:
            connection.execute(f"""
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()""")
        kept = [event for event in day.events() if hasattr(event, "slot")]

        await until(lambda: is_told_to_wait(day), "a client to hear of it")

        assert [event for event in day.events() if hasattr(event, "slot")] == kept
        with day.salon.database.transaction() as connection:
            connection.execute(f"DROP TRIGGER full_disk ON {table}")
        assert all(await booking)
    await day.audit(was_sent=False)
