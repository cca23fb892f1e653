"""The story the demo tells: a working day, an outage, a return that loses answers, a sender killed in a write."""

from __future__ import annotations

import asyncio
import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.local import LocalTelegram, local_bot
from console.cli.catalog import publish
from console.demo.breaks import plant
from console.demo.guests import Guest, Tally, all_at_once
from console.demo.invariants import Audit, audit
from console.demo.stage import SimulatedCrm, SyncProcess, simulated_crm
from console.errors import FoundError
from console.roles import started
from console.salon_file import load_salon
from console.serving import serve_bot
from console.settings import Settings
from console.wiring import House, drop_schema, open_house
from ledger.privacy import new_master_key
from projections import backlog
from projections.integration import integration

LOST_SHARE = 1 / 3
KILLS = 5
DRAIN_SECONDS = 180.0


@dataclass(frozen=True)
class Report:
    """How it went."""

    seed: int
    clients: int
    tally: Tally
    audit: Audit
    kills: int
    rate_limited: int
    seconds: float


def run_demo(settings: Settings, *, seed: int, clients: int, broken: str | None, tell: Callable[[str], None]) -> Report:
    """Plays the whole story in a ledger of its own, dropped at the end. Raises FoundError when it gets stuck."""
    started_at = time.monotonic()
    catalog, _ = load_salon(settings.salon_file, timezone=settings.salon_timezone)
    zone = ZoneInfo(catalog.timezone)
    own = settings.model_copy(
        update={
            "zapisnik_schema": f"{settings.zapisnik_schema[:28]}_demo_{secrets.token_hex(4)}",
            "zapisnik_master_key": SecretStr(new_master_key()),
        }
    )
    try:
        with simulated_crm(catalog.timezone) as crm, open_house(own, prepare=True, zone=zone) as house:
            publish(house, settings.salon_file)
            play = _Play(house, crm, seed, clients, tell)
            result = asyncio.run(play.all(broken))
            limited = int(crm.seen()["counts"]["rate_limited"])
    finally:
        drop_schema(own)
    return Report(seed, clients, play.tally, result, play.kills, limited, time.monotonic() - started_at)


class _Play:
    """One performance."""

    def __init__(self, house: House, crm: SimulatedCrm, seed: int, clients: int, tell: Callable[[str], None]) -> None:
        self._house, self._crm, self._seed, self._tell = house, crm, seed, tell
        self._rng = random.Random(seed)
        self.telegram, self.tally, self.kills = LocalTelegram(), Tally(), 0
        self._guests = [self._guest(number) for number in range(clients)]
        key = house.settings.zapisnik_master_key
        self._sync = SyncProcess(
            {
                **crm.settings(),
                "DATABASE_URL": house.database.url,
                "ZAPISNIK_SCHEMA": house.database.schema,
                "ZAPISNIK_MASTER_KEY": key.get_secret_value() if key else "",
            },
            house.database,
        )

    async def all(self, broken: str | None) -> Audit:
        stopped = threading.Event()
        with started(self._house, ["follow", "remind"], stopped) as failures:
            serving = asyncio.create_task(serve_bot(self._house, local_bot(self.telegram), stopped, wait_seconds=1))
            try:
                await self._working_day()
                await self._outage()
                await self._return()
            finally:
                await asyncio.to_thread(self._sync.stop)
                stopped.set()
                await serving
        if failures:
            raise failures[0]
        if broken is not None:
            self._tell(f"Planting a fault: {broken}")
            plant(broken, self._house.recorder, self._crm, self.telegram)
        self._tell("Audit: the raw log against plain GETs from the CRM")
        return await asyncio.to_thread(audit, self._house.recorder, self._crm.address, self.telegram.unanswered())

    async def _working_day(self) -> None:
        self._sync.start()
        await self._until(lambda: integration(self._house.ledger).is_connected, "the sender to connect")
        await self._until(lambda: integration(self._house.ledger).is_diary_loaded, "the CRM's diary to be read")
        self._tell("The CRM works; the first quarter of the clients books, some for the same time")
        await all_at_once(self._quarter(0))
        await self._until(self._is_synced, "the first bookings to be sent")

    async def _outage(self) -> None:
        self._tell("The CRM refuses every call: 401. Clients go on booking, moving and cancelling")
        self._crm.set_mode("auth")
        await all_at_once(self._quarter(1))
        await self._cancel_some(self._quarter(0))
        await self._move_some(self._quarter(0))
        await all_at_once(self._quarter(2))
        await self._move_some(self._quarter(1))
        await self._cancel_some(self._quarter(1))
        await self._until(lambda: integration(self._house.ledger).state == "paused", "the sender to pause by itself")

    async def _return(self) -> None:
        self._tell("The CRM is back but loses a third of its answers after the write; the operator resumes")
        self._crm.set_mode("drop_after_write", drop_share=LOST_SHARE, seed=self._seed)
        await asyncio.to_thread(self._sync.operator, "sync", "resume")
        booking = asyncio.create_task(all_at_once(self._quarter(3)))
        try:
            await self._kill_in_a_write()
        finally:
            await booking
        await self._cancel_some(self._quarter(3))
        await self._move_some(self._quarter(2))
        await self._until(self._is_synced, "everything to be sent")
        self._sync.check()

    async def _kill_in_a_write(self) -> None:
        """SIGKILL between an attempt and its outcome. A kill that came a moment late is tried again."""
        give_up = threading.Event()
        for _ in range(KILLS):
            timer = threading.Timer(30, give_up.set)
            timer.start()
            is_in_a_write = await asyncio.to_thread(self._sync.kill_in_a_write, give_up)
            timer.cancel()
            self._sync.start()
            if is_in_a_write:
                self.kills += 1
                self._tell("The sender was killed in the middle of a write and started again")
                return
        raise FoundError("the sender could not be killed in the middle of a write")

    async def _cancel_some(self, guests: Sequence[Guest]) -> None:
        chosen = [guest for guest in guests if guest.has_booked and self._rng.random() < 0.4]
        await asyncio.gather(*(guest.cancel() for guest in chosen))

    async def _move_some(self, guests: Sequence[Guest]) -> None:
        chosen = [guest for guest in guests if guest.has_booked and self._rng.random() < 0.4]
        await asyncio.gather(*(guest.move() for guest in chosen))

    def _guest(self, number: int) -> Guest:
        chat_id = 1000 + number
        self.telegram.enter(chat_id, f"Client {number}")
        rng = random.Random(self._seed * 1000 + number)
        return Guest(
            self.telegram, self.tally, chat_id, rng, twice=number % 5 == 1, first_choice=number % 10 in (2, 3, 4, 5)
        )

    def _quarter(self, which: int) -> list[Guest]:
        size = len(self._guests) / 4
        return self._guests[round(which * size) : round((which + 1) * size)]

    def _is_synced(self) -> bool:
        self._sync.check()
        counts = backlog.counts(self._house.database)
        is_current = self._house.follower.wait_until(self._house.recorder.head(), seconds=1)
        if counts.parked:
            raise FoundError(f"{counts.parked} bookings are parked: nothing in this story should park one")
        return is_current and counts.pending + counts.unknown == 0

    async def _until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while not await asyncio.to_thread(is_so):
            if time.monotonic() > deadline:
                raise FoundError(f"waited {DRAIN_SECONDS:.0f} s in vain for {what}")
            await asyncio.sleep(0.1)
