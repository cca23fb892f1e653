"""A small outage that plays by itself: invented clients come through the real bot, the CRM is cut off."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Literal, get_args

from bot.local import LocalTelegram
from console.demo.guests import Guest, Tally
from console.errors import FoundError
from console.web.trial.cast import FIRST_GUEST, GUESTS
from console.wiring import House
from ledger.decisions.integration import ResumeIntegration
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections import backlog
from projections.integration import integration
from sync.simulator import Simulator

Step = Literal["calm", "cut", "blind", "regret", "back", "replay", "done"]
STEPS: tuple[Step, ...] = get_args(Step)
LONGEST_WAIT_SECONDS = 30.0
OPERATOR = Actor("operator", "try")


class ShortOutage:
    """Plays at most one at a time; `step` says where it is, None when nothing plays."""

    def __init__(self, house: House, telegram: LocalTelegram, simulator: Simulator, *, pause_seconds: float = 0.9):
        self._house, self._telegram, self._simulator = house, telegram, simulator
        self._pause_seconds = pause_seconds
        self._chats = count(FIRST_GUEST)
        self.step: Step | None = None
        self._is_closed = False

    def close(self) -> None:
        """Ends a play in the middle, so that the server can stop."""
        self._is_closed = True

    async def play(self) -> None:
        """The whole play. Raises FoundError when it gets stuck or is playing already."""
        if self.step not in (None, "done"):
            raise FoundError("the outage is playing already")
        try:
            await self._play()
        except TimeoutError as error:
            self.step = None
            raise FoundError("the bot did not answer a guest in time") from error
        except FoundError:
            self.step = None
            raise

    async def _play(self) -> None:
        guests = [self._guest(name) for name in GUESTS]
        early, late = guests[:3], guests[3:]
        self.step = "calm"
        self._simulator.set_mode("ok")
        await self._until(self._is_open, "the CRM's diary to be read")
        await self._resume()
        await self._book(early)
        await self._until(self._is_drained, "the first bookings to be sent")
        await self._rest(2)
        self.step = "cut"
        self._simulator.set_mode("auth")
        await self._rest(2)
        self.step = "blind"
        await self._book(late)
        self.step = "regret"
        await self._cancel_one(late)
        await self._cancel_one(early)
        await self._move_one(early)
        await self._until(self._is_paused, "the sender to pause by itself")
        await self._rest(2)
        self.step = "back"
        self._simulator.set_mode("ok")
        await self._rest(4)
        self.step = "replay"
        await self._resume()
        await self._until(self._is_drained, "the backlog to be replayed")
        self.step = "done"

    async def _book(self, guests: list[Guest]) -> None:
        for guest in guests:
            await guest.book()
            await self._rest()

    async def _cancel_one(self, guests: list[Guest]) -> None:
        """The first whose visit is not too near to be cancelled."""
        for guest in guests:
            await guest.cancel()
            if not guest.has_booked:
                await self._rest()
                return

    async def _move_one(self, guests: list[Guest]) -> None:
        for guest in (one for one in guests if one.has_booked):
            await guest.move()
            if guest.tally.moved:
                await self._rest()
                return

    async def _resume(self) -> None:
        if await asyncio.to_thread(self._is_paused):
            order = Order(f"try:{random_id()}", OPERATOR, self._house.clock.now())
            await asyncio.to_thread(self._house.ledger.execute, ResumeIntegration(order))

    async def _rest(self, times: float = 1) -> None:
        """So that a person can follow."""
        until = time.monotonic() + times * self._pause_seconds
        while time.monotonic() < until:
            self._check_open()
            await asyncio.sleep(0.05)

    async def _until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while not await asyncio.to_thread(is_so):
            if time.monotonic() > deadline:
                raise FoundError(f"waited {LONGEST_WAIT_SECONDS:.0f} s in vain for {what}")
            self._check_open()
            await asyncio.sleep(0.1)

    def _check_open(self) -> None:
        if self._is_closed:
            raise FoundError("the trial ends")

    def _guest(self, name: str) -> Guest:
        chat_id = next(self._chats)
        self._telegram.enter(chat_id, name)
        # The first day with room, so that the play fits onto a board or two; today's visits are too near to change.
        tomorrow = self._house.clock.now().date() + timedelta(days=1)
        return Guest(self._telegram, Tally(), chat_id, random.Random(), earliest=tomorrow)

    def _is_open(self) -> bool:
        """Before that the bot offers no days."""
        state = integration(self._house.ledger)
        return state.is_connected and state.is_diary_loaded

    def _is_paused(self) -> bool:
        return integration(self._house.ledger).state == "paused"

    def _is_drained(self) -> bool:
        """Nothing waits. What is parked waits for a person, so it is not waited for here."""
        counts = backlog.counts(self._house.database)
        is_current = self._house.follower.wait_until(self._house.recorder.head(), seconds=1)
        return is_current and counts.pending + counts.unknown == 0
