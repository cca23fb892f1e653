"""What stands before the simulated diary: outages, the limit on calls, the check of tokens, and the refusals' words.

The messages and statuses are the vendor's own where its OpenAPI has them, else those outside teams have seen.
"""

from __future__ import annotations

import math
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import msgspec

from sync.simulator.exchange import Refusal

Mode = Literal["ok", "off", "auth", "redirect", "not_found", "drop_after_write"]
"""`off`: the host is away; `auth`: the API is cut off as in July 2025; `drop_after_write`: writes are done, but some of
their answers never arrive."""
MODES: tuple[Mode, ...] = get_args(Mode)
PARTNER_TOKEN = "simulated-partner-token"  # noqa: S105 - opens nothing but this simulator
USER_TOKEN = "simulated-user-token"  # noqa: S105 - opens nothing but this simulator
_AUTHORIZATION = re.compile(r"Bearer ([^,\s]+)(?:, User (\S+))?")


class Limits(msgspec.Struct, frozen=True):
    """The vendor's OpenAPI: 5 requests a second and 200 a minute from one address."""

    per_second: int = 5
    per_minute: int = 200


class Keys(msgspec.Struct, frozen=True):
    """What a caller must show; `partner_id` only if it is not ''."""

    company_id: int
    partner_token: str
    user_token: str
    partner_id: str = ""

    def refusal(self, path: str, headers: Mapping[str, str]) -> Refusal | None:
        """Why this caller may not enter, or None; `headers` with lower-case names."""
        shown = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if shown is None:
            return Refusal(401, "Не указаны авторизационные данные")
        partner_id = headers.get("x-partner-id", "")
        if shown[1] != self.partner_token or (self.partner_id and partner_id != self.partner_id):
            return CUT_OFF
        if shown[2] is None:
            return Refusal(401, "Необходима авторизация")
        company = re.match(r"/api/v1/(?:records?|company|book_services|hooks_settings|user/permissions)/([^/]+)", path)
        if shown[2] != self.user_token or (company and company[1] != str(self.company_id)):
            return Refusal(403, f"Нет прав на управление филиалом {company[1] if company else ''}".rstrip())
        return None


CUT_OFF = Refusal(401, "Не указан идентификатор партнера")
NOT_FOUND = Refusal(404, "Не найдено")


class RateWindow:
    """Two sliding windows over all calls; a refused call does not count, so that waiting always helps."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._windows = ((limits.per_second, 1.0), (limits.per_minute, 60.0))
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._admitted: deque[float] = deque(maxlen=max(limits.per_second, limits.per_minute))

    def refusal(self) -> Refusal | None:
        """Admits the call, or says how many whole seconds to wait (the form of a 429 is not documented)."""
        with self._lock:
            now = self._monotonic()
            wait = max(self._wait(now, most, seconds) for most, seconds in self._windows)
            if wait <= 0:
                self._admitted.append(now)
                return None
        return Refusal(429, "Превышен лимит запросов", retry_after=max(1, math.ceil(wait)))

    def _wait(self, now: float, most: int, seconds: float) -> float:
        if len(self._admitted) < most:
            return 0.0
        return self._admitted[-most] + seconds - now


class OutageSwitch:
    """The present outage, if any; with a seed, the same writes in the same order lose the same answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set("ok", drop_share=1.0, seed=0)

    def set(self, mode: Mode, *, drop_share: float, seed: int) -> None:
        """Raises ValueError for an unknown mode or a share outside 0..1."""
        if mode not in MODES or not 0.0 <= drop_share <= 1.0:
            raise ValueError(f"not a mode with a share: {mode!r}, {drop_share!r}")
        with self._lock:
            self.mode, self.drop_share, self._random = mode, drop_share, random.Random(seed)

    def drops_this_answer(self) -> bool:
        """Asked once after each write that was done."""
        with self._lock:
            return self.mode == "drop_after_write" and self._random.random() < self.drop_share
