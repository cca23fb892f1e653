"""What an answer of Yclients means: its envelope, its words, and the error it stands for.

The envelope `{"success", "data", "meta"}` and every error shape read here are in the vendor's OpenAPI: `meta.message`;
`errors` or `meta.errors` as `{"code", "message"}`, as a list of those, as a list of `{field: text}`, or as
`{field: [texts]}`. Errors of the record calls themselves are undocumented; their statuses are those outside teams saw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from sync.errors import (
    AuthError,
    BusyError,
    GoneError,
    InvalidError,
    LicenceError,
    RateLimitedError,
    RightsError,
    SyncError,
    UnavailableError,
    UnknownOutcomeError,
)

_SLOT_BUSY, _CLIENT_REFUSED = 433, 434  # the vendor's business codes of online booking
_LONGEST_MESSAGE = 500
_SHORTEST_SCRUBBED = 3  # a one-letter name would strike out half a sentence
_BY_STATUS: Mapping[int, type[SyncError]] = {
    401: AuthError,
    402: LicenceError,
    403: RightsError,
    404: GoneError,
    409: BusyError,
    429: RateLimitedError,
}
_TOLD_BY_STATUS_ALONE = frozenset({401, 402, 403, 429})
# Statuses by which something between us and the CRM speaks: the CRM may have done the work or not.
_NOT_THE_CRM_SPEAKING = frozenset({408, 425})


class Envelope(msgspec.Struct, frozen=True):
    """A body that is the CRM's: `succeeded` only if it says so itself, whatever the HTTP status."""

    succeeded: bool
    data: object
    meta: Mapping[str, object]
    words: str
    codes: frozenset[int]

    @property
    def total_count(self) -> int | None:
        """How many records the CRM says a listing has over all its pages."""
        total = self.meta.get("total_count")
        return int(total) if isinstance(total, int | str) and str(total).isdecimal() else None


def read_envelope(body: bytes) -> Envelope | None:
    """The envelope, or None when the body is not a JSON object (an HTML page, a cut text, nothing)."""
    try:
        raw = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    meta = raw.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return Envelope(
        succeeded=raw.get("success") is True,
        data=raw.get("data"),
        meta=meta,
        words=_words(raw, meta),
        codes=frozenset(_codes([raw.get("errors"), meta.get("errors")])),
    )


def failure(
    status: int, envelope: Envelope | None, *, is_write: bool, retry_after: float | None = None, detail: str = ""
) -> SyncError:
    """The error an unsuccessful answer stands for; `is_write` decides between unknown and unavailable."""
    # Cut only here, after any scrubbing: half a token would no longer be found.
    words = envelope.words[:_LONGEST_MESSAGE] if envelope else ""
    kind = _kind(_meant_status(status, envelope), envelope)
    if kind is RateLimitedError:
        return RateLimitedError(status=status, crm_message=words, detail=detail, retry_after=retry_after)
    if kind is None:
        kind = UnknownOutcomeError if is_write else UnavailableError
        detail = detail or "no answer in the CRM's own form"
    return kind(status=status, crm_message=words, detail=detail)


def scrubbed(words: str, private: Iterable[str]) -> str:
    """The CRM's words with every private text (a token, a phone, a name) struck out."""
    for text in sorted(private, key=len, reverse=True):
        if len(text) >= _SHORTEST_SCRUBBED:
            words = words.replace(text, "***")
    return words


def retry_after_seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds, from either of its forms (RFC 9110 §10.2.3); None when absent or senseless."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_until(header: str) -> float:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return math.nan
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _meant_status(status: int, envelope: Envelope | None) -> int:
    """A failure told under a 2xx carries its real status, if any, among the codes of the body."""
    if status >= 300 or envelope is None:
        return status
    return next((code for code in sorted(envelope.codes) if 400 <= code < 500), status)


def _kind(status: int, envelope: Envelope | None) -> type[SyncError] | None:
    """None: nothing certain is known about what the CRM did."""
    if status < 400 or status >= 500 or status in _NOT_THE_CRM_SPEAKING:
        # A redirect too: when the API was cut off, its host sent everybody elsewhere. It says nothing about a booking.
        return None
    if envelope is None:
        # A page instead of the CRM's own form: it tells who was refused at most, never what became of a record.
        return _BY_STATUS[status] if status in _TOLD_BY_STATUS_ALONE else None
    if _SLOT_BUSY in envelope.codes:
        return BusyError
    if status == 403 and "лиценз" in envelope.words.lower():
        return LicenceError
    if _CLIENT_REFUSED in envelope.codes:
        return InvalidError
    return _BY_STATUS.get(status, InvalidError)


def _words(raw: Mapping[str, object], meta: Mapping[str, object]) -> str:
    found = [meta.get("message"), *_texts(raw.get("errors")), *_texts(meta.get("errors")), raw.get("message")]
    said = dict.fromkeys(" ".join(text.split()) for text in found if isinstance(text, str))
    return "; ".join(filter(None, said))


def _texts(errors: object, depth: int = 0) -> Iterator[str]:
    if isinstance(errors, str):
        yield errors
    elif isinstance(errors, dict | list) and depth < 4:
        for item in errors.values() if isinstance(errors, dict) else errors:
            yield from _texts(item, depth + 1)


def _codes(errors: object, depth: int = 0) -> Iterator[int]:
    if isinstance(errors, list) and depth < 4:
        for item in errors:
            yield from _codes(item, depth + 1)
    elif isinstance(errors, dict):
        code = errors.get("code")
        if isinstance(code, int) or (isinstance(code, str) and code.isascii() and code.isdigit()):
            yield int(code)
