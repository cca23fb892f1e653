"""The line to Telegram of somebody who writes unasked: one message at a time, and what certainly became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiohttp
import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.answers import said, token_refused
from bot.delivery import backoff
from bot.screen import Part
from bot.showing import send_alone
from ledger.clock import Clock

_log = structlog.get_logger("messages")

HEARD_LASTS = timedelta(seconds=60)
PROBE_SECONDS = 10
_AWAY = (TelegramNetworkError, TelegramServerError, ClientDecodeError, TimeoutError, OSError)

Result = Literal["sent", "blocked", "refused", "not_sent", "unknown"]


@dataclass(frozen=True)
class Posted:
    """What became of a message: `not_sent` left nothing behind for certain, after `unknown` it may have arrived.

    `said` is what Telegram or the network said, without the token.
    """

    result: Result
    said: str = ""


class Line:
    """Sends, and knows when it is of no use to try: after a failure or a 429 it rests, then asks before it writes."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self._bot, self._clock = bot, clock
        self._rests_until: datetime | None = None
        self._heard_at: datetime | None = None
        self._was_heard = False
        self._failures = 0

    @property
    def rest_seconds(self) -> float:
        """How long it is of no use to try."""
        return max(0.0, (self._rests_until - self._now()).total_seconds()) if self._rests_until else 0.0

    async def is_open(self) -> bool:
        """Whether Telegram can be written to now. Asks it, unless it has answered within the last minute.

        Raises BotTokenError when Telegram refuses the token.
        """
        if self.rest_seconds > 0:
            return False
        if self._heard_at is not None and self._now() - self._heard_at < HEARD_LASTS:
            return True
        try:
            await self._bot.get_me(request_timeout=PROBE_SECONDS)
        except TelegramUnauthorizedError as error:
            raise token_refused(self._bot, error) from None
        except TelegramNotFound as error:
            if not self._was_heard:  # a wrong TELEGRAM_API_URL; later it is an outage like any other
                raise token_refused(self._bot, error) from None
            self._failed(error)
            return False
        except TelegramRetryAfter as error:
            self._rest(error.retry_after)
            return False
        except (AiogramError, *_AWAY) as error:
            self._failed(error)
            return False
        self._heard()
        return True

    async def send(self, chat_id: int, part: Part, *, is_silent: bool = False) -> Posted:
        """One message, tried once."""
        try:
            await send_alone(self._bot, chat_id, part, is_silent=is_silent)
        except TelegramRetryAfter as error:
            self._rest(error.retry_after)
            return Posted("not_sent", said(self._bot, error))
        except TelegramUnauthorizedError as error:
            self._heard_at = None  # so that it is asked about, and then said, before anything else is sent
            return Posted("not_sent", said(self._bot, error))
        except _AWAY as error:
            self._failed(error)
            return Posted("not_sent" if _never_left(error) else "unknown", said(self._bot, error))
        except TelegramForbiddenError as error:
            self._heard()
            return Posted("blocked", said(self._bot, error))
        except TelegramAPIError as error:
            self._heard()
            return Posted("refused", said(self._bot, error))
        self._heard()
        return Posted("sent")

    def _heard(self) -> None:
        self._was_heard, self._heard_at, self._failures, self._rests_until = True, self._now(), 0, None

    def _failed(self, error: Exception) -> None:
        pause = backoff(self._failures)
        self._failures += 1
        self._heard_at, self._rests_until = None, self._now() + timedelta(seconds=pause)
        _log.warning("Telegram did not answer as expected", error=said(self._bot, error), tries=self._failures)

    def _rest(self, seconds: float) -> None:
        self._rests_until = self._now() + timedelta(seconds=seconds)
        _log.warning("Telegram asks for a pause", seconds=seconds)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC)


def _never_left(error: Exception) -> bool:
    """Without a connection no byte was sent; of everything else that is not an answer nobody knows."""
    return isinstance(error.__cause__, aiohttp.ClientConnectorError)
