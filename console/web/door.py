"""Who may look: one password, signed sessions that it ends when it changes, and a brake on guessing."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

SESSION_SECONDS = 12 * 3600
FREE_GUESSES = 5
LONGEST_WAIT_SECONDS = 60.0
FORGOTTEN_SECONDS = 3600.0
MOST_ADDRESSES = 1000
_SESSION = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


class Door:
    """Knows the password. A session is `<end in seconds since 1970>.<HMAC-SHA256 of it>` and nothing else.

    Its key comes from the password by scrypt, so another password ends every session, a restart ends none, and a
    stolen session is a slow way to the password. `ledger` (its schema) keeps two salons with one password apart.
    """

    def __init__(self, password: str, ledger: str, clock: Callable[[], float]) -> None:
        self._key = hashlib.scrypt(password.encode(), salt=f"zapisnik console {ledger}".encode(), n=1 << 14, r=8, p=1)
        self._clock = clock
        # Both sides of the comparison get this key's digest: its time tells neither the length nor a first letter.
        self._pepper = secrets.token_bytes(32)
        self._password = self._digest(password)

    def is_right(self, given: str) -> bool:
        return hmac.compare_digest(self._digest(given.strip()), self._password)

    def new_session(self) -> str:
        """Good for SESSION_SECONDS from now."""
        ends = str(int(self._clock()) + SESSION_SECONDS)
        return f"{ends}.{self._signature(ends)}"

    def is_open_to(self, session: str) -> bool:
        """Whether this door made the session, and not too long ago."""
        parts = _SESSION.fullmatch(session)
        if parts is None or not hmac.compare_digest(self._signature(parts[1]), parts[2]):
            return False
        return int(parts[1]) > self._clock()

    def _signature(self, ends: str) -> str:
        return hmac.digest(self._key, f"session until {ends}".encode(), "sha256").hex()

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._pepper, password.encode(errors="replace"), "sha256")


@dataclass(frozen=True)
class _Guesses:
    wrong: int
    last_at: float


class Brake:
    """Slows guessing down, address by address: after FREE_GUESSES wrong ones each next one waits twice as long.

    It lives in this process only. Behind a proxy that does not say whom it speaks for, all people share one address.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._guesses: dict[str, _Guesses] = {}

    def seconds_to_wait(self, address: str) -> float:
        """How long this address has to wait before its next guess is even looked at; 0 for not at all."""
        guesses = self._guesses.get(address)
        if guesses is None or guesses.wrong < FREE_GUESSES:
            return 0.0
        wait = min(LONGEST_WAIT_SECONDS, 2.0 ** min(guesses.wrong - FREE_GUESSES, 10))
        return max(0.0, guesses.last_at + wait - self._clock())

    def was_wrong(self, address: str) -> None:
        now = self._clock()
        before = self._guesses.pop(address, None)
        wrong = before.wrong if before and before.last_at > now - FORGOTTEN_SECONDS else 0
        if len(self._guesses) >= MOST_ADDRESSES:
            del self._guesses[next(iter(self._guesses))]  # the one that has been quiet longest
        self._guesses[address] = _Guesses(wrong + 1, now)

    def was_right(self, address: str) -> None:
        self._guesses.pop(address, None)
