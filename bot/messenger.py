"""Whoever writes unasked: reminders and news to clients, notices to the staff chat; one at a time, by a lease."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from aiogram import Bot

from bot.client_notices import ClientNotices
from bot.delivery import sleep_unless
from bot.line import Line
from bot.notices import Notices
from bot.reminders import Reminders
from bot.request import BotServices
from bot.staff_chat import StaffChat
from ledger import leases
from ledger.errors import LeaseLostError

POLL_SECONDS = 1.0
LEASE_LASTS = timedelta(seconds=30)
"""Longer than a message may take; a dead messenger's successor waits this long."""
_log = structlog.get_logger("messages")


class Messenger:
    """Owns the loop; the steps are those of what it sends, and all that counts is in the ledger."""

    def __init__(self, services: BotServices, bot: Bot, holder: str, staff_chat: StaffChat | None = None) -> None:
        self._services, self._holder = services, holder
        self._stopped = asyncio.Event()
        self._line = Line(bot, services.clock)
        self._reminders = Reminders(services, self._line, self._pause)
        self._client_notices = ClientNotices(services, self._line)
        self._notices: Notices | None = None
        if staff_chat is not None:
            self._notices = Notices(services, self._line, staff_chat.chat_id, staff_chat.words)

    async def run(self, stopped: asyncio.Event) -> None:
        """Runs until stopped; the message in hand is finished first. Telegram being away is waited out.

        Raises BotTokenError when Telegram refuses the token.
        """
        self._stopped = stopped
        while not stopped.is_set():
            try:
                is_busy = await self.turn()
            except LeaseLostError:
                _log.warning("another messenger took over")
                is_busy = False
            if not is_busy:
                await sleep_unless(stopped, POLL_SECONDS)

    async def turn(self) -> bool:
        """One reminder, one client's news and one notice at most; False when there was none, or nothing can be sent."""
        database = self._services.database
        lease = await asyncio.to_thread(leases.acquire, database, "messages", self._holder, lasting=LEASE_LASTS)
        if lease is None:
            return False
        await asyncio.to_thread(self._reminders.close_lost)
        if not await self._line.is_open():
            return False
        is_busy = await self._reminders.step(lease)
        if await self._line.is_open():
            is_busy = await self._client_notices.step() or is_busy
        if self._notices is not None and await self._line.is_open():
            is_busy = await self._notices.step(lease) or is_busy
        return is_busy

    async def _pause(self, seconds: float) -> bool:
        await sleep_unless(self._stopped, seconds)
        return not self._stopped.is_set()
