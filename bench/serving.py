"""A bot under load: the real polling loop on a Telegram of this process, and when each update was finished."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import TelegramObject, Update

from bench.visitors import Visitor
from bot.app import poll
from bot.failures import Failure
from bot.local import LocalTelegram, local_bot

PATIENCE = 60.0
Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]  # Any: aiogram's own


class Served:
    """Visitors, their Telegram and the bot, all in one event loop; the bot's own threads as it makes them.

    What the visitors and the local Telegram do takes time of the same interpreter, and counts against the bot.
    """

    def __init__(
        self, dispatcher: Dispatcher, visitor: Callable[[LocalTelegram, int], Visitor], *, visitors: int
    ) -> None:
        self._telegram, self._dispatcher = LocalTelegram(), dispatcher
        dispatcher.update.outer_middleware(self._note)
        self._visitors = [visitor(self._telegram, 1000 + number) for number in range(visitors)]
        self._sent: dict[int, tuple[Visitor, float]] = {}
        self._took: list[float] = []
        self._failed: list[Failure] = []

    async def start(self) -> None:
        self._idle: asyncio.Queue[Visitor] = asyncio.Queue()
        for visitor in self._visitors:
            self._idle.put_nowait(visitor)
        self._stopped, self._finished = asyncio.Event(), asyncio.Event()
        self._polling = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        self._stopped.set()
        await self._polling

    async def at_rate(self, a_second: float, seconds: float) -> list[float]:
        """Milliseconds from when each update was due to when it was finished; updates come whatever the bot does.

        An update that has to wait for its turn is as late as that makes it (no coordinated omission).
        """
        loop = asyncio.get_running_loop()
        self._took, started = [], loop.time()
        for number in range(int(a_second * seconds)):
            due = started + number / a_second
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._send(await self._next(), due)
        await self._settle()
        return [took * 1000 for took in self._took]

    async def at_most(self, seconds: float) -> float:
        """Updates finished a second when every visitor sends the next as soon as the last is answered."""
        loop = asyncio.get_running_loop()
        self._took, started = [], loop.time()
        while loop.time() < started + seconds:
            self._send(await self._next(), loop.time())
        finished, lasted = len(self._took), loop.time() - started
        await self._settle()
        return finished / lasted

    def _send(self, visitor: Visitor, due: float) -> None:
        self._finished.clear()
        self._sent[visitor.send()] = visitor, due

    async def _next(self) -> Visitor:
        async with asyncio.timeout(PATIENCE):
            return await self._idle.get()

    async def _settle(self) -> None:
        """Waits for what is still in hand. A figure with updates that failed would say nothing."""
        waiting = asyncio.create_task(self._finished.wait())
        done, _ = await asyncio.wait({waiting, self._polling}, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        waiting.cancel()
        if not done:
            raise TimeoutError(f"{len(self._sent)} updates are still in hand")
        if self._polling in done:
            await self._polling
        if self._failed:
            raise RuntimeError(f"{len(self._failed)} updates failed") from self._failed[0].error

    async def _note(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # Any: aiogram's own
        result = await handler(event, data)
        assert isinstance(event, Update)
        if event.update_id in self._sent:
            visitor, due = self._sent.pop(event.update_id)
            self._took.append(asyncio.get_running_loop().time() - due)
            self._idle.put_nowait(visitor)
        if not self._sent:
            self._finished.set()
        return result

    async def _poll(self) -> None:
        async def on_failure(_: Bot, failure: Failure) -> None:
            self._failed.append(failure)
            self._finished.set()

        bot = local_bot(self._telegram)
        try:
            await poll(bot, self._dispatcher, stopped=self._stopped, on_failure=on_failure, wait_seconds=2)
        finally:
            await bot.session.close()
