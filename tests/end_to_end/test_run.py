"""`zapisnik run`, the whole salon in one process, against a Bot API server and a CRM over real HTTP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import psycopg

from bot.local import LocalTelegram
from console.demo.guests import Guest, Tally
from ledger.privacy import new_master_key
from sync.simulator import Simulator, running
from tests.fakes.telegram_server import serve
from tests.shell import Shell, crm

CHAT_ID = 1001


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  it happens in another process
            await asyncio.sleep(0.05)


def cut_off(database_url: str, schema: str) -> None:
    """Ends every connection of the program, as a restart of the database would."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (f"zapisnik {schema}",),
        ).fetchall()
    assert len(ended) >= 3


async def test_a_tap_ends_in_the_crm_also_after_the_database_was_lost(database_url: str, schema: str) -> None:
    telegram, simulator = LocalTelegram(), Simulator()
    telegram.enter(CHAT_ID, "Anna")
    token = f"{telegram.bot_id}:s3cret"
    async with serve(telegram, token) as server:
        with running(simulator) as crm_url:
            shell = Shell(
                DATABASE_URL=database_url,
                ZAPISNIK_SCHEMA=schema,
                ZAPISNIK_MASTER_KEY=new_master_key(),
                BOT_TOKEN=token,
                TELEGRAM_API_URL=server.url,
                PORT="0",
                **crm(crm_url),
            )
            process = shell.start("run")
            try:
                await until(lambda: "GET" in {call.method for call in simulator.journal()})
                guest = Guest(telegram, Tally(), CHAT_ID, random.Random(1))
                assert await guest.book()
                await until(lambda: len(simulator.records()) == 1)
                await asyncio.to_thread(cut_off, database_url, schema)
                assert await guest.book()
                await until(lambda: len(simulator.records()) == 2)
            finally:
                process.terminate()
                shown, said = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 0, said
    assert telegram.unanswered() == []
    assert "Console: http://127.0.0.1:" in shown
    assert "Traceback" not in said
    for secret in ("s3cret", "79" + f"{CHAT_ID:09d}"):
        assert secret not in said
