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

FOREIGN = "no answer in the CRM's own form"
"""The detail of an error whose body was a page, a cut text or nothing: whoever speaks there may not be the CRM."""

_SLOT_BUSY = 433
# The vendor's business codes of online booking; each is final for the request that got it, whatever its status.
_REASONS_BY_CODE: Mapping[int, str] = {
    431: "bad_phone",
    432: "wrong_sms_code",
    434: "client_blacklisted",
    435: "no_client_name",
    436: "no_master",
    437: "overlaps_itself",
    438: "service_gone",
}
_ONE_RECORD = "вы не можете управлять записью"  # a 403 about this record, not about the user
# What the CRM says where it has no code, in small letters; the same words may come under several statuses.
_REASONS_BY_WORDS: Mapping[type[SyncError], Mapping[str, str]] = {
    AuthError: {
        "не указаны авторизационные данные": "no_token",
        "не указан идентификатор партнера": "partner",
        "необходима авторизация": "user",
    },
    RightsError: {
        "нет прав на управление": "branch",
    },
    InvalidError: {
        _ONE_RECORD: "record_forbidden",
        "недопустимый формат запроса": "bad_format",
        "не заданы ни услуги": "no_services",
    },
}
_PARTS = frozenset({"success", "meta", "errors"})  # every documented body has one of them
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
    """The envelope, or None when the body is not the CRM's: an HTML page, a cut text, nothing, a gateway's own JSON."""
    try:
        raw = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not _PARTS & raw.keys():
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
    status: int,
    envelope: Envelope | None,
    *,
    is_write: bool,
    retry_after: float | None = None,
    detail: str = "",
    redirect: str = "",
) -> SyncError:
    """The error an unsuccessful answer stands for; `is_write` decides between unknown and unavailable.

    `redirect` is where the answer sends us, '' if nowhere.
    """
    # Cut only here, after any scrubbing: half a token would no longer be found.
    words = envelope.words[:_LONGEST_MESSAGE] if envelope else ""
    kind = _kind(_meant_status(status, envelope), envelope)
    if kind is RateLimitedError:
        return RateLimitedError(status=status, crm_message=words, detail=detail, retry_after=retry_after)
    if kind is None:
        kind = UnknownOutcomeError if is_write else UnavailableError
        detail = detail or (f"redirected to {redirect}" if redirect else "")
    detail = detail or (FOREIGN if envelope is None else "")
    return kind(status=status, crm_message=words, detail=detail, reason=_reason(kind, envelope), redirect=redirect)


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
    if envelope.codes & _REASONS_BY_CODE.keys() or (status == 403 and _ONE_RECORD in envelope.words.lower()):
        return InvalidError
    return _BY_STATUS.get(status, InvalidError)


def _reason(kind: type[SyncError], envelope: Envelope | None) -> str:
    if envelope is None:
        return ""
    if kind is InvalidError:
        for code in sorted(envelope.codes & _REASONS_BY_CODE.keys()):
            return _REASONS_BY_CODE[code]
    said = envelope.words.lower()
    return next((reason for words, reason in _REASONS_BY_WORDS.get(kind, {}).items() if words in said), "")


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
