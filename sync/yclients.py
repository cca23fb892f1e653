"""The client of Yclients' API: one method a call, records in our words, every failure one error of `sync.errors`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import httpx
import msgspec

from ledger.errors import MalformedValueError
from sync.access import Access
from sync.errors import (
    MalformedAnswerError,
    NotSentError,
    SyncError,
    UnavailableError,
    UnknownOutcomeError,
)
from sync.failures import Envelope, failure, read_envelope, retry_after_seconds, scrubbed
from sync.transport import BoundedTransport, RequestLostError
from sync.wire import (
    CrmRecord,
    NewCrmRecord,
    digits,
    read_record,
    read_records,
    read_start,
    read_zone_name,
    write_record,
)

# The vendor names no greatest page; public clients ask for 200 and get it.
_PAGE = 200
_MOST_PAGES = 500
_LISTING_ROUNDS = 3
_T = TypeVar("_T")


class _Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    envelope: Envelope | None


class Yclients:
    """One branch's diary in the CRM.

    `wait_turn` is called before each request and may block: the limit on calls is kept outside. `deadline` bounds each
    single request as a whole (a write whose deadline has passed is never sent afterwards). `zone` is the branch's.
    Safe to use from several threads.
    """

    def __init__(
        self,
        access: Access,
        *,
        wait_turn: Callable[[], None],
        zone: ZoneInfo,
        deadline: timedelta = timedelta(seconds=30),
    ) -> None:
        self._access, self._zone, self._wait_turn = access, zone, wait_turn
        self._http = httpx.Client(
            base_url=access.url,
            headers=access.headers(),
            transport=BoundedTransport(deadline),
            timeout=None,  # noqa: S113 - the transport bounds the whole request, which is stricter
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the client; nothing may be asked afterwards."""
        self._http.close()

    def records(
        self,
        *,
        from_on: date | None = None,
        until_on: date | None = None,
        staff_id: int | None = None,
        created_from_on: date | None = None,
        created_until_on: date | None = None,
        with_deleted: bool = False,
    ) -> list[CrmRecord]:
        """All records whose visit, and whose creation, fall on these days of the branch, both ends included.

        Never a partial list: an error on any page is raised, and a diary that changes between the pages is listed anew,
        a few times, and then raised as UnavailableError. Raises any SyncError but UnknownOutcomeError.
        """
        wanted: dict[str, date | int | None] = {
            "start_date": from_on,
            "end_date": until_on,
            "staff_id": staff_id,
            "c_start_date": created_from_on,
            "c_end_date": created_until_on,
            "with_deleted": 1 if with_deleted else None,
        }
        query = {name: str(value) for name, value in wanted.items() if value is not None}
        for _ in range(_LISTING_ROUNDS):
            listing = self._listing(query)
            if listing is not None:
                return listing
        raise UnavailableError(detail="the pages do not add up to one list")

    def record(self, record_id: int) -> CrmRecord:
        """One record; a deleted one is still readable, with `deleted` set (seen by outside teams).

        Raises GoneError for an unknown one, and any SyncError but UnknownOutcomeError.
        """
        answer = self._ask("GET", self._record_path(record_id))
        return self._read(answer, lambda data: read_record(data, self._zone))

    def create(self, new: NewCrmRecord, *, save_if_busy: bool = False) -> CrmRecord:
        """Books, and gives the record as the CRM then has it.

        Raises any SyncError but UnavailableError; after UnknownOutcomeError the record may exist, so look before
        sending again. Raises MalformedValueError, before anything is sent, for a booking that cannot be written.
        """
        body = write_record(self._local(new), save_if_busy=save_if_busy)
        answer = self._ask("POST", self._records_path(), body=body, private=_private(new))
        return self._read(answer, lambda data: self._created(data, new), is_write=True)

    def change(self, record_id: int, new: NewCrmRecord, *, save_if_busy: bool = False) -> None:
        """Replaces a record as a whole, with its time and master; success is the CRM's envelope saying so.

        Raises GoneError if it is not there, and any SyncError but UnavailableError; an answer that shows another time
        is an UnknownOutcomeError. Raises MalformedValueError, before anything is sent, for what cannot be written.
        """
        local = self._local(new)
        body = write_record(local, save_if_busy=save_if_busy)
        answer = self._ask("PUT", self._record_path(record_id), body=body, private=_private(new))
        start = self._read(answer, lambda data: read_start(data, self._zone), is_write=True)
        if start is not None and start != local.starts_at:
            raise UnknownOutcomeError(status=answer.status, detail="the answer to a change shows another time")

    def delete(self, record_id: int) -> None:
        """Removes a record from the diary; success is 204 without a body (seen by outside teams).

        Raises GoneError if it is not there, and any SyncError but UnavailableError.
        """
        answer = self._ask("DELETE", self._record_path(record_id))
        if answer.body and not (answer.envelope and answer.envelope.succeeded):
            raise UnknownOutcomeError(status=answer.status, detail="no answer in the CRM's own form")

    def probe(self) -> str:
        """The IANA name of the branch's zone: the cheapest call that proves tokens, branch and host.

        Raises any SyncError but UnknownOutcomeError.
        """
        # The closing slash is the vendor's; without it a redirect would be its answer.
        answer = self._ask("GET", f"/api/v1/company/{self._access.company_id}/")
        return self._read(answer, read_zone_name)

    def _local(self, new: NewCrmRecord) -> NewCrmRecord:
        """The CRM goes by the digits on the wall, so they must be the branch's."""
        return msgspec.structs.replace(new, starts_at=_aware(new).astimezone(self._zone))

    def _listing(self, query: Mapping[str, str]) -> list[CrmRecord] | None:
        """One pass over all pages; None when the diary moved under it."""
        found: dict[int, CrmRecord] = {}
        total: int | None = None
        for page in range(1, _MOST_PAGES + 1):
            batch, promised = self._page({**query, "page": str(page), "count": str(_PAGE)})
            had = len(found)
            found.update((record.record_id, record) for record in batch)
            is_last = len(batch) < _PAGE if promised is None else len(found) >= promised
            if page > 1 and promised != total:
                return None
            if is_last:
                return list(found.values())
            if len(found) == had:
                return None
            total = promised
        raise UnavailableError(detail=f"more than {_MOST_PAGES} pages")

    def _page(self, query: Mapping[str, str]) -> tuple[list[CrmRecord], int | None]:
        """The page's records, and how many all pages have, where the CRM says so."""

        def read(data: object) -> list[CrmRecord]:
            if not isinstance(data, list):
                raise MalformedAnswerError(detail="a list of records that is not a list")
            return read_records(data, self._zone)

        answer = self._ask("GET", self._records_path(), query=query)
        return self._read(answer, read), answer.envelope.total_count if answer.envelope else None

    def _created(self, data: object, new: NewCrmRecord) -> CrmRecord:
        found = read_records(data, self._zone)
        ours = [record for record in found if record.api_id == str(new.booking_id)]
        candidates = found if len(found) == 1 else ours
        if len(candidates) != 1:
            raise MalformedAnswerError(detail=f"{len(found)} records in the answer to one booking")
        return candidates[0]

    def _records_path(self) -> str:
        return f"/api/v1/records/{self._access.company_id}"

    def _record_path(self, record_id: int) -> str:
        return f"/api/v1/record/{self._access.company_id}/{record_id}"

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        private: Iterable[str] = (),
    ) -> _Answer:
        """One request and its 2xx answer; anything else is raised, with `private` texts and tokens struck out."""
        is_write = method != "GET"
        self._wait_turn()
        try:
            response = self._http.request(method, path, params=query, json=body)
        except RequestLostError as lost:
            raise _lost(lost, is_write=is_write) from lost
        except httpx.DecodingError as broken:
            raise failure(0, None, is_write=is_write, detail="the body cannot be unpacked") from broken
        answer = _Answer(response.status_code, response.content, read_envelope(response.content))
        denied = answer.envelope is not None and not answer.envelope.succeeded
        if response.is_success and not denied:
            return answer
        raise self._failure(response, answer, is_write=is_write, private=private)

    def _failure(
        self, response: httpx.Response, answer: _Answer, *, is_write: bool, private: Iterable[str]
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
            detail=_redirect(response),
        )

    def _read(self, answer: _Answer, read: Callable[[object], _T], *, is_write: bool = False) -> _T:
        unusable = UnknownOutcomeError if is_write else UnavailableError
        if answer.envelope is None:
            raise unusable(status=answer.status, detail="no answer in the CRM's own form")
        try:
            return read(answer.envelope.data)
        except MalformedAnswerError as error:
            raise unusable(status=answer.status, detail=error.detail) from error


def _private(new: NewCrmRecord) -> tuple[str, ...]:
    """What an answer may repeat of the request and nobody should read in a log."""
    return new.phone, digits(new.phone), new.name, new.comment


def _aware(new: NewCrmRecord) -> datetime:
    if new.starts_at.tzinfo is None:
        raise MalformedValueError("start with a time zone", "not fit to be sent to the CRM")
    return new.starts_at


def _lost(lost: RequestLostError, *, is_write: bool) -> SyncError:
    if not lost.sent:
        return NotSentError(detail=lost.reason)
    return UnknownOutcomeError(detail=lost.reason) if is_write else UnavailableError(detail=lost.reason)


def _redirect(response: httpx.Response) -> str:
    if not response.has_redirect_location:
        return ""
    try:
        return f"redirected to {httpx.URL(response.headers['location']).host or 'another path'}"
    except httpx.InvalidURL:
        return "redirected"
