"""One call to Yclients and its answer: waited for, sent once, never redirected, every failure one of `sync.errors`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

import httpx
import msgspec

from sync.access import Access
from sync.errors import (
    MalformedAnswerError,
    NotSentError,
    SyncError,
    UnavailableError,
    UnknownOutcomeError,
)
from sync.failures import FOREIGN, Envelope, failure, read_envelope, retry_after_seconds, scrubbed
from sync.transport import BoundedTransport, RequestLostError

# With any other transport than ours these are the ones raised before a byte has left.
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_T = TypeVar("_T")


class Answer(msgspec.Struct, frozen=True):
    """A 2xx answer; `envelope` None when its body is not the CRM's."""

    status: int
    body: bytes
    envelope: Envelope | None


class Calls:
    """Sends what `Yclients` asks. See there for what it is built with."""

    def __init__(
        self,
        access: Access,
        wait_turn: Callable[[], None],
        deadline: timedelta,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._access, self._wait_turn = access, wait_turn
        self._http = httpx.Client(
            base_url=access.url,
            headers=access.headers(),
            transport=BoundedTransport(deadline) if transport is None else transport,
            timeout=None,  # noqa: S113 - the transport bounds the whole request, which is stricter
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        private: Iterable[str] = (),
    ) -> Answer:
        """One request and its 2xx answer; anything else is raised, with `private` texts and tokens struck out."""
        is_write = method != "GET"
        self._wait_turn()
        try:
            response = self._http.request(method, path, params=query, json=body)
        except httpx.TransportError as lost:
            raise _lost(lost, is_write=is_write) from lost
        except httpx.DecodingError as broken:
            raise failure(0, None, is_write=is_write, detail="the body cannot be unpacked") from broken
        answer = Answer(response.status_code, response.content, read_envelope(response.content))
        denied = answer.envelope is not None and not answer.envelope.succeeded
        if response.is_success and not denied:
            return answer
        raise self._failure(response, answer, is_write=is_write, private=private)

    def _failure(
        self, response: httpx.Response, answer: Answer, *, is_write: bool, private: Iterable[str]
    ) -> SyncError:
        envelope = answer.envelope
        if envelope is not None:
            secrets = (self._access.partner_token, self._access.user_token, *private)
            envelope = msgspec.structs.replace(envelope, words=scrubbed(envelope.words, secrets))
        return failure(
            answer.status,
            envelope,
            is_write=is_write,
            retry_after=retry_after_seconds(response.headers.get("retry-after")),
            redirect=_redirect(response),
        )


def read(answer: Answer, reader: Callable[[object], _T], *, is_write: bool = False) -> _T:
    """What stands in the answer's data; one that cannot be read proves nothing, least of all an absence."""
    unusable = UnknownOutcomeError if is_write else UnavailableError
    if answer.envelope is None:
        raise unusable(status=answer.status, detail=FOREIGN)
    try:
        return reader(answer.envelope.data)
    except MalformedAnswerError as error:
        raise unusable(status=answer.status, detail=error.detail) from error


def read_whole(answer: Answer, reader: Callable[[object], list[_T]]) -> list[_T]:
    """A list that comes on one page. Raises UnavailableError when the CRM says that it has more of it."""
    found = read(answer, reader)
    promised = answer.envelope.total_count if answer.envelope else None
    if promised is not None and promised > len(found):
        raise UnavailableError(status=answer.status, detail=f"{len(found)} of {promised} in the list")
    return found


def _lost(lost: httpx.TransportError, *, is_write: bool) -> SyncError:
    reason = lost.reason if isinstance(lost, RequestLostError) else type(lost).__name__
    was_sent = lost.sent if isinstance(lost, RequestLostError) else not isinstance(lost, _BEFORE_SENDING)
    if not was_sent:
        return NotSentError(detail=reason)
    return UnknownOutcomeError(detail=reason) if is_write else UnavailableError(detail=reason)


def _redirect(response: httpx.Response) -> str:
    """Scheme and host a redirect leads to, 'another path' on the same host, '' for no redirect."""
    if not response.has_redirect_location:
        return ""
    try:
        target = httpx.URL(response.headers["location"])
    except httpx.InvalidURL:
        return "an address that is none"
    return f"{target.scheme or 'https'}://{target.netloc.decode('ascii')}" if target.host else "another path"
