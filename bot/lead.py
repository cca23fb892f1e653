"""Which copy of the bot fetches updates, should two have been started: Telegram serves one and turns the other away.

Nobody waits for the lead to begin with: a bot that was killed is followed at once by the next. Only whoever is turned
away looks who has it, and stands by without it. So two copies do not turn each other away for ever.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg

from bot.delivery import sleep_unless
from ledger import leases
from ledger.errors import StoreUnavailableError
from ledger.leases import Lease
from ledger.postgres import Database

_STORE_AWAY = (psycopg.OperationalError, StoreUnavailableError)
LASTS = timedelta(seconds=15)
RENEWED_EVERY = 4.0
"""Seconds; also how long a copy that stands by may sleep after the lead became free."""


class Lead:
    """One copy's claim to the lead, by the lease `bot`."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database, self._holder = database, holder
        self._lease: Lease | None = None

    @property
    def is_ours(self) -> bool:
        return self._lease is not None

    async def keep(self, stopped: asyncio.Event) -> None:
        """Claims it, and claims it anew, until stopped; then lets the next one in at once."""
        while not stopped.is_set():
            with suppress(*_STORE_AWAY):  # whoever had it has it still: nobody can take it over now
                self._lease = await asyncio.to_thread(
                    leases.acquire, self._database, "bot", self._holder, lasting=LASTS
                )
            await sleep_unless(stopped, RENEWED_EVERY)
        if self._lease is not None:
            with suppress(*_STORE_AWAY):  # it runs out by itself
                await asyncio.to_thread(leases.release, self._database, self._lease)
