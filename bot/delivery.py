"""Updates in hand: each chat's in their order, different chats side by side, each handled or recorded as failed."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import psycopg
import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import Update

from bot.failures import Failure
from ledger.errors import SchemaVersionError, StoreUnavailableError

_log = structlog.get_logger("bot")

TRIES = 3
PAUSES = (0.2, 1.0)
OUTAGE_TRIES = 10
TRY_SECONDS = 30.0
PATIENCE_SECONDS = 3.0
"""After so long without the store the client is told that their tap waits; a restart of it goes unnoticed."""
CHATS_AT_ONCE = 20
LONGEST_PAUSE = 60.0
_AWAY = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError)

# A try that took too long was waiting for the store; it may even have committed, and command ids make a repeat safe.
_STORE_AWAY = (psycopg.OperationalError, StoreUnavailableError, TimeoutError)

OnFailure = Callable[[Bot, Failure], Awaitable[None]]
OnDelay = Callable[[Bot, Update], Awaitable[None]]


class _StoppedError(Exception):
    """Stopped while Telegram or the store was away: the update is not finished and will come again."""


class Delivery:
    """Takes updates as they are fetched, again and again the same ones, and knows which are finished."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        stopped: asyncio.Event,
        on_failure: OnFailure,
        on_delay: OnDelay | None = None,
    ) -> None:
        self._bot, self._dispatcher = bot, dispatcher
        self._stopped, self._on_failure, self._on_delay = stopped, on_failure, on_delay
        self.final: SchemaVersionError | TelegramUnauthorizedError | None = None
        self.is_telegram_away = False
        """Set by whoever fetches: while nothing of Telegram answers, no update is given up for want of an answer."""
        self._chats: dict[int, deque[Update]] = {}
        self._in_hand: set[int] = set()
        self._finished: set[int] = set()
        self._put_off: set[int] = set()
        self._slots = asyncio.Semaphore(CHATS_AT_ONCE)
        self._rests = asyncio.Event()
        self._rests.set()

    @property
    def is_at_rest(self) -> bool:
        return self._rests.is_set()

    def take(self, updates: Iterable[Update], group: asyncio.TaskGroup) -> None:
        """Starts what is new; what is in hand or finished already is passed over."""
        for update in updates:
            if update.update_id in self._in_hand or update.update_id in self._finished:
                continue
            self._in_hand.add(update.update_id)
            self._rests.clear()
            chat_id = _chat_of(update)
            if chat_id in self._chats:
                self._chats[chat_id].append(update)
            else:
                self._chats[chat_id] = deque([update])
                group.create_task(self._serve(chat_id))

    async def rest(self, seconds: float) -> None:
        """Until everything is finished, at most that long."""
        try:
            async with asyncio.timeout(seconds):
                await self._rests.wait()
        except TimeoutError:
            return

    def next_offset(self, offset: int | None) -> int | None:
        """Past the finished updates, up to the first that is in hand."""
        candidates = self._in_hand or {max(self._finished, default=-1) + 1}
        reached = min(candidates)
        offset = reached if offset is None or reached > offset else offset
        self._finished = {update_id for update_id in self._finished if update_id >= offset}
        return offset or None

    async def record(self, failure: Failure) -> bool:
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
            await sleep_unless(self._stopped, backoff(tries))
            tries += 1

    async def _serve(self, chat_id: int) -> None:
        waiting = self._chats[chat_id]
        async with self._slots:
            while waiting:
                update = waiting[0]
                if not await self._finish(update):
                    break  # stopped: this one and those behind it come again
                waiting.popleft()
                self._in_hand.discard(update.update_id)
                self._put_off.discard(update.update_id)
                self._finished.add(update.update_id)
        del self._chats[chat_id]
        if not self._chats:
            self._rests.set()

    async def _finish(self, update: Update) -> bool:
        """True when the update is done or recorded as failed; False only when stopped before either.

        Stops everything itself, with the reason in `final`, when a newer program has taken the ledger over or Telegram
        refuses the token.
        """
        if update.message is None and update.callback_query is None:
            return True  # unreadable (recorded by now), or of a kind nobody asked for
        try:
            error = await self._try(update)
        except _StoppedError:
            return False
        except (SchemaVersionError, TelegramUnauthorizedError) as error_for_all:
            # Nothing this program does is taken any more: it ends, and whoever comes after it gets the update.
            self.final = error_for_all
            self._stopped.set()
            return False
        if error is None:
            return True
        kind = "callback_query" if update.callback_query else "message"
        return await self.record(Failure(update.update_id, kind, error, update))

    async def _try(self, update: Update) -> Exception | None:
        """None when one try went through, else the last error.

        A handler's own failure is tried TRIES times; an answer that Telegram fails to take, although it answers else,
        OUTAGE_TRIES times. All of Telegram or the store being away is nobody's fault and waited for until it is over.
        """
        began = asyncio.get_running_loop().time()
        own_failures = outages = losses = absences = 0
        last: Exception
        while True:
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    await self._dispatcher.feed_update(self._bot, update)
                return None
            except TelegramForbiddenError:
                _log.info("the client has blocked the bot", update=update.update_id)
                return None
            except (SchemaVersionError, TelegramUnauthorizedError):
                raise
            except _AWAY as error:
                last, losses, outages = error, losses + 1, outages + (not self.is_telegram_away)
                pause = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else backoff(losses - 1)
            except _STORE_AWAY as error:
                last, absences = error, absences + 1
                pause = backoff(absences - 1)
                await self._ask_for_patience(update, began)
            except Exception as error:  # noqa: BLE001  whatever a handler does wrong, the next update is served
                last, own_failures = error, own_failures + 1
                pause = PAUSES[min(own_failures, len(PAUSES)) - 1]
            _log.warning("update failed", update=update.update_id, error=type(last).__qualname__)
            if own_failures >= TRIES or outages >= OUTAGE_TRIES:
                return last
            await sleep_unless(self._stopped, pause)
            if self._stopped.is_set() and (losses or absences):
                raise _StoppedError

    async def _ask_for_patience(self, update: Update, since: float) -> None:
        """Once an update, and only when the store has been away for longer than a blink."""
        is_long = asyncio.get_running_loop().time() - since >= PATIENCE_SECONDS
        if self._on_delay is not None and is_long and update.update_id not in self._put_off:
            self._put_off.add(update.update_id)
            await self._on_delay(self._bot, update)


def backoff(tries: int) -> float:
    """Seconds, growing to LONGEST_PAUSE, with jitter."""
    return random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, 0.5 * 2.0 ** min(tries, 10))


async def sleep_unless(stopped: asyncio.Event, seconds: float) -> None:
    """Sleeps, but not past a stop."""
    try:
        async with asyncio.timeout(seconds):
            await stopped.wait()
    except TimeoutError:
        return


def _chat_of(update: Update) -> int:
    if update.message is not None:
        return update.message.chat.id
    if update.callback_query is not None:
        return update.callback_query.from_user.id
    return 0
