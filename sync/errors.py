"""Everything the CRM, or the way to it, can say no with.

SyncError
├── NotSentError          nothing left this machine: always safe to repeat
├── RateLimitedError      429: wait, then repeat
├── AuthError             401: a token or the partner's number is wrong or missing
├── LicenceError          the salon's licence with the CRM has run out
├── RightsError           403: the tokens are good, the user may not do this
├── BusyError             the CRM sees something else in that time
├── InvalidError          the CRM will never accept this request as it stands; `reason` says why, where it told
├── GoneError             404 in the CRM's own words: no such thing
├── UnknownOutcomeError   a write may or may not have happened: look it up, never repeat it blindly
├── UnavailableError      a read brought no usable answer: safe to repeat
└── MalformedAnswerError  data of a shape the CRM never documented (the client turns it into one of the two above)
"""

from __future__ import annotations

from typing import ClassVar


class SyncError(Exception):
    """The base of all errors of sync.

    `kind` is a stable word for events and metrics; `status` the HTTP status, if one came; `crm_message` the CRM's own
    words, '' if it had none; `detail` our own description of what happened on the way. `reason` is a stable word
    within the kind, '' where the CRM gave no reason we know (docs/sync.md lists them); `redirect` where the answer
    sent us, '' if nowhere. None of them holds a token or anything of the request's body.
    """

    kind: ClassVar[str] = "unknown"

    def __init__(
        self,
        *,
        status: int | None = None,
        crm_message: str = "",
        detail: str = "",
        reason: str = "",
        redirect: str = "",
    ) -> None:
        said = [f"HTTP {status}" if status is not None else "", reason, detail, crm_message]
        super().__init__(": ".join([self.kind, *filter(None, said)]))
        self.status, self.crm_message, self.detail = status, crm_message, detail
        self.reason, self.redirect = reason, redirect


class NotSentError(SyncError):
    """Not a byte of the request left: no address, no connection, no TLS, or no time left before the first byte."""

    kind = "not_sent"


class RateLimitedError(SyncError):
    """The CRM asks for a pause of `retry_after` seconds, None if it did not say how long."""

    kind = "rate"

    def __init__(
        self,
        *,
        status: int | None = None,
        crm_message: str = "",
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status=status, crm_message=crm_message, detail=detail)
        self.retry_after = retry_after


class AuthError(SyncError):
    """The CRM does not know who is asking.

    Reasons: `no_token` (none arrived), `partner` (the partner's token or number), `user` (the user's token).
    """

    kind = "auth"


class LicenceError(SyncError):
    """The branch's licence must be renewed; nothing is wrong with the booking."""

    kind = "licence"


class RightsError(SyncError):
    """The user behind the token lacks a right; reason `branch`: over this branch as a whole, or so the CRM says."""

    kind = "rights"


class BusyError(SyncError):
    """The master is busy or not at work then, as the CRM sees it; it may be looking at our own record."""

    kind = "busy"


class InvalidError(SyncError):
    """A refusal that will be the same next time.

    Reasons: `client_blacklisted`, `no_master`, `service_gone`, `bad_phone`, `no_client_name`, `no_services`,
    `overlaps_itself`, `wrong_sms_code`, `record_forbidden` (the user may not touch this one record), `bad_format`.
    """

    kind = "invalid"


class GoneError(SyncError):
    """The CRM itself says that there is no such thing; a proxy's 404 page is not this."""

    kind = "gone"


class UnknownOutcomeError(SyncError):
    """The request left, and no trustworthy answer came back."""

    kind = "unknown"


class UnavailableError(SyncError):
    """A read brought no trustworthy answer; its `kind` is that of an unknown outcome."""

    kind = "unknown"


class MalformedAnswerError(SyncError):
    """Data that cannot be read as what it should be; `detail` names the missing thing, never its value."""
