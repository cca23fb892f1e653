"""Two copies of roles by mistake, and roles that are stopped and killed in the middle of everything."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import events as e
from tests.fault.day import Day, open_day, until
from tests.fault.traffic import guests_at_work

SEED = random.randrange(10**6)
ROLES = (("bot",), ("sync", "run"), ("remind",))


@pytest.fixture
async def day(database_url: str, schema: str, tmp_path: Path) -> AsyncIterator[Day]:
    async with open_day(database_url, schema, tmp_path) as day:
        yield day


def leader_of(day: Day, lease: str) -> int:
    """The process that holds a lease: holders are named host, process and a random word."""
    with day.salon.database.transaction() as connection:
        row = connection.execute(
            "SELECT holder FROM leases WHERE name = %s AND until > clock_timestamp()", (lease,)
        ).fetchone()
    return int(row[0].split(":")[1]) if row else 0


async def test_two_copies_of_the_sender_and_the_messenger_do_everything_once(day: Day) -> None:
    """Two bots are another matter: Telegram itself turns one of them away (409)."""
    print(f"seed {SEED}")
    await day.at_work("bot")
    copies = [day.role(*command).start() for command in ROLES[1:] for _ in range(2)]
    await asyncio.gather(*(copy.is_at_work() for copy in copies))
    guests = [day.guest(chat_id, SEED) for chat_id in range(101, 105)]
    async with guests_at_work(guests):
        await until(lambda: day.tally.booked >= 4, "clients to book")
        await until(lambda: leader_of(day, "sync") != 0, "a sender to lead")
        leader = leader_of(day, "sync")
        os.kill(leader, signal.SIGKILL)
        booked = day.tally.booked
        await until(lambda: leader_of(day, "sync") not in (0, leader), "the other sender to take over")
        await until(lambda: day.tally.booked > booked, "clients to book on")
    await day.sent()
    for role in day.roles:
        if role.process.pid != leader:
            await role.stop()

    attempts = [event.attempt_id for event in day.events() if isinstance(event, e.SyncAttempted)]
    assert len(attempts) == len(set(attempts))
    await day.audit()


async def test_sigterm_in_the_middle_of_everything(day: Day) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    roles = [day.role(*command).start() for command in ROLES]
    await asyncio.gather(*(role.is_at_work() for role in roles))
    guests = [day.guest(chat_id, SEED) for chat_id in range(101, 105)]
    async with guests_at_work(guests):
        for _ in range(4):
            taps = day.tally.taps + dice.randrange(3, 12)
            await until(lambda taps=taps: day.tally.taps >= taps, "clients to tap on")  # type: ignore[misc]  # bound now
            role = dice.choice(roles)
            await role.stop()
            role.start()
            await role.is_at_work()
    await day.sent()
    for role in roles:
        await role.stop()

    await day.audit()


async def test_two_bots_are_as_good_as_one(day: Day) -> None:
    """Telegram turns one of them away, and that one stands by; when the other is killed it goes on at once."""
    print(f"seed {SEED}")
    bots = [day.role("bot").start() for _ in range(2)]
    await asyncio.gather(*(bot.is_at_work() for bot in bots))
    await day.at_work("sync", "run")
    await until(lambda: any("stands by" in bot.said for bot in bots), "one bot to stand by")
    await until(lambda: leader_of(day, "bot") != 0, "the other to lead")
    leader = leader_of(day, "bot")
    guests = [day.guest(chat_id, SEED) for chat_id in range(101, 105)]
    async with guests_at_work(guests):
        await until(lambda: day.tally.booked >= 4, "clients to book")
        os.kill(leader, signal.SIGKILL)
        booked = day.tally.booked
        await until(lambda: leader_of(day, "bot") not in (0, leader), "the other bot to take over")
        await until(lambda: day.tally.booked > booked + 2, "clients to book on")
    await day.sent()
    for role in day.roles:
        if role.process.pid != leader:
            await role.stop()

    await day.audit()
