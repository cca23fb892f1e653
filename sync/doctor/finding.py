"""What one check of the doctor found."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from sync.errors import GoneError, RateLimitedError, SyncError

State: TypeAlias = Literal["good", "bad", "not_checked"]


class Finding(msgspec.Struct, frozen=True):
    """`said` is one sentence of ours; the rest, '' where there is none: the CRM's own words, which setting to change
    (or two), and what to do. None of it holds a token."""

    check: str
    state: State
    said: str
    crm_message: str = ""
    setting: str = ""
    remedy: str = ""

    def of(self, check: str) -> Finding:
        """The same, found by this check."""
        return msgspec.structs.replace(self, check=check)


def good(said: str) -> Finding:
    return Finding("", "good", said)


def bad(said: str, *, remedy: str, setting: str = "", error: SyncError | None = None) -> Finding:
    return Finding("", "bad", said, error.crm_message if error else "", setting, remedy)


def not_checked(said: str) -> Finding:
    return Finding("", "not_checked", said)


def trouble(error: SyncError, *, remedy: str, setting: str = "") -> Finding:
    """A check that met an error of no special meaning for it."""
    if isinstance(error, RateLimitedError):
        return not_checked("the CRM asks for a pause, see the last line")
    if isinstance(error, GoneError):
        remedy = "Nothing to set: the CRM does not know this call. Ask support@yclients.ru whether this branch has it"
        return bad(f"HTTP {error.status}: no such call", remedy=remedy, error=error)
    status = f"HTTP {error.status}" if error.status is not None else "no answer"
    return bad(f"{status} ({error.detail or error.kind})", remedy=remedy, setting=setting, error=error)
