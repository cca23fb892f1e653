"""The polling loop: updates are acknowledged only when they are finished, so no tap is lost.

aiogram's own loop acknowledges before it handles. Here a batch is handled first, each chat's updates in their order
and different chats side by side, and only then the offset moves. What was handled but not yet acknowledged is
delivered again after a crash; command ids make that harmless.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    DetailedAiogramError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from pydantic import ValidationError

from bot.failures import Failure

_log = structlog.get_logger("bot")

KINDS = ["message", "callback_query"]
TRIES = 3
PAUSES = (0.2, 1.0)
OUTAGE_TRIES = 10
TRY_SECONDS = 30.0
CHATS_AT_ONCE = 20
LONGEST_PAUSE = 60.0
CONFLICT_PAUSE = 5.0

OnFailure = Callable[[Bot, Failure], Awaitable[None]]


_AWAY = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError)


class _StoppedError(Exception):
    """Stopped while Telegram was away: the update is not finished and will come again."""


class BotTokenError(Exception):
    """Telegram does not know this bot; the token itself is never repeated."""


async def poll(
    bot: Bot, dispatcher: Dispatcher, *, stopped: asyncio.Event, on_failure: OnFailure, wait_seconds: int = 25
) -> None:
    """Fetches and handles updates until `stopped`; the batch in hand is finished and acknowledged first.

    Network errors and 5xx back off and go on, 429 is obeyed. Raises BotTokenError when the token is refused.
    """
    loop = _Loop(bot, dispatcher, stopped, on_failure, wait_seconds)
    await loop.ask(bot.get_me, can_be_wrong_url=True)
    await loop.ask(lambda: bot.delete_webhook(drop_pending_updates=False))
    await loop.run()


class _Loop:
    def __init__(
        self, bot: Bot, dispatcher: Dispatcher, stopped: asyncio.Event, on_failure: OnFailure, wait_seconds: int
    ) -> None:
        self._bot, self._dispatcher = bot, dispatcher
        self._stopped, self._on_failure = stopped, on_failure
        self._wait_seconds = wait_seconds
        self._offset: int | None = None
        self._chats = asyncio.Semaphore(CHATS_AT_ONCE)

    async def run(self) -> None:
        while not self._stopped.is_set():
            updates = await self.ask(self._fetch)
            finished = await self._handle_batch(updates or [])
            self._move_offset(updates or [], finished)
        await self._acknowledge()

    async def ask(self, call: Callable[[], Awaitable[Any]], *, can_be_wrong_url: bool = False) -> Any:
        """Any: a different result a call. Tries until it works or the loop is stopped; then None."""
        tries = 0
        while not self._stopped.is_set():
            try:
                return await self._until_stopped(call())
            except TelegramUnauthorizedError as error:
                raise self._refused(error) from None
            except TelegramNotFound as error:
                if can_be_wrong_url:
                    raise self._refused(error) from None
                pause = self._pause_after(error, tries)
            except (AiogramError, TimeoutError, OSError) as error:
                pause = self._pause_after(error, tries)
            tries += 1
            await self._sleep(pause)
        return None

    async def _fetch(self) -> list[Update]:
        """One long poll. An update aiogram cannot read is recorded and passed, or it would block all others."""
        try:
            return await self._bot.get_updates(
                offset=self._offset,
                timeout=self._wait_seconds,
                allowed_updates=KINDS,
                request_timeout=self._wait_seconds + 15,
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
                if not isinstance(update_id, int):
                    continue
                await self._record(Failure(update_id, "undecodable", error))
                updates.append(Update(update_id=update_id))
        return updates

    async def _handle_batch(self, updates: Sequence[Update]) -> set[int]:
        """Handles each chat's updates in order, chats side by side; gives the ids that are finished."""
        chats: dict[int, list[Update]] = {}
        for update in updates:
            chats.setdefault(_chat_of(update), []).append(update)
        finished: set[int] = set()

        async def serve(chat: list[Update]) -> None:
            async with self._chats:
                for update in chat:
                    if not await self._finish(update):
                        return
                    finished.add(update.update_id)

        async with asyncio.TaskGroup() as group:
            for chat in chats.values():
                group.create_task(serve(chat))
        return finished

    async def _finish(self, update: Update) -> bool:
        """True when the update is done or recorded as failed; False only when stopped before either."""
        if update.message is None and update.callback_query is None:
            return True  # unreadable (recorded by now), or of a kind nobody asked for
        try:
            error = await self._try(update)
        except _StoppedError:
            return False
        if error is None:
            return True
        kind = "callback_query" if update.callback_query else "message"
        return await self._record(Failure(update.update_id, kind, error, update))

    async def _try(self, update: Update) -> Exception | None:
        """None when one try went through, else the last error.

        A handler's own failure is tried TRIES times; Telegram being away is nobody's fault and waited for longer.
        """
        own_failures = outages = 0
        while True:
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    await self._dispatcher.feed_update(self._bot, update)
                return None
            except TelegramForbiddenError:
                _log.info("the client has blocked the bot", update=update.update_id)
                return None
            except _AWAY as error:
                last, outages = error, outages + 1
                pause = error.retry_after if isinstance(error, TelegramRetryAfter) else _backoff(outages - 1)
            except Exception as error:  # noqa: BLE001  whatever a handler does wrong, the next update is served
                last, own_failures = error, own_failures + 1
                pause = PAUSES[min(own_failures, len(PAUSES)) - 1]
            _log.warning("update failed", update=update.update_id, error=type(last).__qualname__)
            if own_failures >= TRIES or outages >= OUTAGE_TRIES:
                return last
            await self._sleep(min(float(pause), LONGEST_PAUSE))
            if self._stopped.is_set() and outages:
                raise _StoppedError

    async def _record(self, failure: Failure) -> bool:
        """Tries until the failure is written down: what is neither done nor recorded must not be acknowledged."""
        tries = 0
        while True:
            try:
                await self._on_failure(self._bot, failure)
                return True
            except Exception as error:  # noqa: BLE001  the store is away: wait for it, lose nothing
                _log.error("a failed update cannot be recorded", update=failure.update_id, error=type(error).__name__)
            if self._stopped.is_set():
                return False
            await self._sleep(_backoff(tries))
            tries += 1

    def _move_offset(self, updates: Sequence[Update], finished: set[int]) -> None:
        """Past the finished updates, up to the first that is not."""
        for update in sorted(updates, key=lambda update: update.update_id):
            if update.update_id not in finished:
                return
            self._offset = max(self._offset or 0, update.update_id + 1)

    async def _acknowledge(self) -> None:
        """Tells Telegram what was finished, so that a restart does not show it again."""
        if self._offset is None:
            return
        try:
            await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, request_timeout=5)
        except (AiogramError, TimeoutError, OSError) as error:
            _log.warning("the last updates will come again", error=self._said(error))

    def _pause_after(self, error: Exception, tries: int) -> float:
        if isinstance(error, TelegramRetryAfter):
            _log.warning("Telegram asks for a pause", seconds=error.retry_after)
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            _log.error("another program fetches this bot's updates: stop one of them", error=self._said(error))
            return CONFLICT_PAUSE
        _log.warning("Telegram did not answer as expected", error=self._said(error), tries=tries + 1)
        return _backoff(tries)

    def _refused(self, error: TelegramAPIError) -> BotTokenError:
        url = self._bot.session.api.base.split("/bot{token}")[0]
        return BotTokenError(f"BOT_TOKEN was refused by {url}: {error.message}")

    def _said(self, error: Exception) -> str:
        """Without the token, and without the body of an answer: it may hold what clients wrote."""
        text = error.message if isinstance(error, DetailedAiogramError | ClientDecodeError) else str(error)
        return f"{type(error).__name__}: {text[:200].replace(self._bot.token, '…')}"

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

    async def _sleep(self, seconds: float) -> None:
        """Sleeps, but not past a stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return


def _backoff(tries: int) -> float:
    return random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, 0.5 * 2.0 ** min(tries, 10))


def _chat_of(update: Update) -> int:
    if update.message is not None:
        return update.message.chat.id
    if update.callback_query is not None:
        return update.callback_query.from_user.id
    return 0
