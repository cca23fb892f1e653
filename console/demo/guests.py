"""Clients of the demo: each taps through the real dispatcher as a person would, knowing only what the screen shows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aiogram.filters.callback_data import CallbackData

from bot import buttons
from bot.local import ChatButton, ChatMessage, LocalTelegram
from console.errors import FoundError

PATIENCE_SECONDS = 60.0
TRIES = 5
Kind = type[CallbackData]
_AFTER_HOLD: tuple[Kind, ...] = (buttons.Agree, buttons.Confirm)


@dataclass
class Tally:
    """What all clients together did."""

    taps: int = 0
    refused: int = 0
    booked: int = 0
    gave_up: int = 0
    moved: int = 0
    cancelled: int = 0


@dataclass
class Guest:
    """One client. With `twice` every tap is delivered two times; `first_choice` means to fight for the same time.

    With `earliest` they take the first day with room from that one on, else one of the first three.
    """

    telegram: LocalTelegram
    tally: Tally
    chat_id: int
    rng: random.Random
    twice: bool = False
    first_choice: bool = False
    has_booked: bool = False
    earliest: date | None = None

    async def book(self, service: int | None = None) -> bool:
        """From /start to a booking; False when five times in a row were taken by others."""
        await self._say("/start")
        await self._press(buttons.Services)
        if category := self._find(buttons.Services, skip_menu=True):
            await self._tap(category[0] if self.first_choice else self.rng.choice(category))
        await self._press(buttons.Masters, buttons.Days, choice=service)
        if self._find(buttons.Days) and not self._find(buttons.Times):
            await self._press(buttons.Days)
        for _ in range(TRIES):
            if not self._find(buttons.Hold):
                await self._choose_day()
            if not self._find(buttons.Hold):
                continue  # others have taken the last times of that day
            await self._press(buttons.Hold)
            if self._find(*_AFTER_HOLD) or self._is_asked_for_contact():
                return await self._finish()
            self.tally.refused += 1
        self.tally.gave_up += 1
        return False

    async def cancel(self) -> None:
        """Cancels the first of the own bookings, unless its visit is too near to be cancelled here."""
        await self._say("/start")
        await self._press(buttons.MyBookings)
        await self._press(buttons.Card)
        if not self._find(buttons.AskCancel):
            return
        await self._press(buttons.AskCancel)
        await self._press(buttons.Cancel)
        self.has_booked = False
        self.tally.cancelled += 1

    async def move(self) -> None:
        """Moves the first of the own bookings to a time that is still free, unless its visit is too near."""
        await self._say("/start")
        await self._press(buttons.MyBookings)
        await self._press(buttons.Card)
        if not self._find(buttons.Move):
            return
        await self._press(buttons.Move)
        if self._find(buttons.MoveDays) and not self._find(buttons.MoveTimes):
            await self._press(buttons.MoveDays)
        for _ in range(TRIES):
            if not self._find(buttons.AskMove):
                if not self._find(buttons.MoveTimes):
                    return  # no other day has room
                await self._press(buttons.MoveTimes, among=3)
            if not self._find(buttons.AskMove):
                continue  # others have taken the last times of that day
            await self._press(buttons.AskMove)
            await self._press(buttons.MoveTo)
            if not self._find(buttons.AskMove, buttons.MoveTimes):
                self.tally.moved += 1
                return
            self.tally.refused += 1

    async def _finish(self) -> bool:
        if self._find(buttons.Agree):
            await self._press(buttons.Agree)
        if self._is_asked_for_contact():
            await self._sent(self.telegram.send_contact(self.chat_id, f"79{self.chat_id:09d}"[:11]))
        await self._press(buttons.Confirm)
        self.has_booked = True
        self.tally.booked += 1
        return True

    def _is_asked_for_contact(self) -> bool:
        keyboard = self.telegram.chat(self.chat_id).keyboard or []
        return any(key.request_contact for row in keyboard for key in row)

    def _messages(self) -> list[ChatMessage]:
        return [message for message in self.telegram.chat(self.chat_id).messages if message.from_bot][-2:]

    def _find(self, *kinds: Kind, skip_menu: bool = False) -> list[tuple[int, ChatButton]]:
        """Buttons of these kinds in the bot's last messages; with `skip_menu` only those that carry something."""
        prefixes = {kind.__prefix__ for kind in kinds}
        return [
            (message.message_id, button)
            for message in self._messages()
            for row in message.buttons
            for button in row
            if button.data.split(":")[0] in prefixes and not (skip_menu and not button.data.split(":")[1])
        ]

    async def _choose_day(self) -> None:
        if self.earliest is None:
            await self._press(buttons.Times, among=3)
            return
        if not self._days_from(self.earliest) and (months := self._find(buttons.Days)):
            await self._tap(months[-1])  # the arrow to the next month
        await self._tap(next(iter(self._days_from(self.earliest) or self._find(buttons.Times))))

    def _days_from(self, earliest: date) -> list[tuple[int, ChatButton]]:
        found = self._find(buttons.Times)
        return [place for place in found if buttons.Times.unpack(place[1].data).day >= earliest]

    async def _press(self, *kinds: Kind, among: int | None = None, choice: int | None = None) -> None:
        found = self._find(*kinds)
        if not found:
            seen = [button.data for message in self._messages() for row in message.buttons for button in row]
            wanted = ", ".join(kind.__name__ for kind in kinds)
            raise FoundError(f"client {self.chat_id} found no button {wanted} among {seen[:8]}")
        if self.first_choice:
            await self._tap(found[choice or 0])
        else:
            await self._tap(self.rng.choice(found[:among]))

    async def _tap(self, place: tuple[int, ChatButton]) -> None:
        message_id, button = place
        await self._sent(self.telegram.tap(self.chat_id, message_id, button.data))

    async def _say(self, text: str) -> None:
        await self._sent(self.telegram.send_text(self.chat_id, text))

    async def _sent(self, update_id: int) -> None:
        """Waits for the answer; a double tap is the same update delivered again."""
        self.tally.taps += 1
        if self.twice:
            self.telegram.redeliver(update_id)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while update_id in self.telegram.unanswered() or update_id in self.telegram.pending():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def all_at_once(guests: Sequence[Guest]) -> None:
    """Each books once; their taps interleave as they come."""
    await asyncio.gather(*(guest.book() for guest in guests))
