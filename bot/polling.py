"""The polling loop: updates are acknowledged only when they are finished, so no tap is lost.

aiogram's own loop acknowledges before it handles. Here the offset moves only past finished updates; a chat that keeps
us waiting (Telegram may ask for a pause of its own) does not keep the others. What was handled but not yet
acknowledged is delivered again after a crash; command ids make that harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from pydantic import ValidationError

from bot.answers import said, token_refused
from bot.delivery import Delivery, OnDelay, OnFailure, backoff, sleep_unless
from bot.errors import BotTokenError
from bot.failures import Failure
from bot.lead import Lead

_log = structlog.get_logger("bot")

KINDS = ["message", "callback_query"]
CONFLICT_PAUSE = 5.0
LONGEST_REST = 1.0
"""Seconds after which the other chats' new updates are fetched although something is still in hand."""


async def poll(
    bot: Bot,
    dispatcher: Dispatcher,
    *,
    stopped: asyncio.Event,
    on_failure: OnFailure,
    on_delay: OnDelay | None = None,
    lead: Lead | None = None,
    wait_seconds: int = 25,
) -> None:
    """Fetches and handles updates until `stopped`; what is in hand is finished and acknowledged first.

    Network errors and 5xx back off and go on, 429 is obeyed. A conflict with another program is reported and tried
    again, by a copy of this one only once it has the `lead`. `on_delay` is told once of an update that waits for the
    store. Raises BotTokenError when the token is refused, and SchemaVersionError when a newer program took over.
    """
    loop = _Loop(bot, stopped, Delivery(bot, dispatcher, stopped, on_failure, on_delay), lead, wait_seconds)
    await loop.ask(bot.get_me, can_be_wrong_url=True)
    await loop.ask(lambda: bot.delete_webhook(drop_pending_updates=False))
    await loop.run()


class _Loop:
    def __init__(
        self, bot: Bot, stopped: asyncio.Event, delivery: Delivery, lead: Lead | None, wait_seconds: int
    ) -> None:
        self._bot, self._stopped, self._delivery = bot, stopped, delivery
        self._lead, self._wait_seconds = lead, wait_seconds
        self._offset: int | None = None

    async def run(self) -> None:
        refused: BotTokenError | None = None
        async with asyncio.TaskGroup() as group:
            if self._lead is not None:
                group.create_task(self._lead.keep(self._stopped))
            while not self._stopped.is_set():
                try:
                    updates = await self.ask(self._fetch)
                except BotTokenError as error:
                    refused = error
                    self._stopped.set()  # what is in hand would wait for a Telegram that does not know us any more
                    break
                self._delivery.take(updates or [], group)
                await self._delivery.rest(LONGEST_REST)
                self._offset = self._delivery.next_offset(self._offset)
        self._offset = self._delivery.next_offset(self._offset)
        await self._acknowledge()
        if isinstance(self._delivery.final, TelegramUnauthorizedError):
            raise token_refused(self._bot, self._delivery.final)
        if reason := refused or self._delivery.final:
            raise reason

    async def ask(self, call: Callable[[], Awaitable[Any]], *, can_be_wrong_url: bool = False) -> Any:
        """Any: a different result a call. Tries until it works or the loop is stopped; then None."""
        tries = 0
        while not self._stopped.is_set():
            try:
                answer = await self._until_stopped(call())
            except TelegramUnauthorizedError as error:
                raise token_refused(self._bot, error) from None
            except TelegramNotFound as error:
                if can_be_wrong_url:
                    raise token_refused(self._bot, error) from None
                pause = self._pause_after(error, tries)
            except TelegramConflictError as error:
                pause = self._pause_after(error, tries)
                await self._stand_by()
            except (AiogramError, TimeoutError, OSError) as error:
                pause = self._pause_after(error, tries)
            else:
                self._delivery.is_telegram_away = False
                return answer
            self._delivery.is_telegram_away = True
            tries += 1
            await sleep_unless(self._stopped, pause)
        return None

    async def _fetch(self) -> list[Update]:
        """One long poll. An update aiogram cannot read is recorded and passed, or it would block all others."""
        seconds = self._wait_seconds if self._delivery.is_at_rest else 0
        try:
            return await self._bot.get_updates(
                offset=self._offset, timeout=seconds, allowed_updates=KINDS, request_timeout=seconds + 15
            )
        except ClientDecodeError as error:
            raw = error.data.get("result") if isinstance(error.data, dict) else None
            if not isinstance(raw, list):
                raise
            return await self._readable(raw)

    async def _readable(self, raw: Sequence[Any]) -> list[Update]:
        """Any: JSON of a shape this version does not know."""
        updates: list[Update] = []
        for one in raw:
            try:
                updates.append(Update.model_validate(one, context={"bot": self._bot}))
            except ValidationError as error:
                update_id = one.get("update_id") if isinstance(one, dict) else None
                if isinstance(update_id, int) and await self._delivery.record(Failure(update_id, "undecodable", error)):
                    updates.append(Update(update_id=update_id))
        return updates

    async def _acknowledge(self) -> None:
        """Tells Telegram what was finished, so that a restart does not show it again."""
        if self._offset is None:
            return
        try:
            await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, request_timeout=5)
        except (AiogramError, TimeoutError, OSError) as error:
            _log.warning("the last updates will come again", error=said(self._bot, error))

    async def _stand_by(self) -> None:
        """Waits while another copy of this program has the lead."""
        if self._lead is None or self._lead.is_ours:
            return
        _log.warning("another copy of this bot is at work; this one stands by")
        while not self._stopped.is_set() and not self._lead.is_ours:
            await sleep_unless(self._stopped, 0.5)

    def _pause_after(self, error: Exception, tries: int) -> float:
        if isinstance(error, TelegramRetryAfter):
            _log.warning("Telegram asks for a pause", seconds=error.retry_after)
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            _log.error("another program fetches this bot's updates: stop one of them", error=said(self._bot, error))
            return CONFLICT_PAUSE
        _log.warning("Telegram did not answer as expected", error=said(self._bot, error), tries=tries + 1)
        return backoff(tries)

    async def _until_stopped(self, call: Awaitable[Any]) -> Any:
        """Any: passed through. None when the loop is stopped first."""
        working = asyncio.ensure_future(call)
        waiting = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in (working, waiting):
                task.cancel()
            await asyncio.gather(working, waiting, return_exceptions=True)
