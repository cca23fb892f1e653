"""The client of Yclients' API: one method a call, everything in our words, every failure an error of `sync.errors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

import httpx
import msgspec

from ledger.errors import MalformedValueError
from sync.access import Access
from sync.calls import Calls, read, read_whole
from sync.errors import MalformedAnswerError, UnavailableError, UnknownOutcomeError
from sync.wire import (
    CrmRecord,
    NewCrmRecord,
    digits,
    read_record,
    read_records,
    read_start,
    read_told_starts,
    write_record,
)
from sync.wire_branch import (
    CrmBranch,
    CrmHooks,
    CrmRights,
    CrmService,
    CrmShift,
    CrmStaffMember,
    read_branch,
    read_branch_ids,
    read_categories,
    read_hooks,
    read_rights,
    read_services,
    read_shifts,
    read_staff,
    write_hooks,
)

# The vendor names no greatest page; public clients ask for 200 and get it.
_PAGE = 200
_MOST_PAGES = 500
_LISTING_ROUNDS = 3


class Yclients:
    """One branch's diary in the CRM.

    `wait_turn` is called before each request and may block: the limit on calls is kept outside. `deadline` bounds each
    single request as a whole (a write whose deadline has passed is never sent afterwards). `zone` is the branch's.
    With a `transport` of somebody else's, who then bounds it, no socket is opened. Safe to use from several threads.
    """

    def __init__(
        self,
        access: Access,
        *,
        wait_turn: Callable[[], None],
        zone: ZoneInfo,
        deadline: timedelta = timedelta(seconds=30),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._company_id, self._zone = access.company_id, zone
        self._calls = Calls(access, wait_turn, deadline, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the client; nothing may be asked afterwards."""
        self._calls.close()

    def records(
        self,
        *,
        from_on: date | None = None,
        until_on: date | None = None,
        staff_id: int | None = None,
        client_id: int | None = None,
        created_from_on: date | None = None,
        created_until_on: date | None = None,
        changed_after: datetime | None = None,
        with_deleted: bool = False,
    ) -> list[CrmRecord]:
        """All records whose visit, and whose creation, fall on these days of the branch, both ends included, and which
        were made or changed since an (aware) moment.

        Changes go by the branch's clock, whose hour before a change to winter time comes twice: overlap the windows.

        Never a partial list: an error on any page is raised, and a diary that changes between the pages is listed anew,
        a few times, and then raised as UnavailableError. Raises any SyncError but UnknownOutcomeError.
        """
        wanted: dict[str, str | date | int | None] = {
            "start_date": from_on,
            "end_date": until_on,
            "staff_id": staff_id,
            "client_id": client_id,
            "c_start_date": created_from_on,
            "c_end_date": created_until_on,
            "changed_after": changed_after and self._wall_clock(changed_after),
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
        answer = self._calls.ask("GET", self._record_path(record_id))
        return read(answer, lambda data: read_record(data, self._zone))

    def create(self, new: NewCrmRecord, *, save_if_busy: bool = False) -> CrmRecord:
        """Books, and gives the record as the CRM then has it.

        Raises any SyncError but UnavailableError; after UnknownOutcomeError the record may exist, so look before
        sending again. Raises MalformedValueError, before anything is sent, for a booking that cannot be written.
        """
        body = write_record(self._local(new), save_if_busy=save_if_busy)
        answer = self._calls.ask("POST", self._records_path(), body=body, private=_private(new))
        return read(answer, lambda data: self._created(data, new), is_write=True)

    def change(self, record_id: int, new: NewCrmRecord, *, save_if_busy: bool = False) -> None:
        """Replaces a record as a whole, with its time and master; success is the CRM's envelope saying so.

        Raises GoneError if it is not there, and any SyncError but UnavailableError; an answer that shows another time
        is an UnknownOutcomeError. Raises MalformedValueError, before anything is sent, for what cannot be written.
        """
        local = self._local(new)
        body = write_record(local, save_if_busy=save_if_busy)
        answer = self._calls.ask("PUT", self._record_path(record_id), body=body, private=_private(new))
        start = read(answer, lambda data: read_start(data, self._zone), is_write=True)
        if start is not None and start != local.starts_at:
            raise UnknownOutcomeError(status=answer.status, detail="the answer to a change shows another time")

    def delete(self, record_id: int) -> None:
        """Removes a record from the diary; success is 204 without a body (seen by outside teams).

        Raises GoneError if it is not there, and any SyncError but UnavailableError.
        """
        answer = self._calls.ask("DELETE", self._record_path(record_id))
        if answer.body and not (answer.envelope and answer.envelope.succeeded):
            raise UnknownOutcomeError(status=answer.status, detail="no answer in the CRM's own form")

    def delete_client(self, client_id: int) -> None:
        """Deletes a client of the branch, with what the CRM knows of them; success as that of `delete`.

        Raises GoneError if there is none, RightsError without the right to, and any SyncError but UnavailableError.
        """
        answer = self._calls.ask("DELETE", f"/api/v1/client/{self._company_id}/{client_id}")
        if answer.body and not (answer.envelope and answer.envelope.succeeded):
            raise UnknownOutcomeError(status=answer.status, detail="no answer in the CRM's own form")

    def company(self) -> CrmBranch:
        """The branch and its clock: the cheapest call that proves tokens, branch and host.

        Raises any SyncError but UnknownOutcomeError, as all that only read do.
        """
        # The closing slash is the vendor's; without it a redirect would be its answer.
        return read(self._calls.ask("GET", f"{self._company_path()}/"), read_branch)

    def probe(self) -> str:
        """The IANA name of the branch's zone, for whoever only asks whether the CRM answers."""
        return self.company().zone_name

    def branches(self) -> tuple[int, ...]:
        """The numbers of the branches the user has a hand in; by default the CRM would list everybody's."""
        return read(self._calls.ask("GET", "/api/v1/companies", query={"my": "1"}), read_branch_ids)

    def permissions(self) -> CrmRights:
        """Which of the rights we need the user behind the token has in this branch."""
        return read(self._calls.ask("GET", f"/api/v1/user/permissions/{self._company_id}"), read_rights)

    def services(self) -> list[CrmService]:
        """The whole price list, also what is not offered any more."""
        return read_whole(self._calls.ask("GET", f"{self._company_path()}/services"), read_services)

    def categories(self) -> dict[int, str]:
        """The titles of the price list's categories by their ids."""
        return read(self._calls.ask("GET", f"/api/v1/book_services/{self._company_id}"), read_categories)

    def staff(self) -> list[CrmStaffMember]:
        """All masters, also those who have left."""
        return read_whole(self._calls.ask("GET", f"{self._company_path()}/staff"), read_staff)

    def shifts(self, from_on: date, until_on: date) -> list[CrmShift]:
        """When the masters work on these days of the branch, both ends included."""
        query = {"start_date": str(from_on), "end_date": str(until_on)}
        answer = self._calls.ask("GET", f"{self._company_path()}/staff/schedule", query=query)
        return read(answer, lambda data: read_shifts(data, self._zone))

    def hooks(self) -> CrmHooks:
        """Where the CRM announces its changes to. Their addresses hold secrets."""
        return read(self._calls.ask("GET", self._hooks_path()), read_hooks)

    def set_hooks(self, url: str) -> None:
        """Has the changes that concern us announced to `url`, beside whoever else is told of them.

        Two calls, of which only the second writes; saying it again changes nothing. After UnknownOutcomeError look at
        `hooks`.
        """
        present = self.hooks()
        answer = self._calls.ask("POST", self._hooks_path(), body=write_hooks(url, present), private=(url,))
        read(answer, lambda _: None, is_write=True)

    def told_starts(self, from_on: date, until_on: date) -> list[datetime]:
        """Starts of up to a page of records on these days, with the offsets the CRM claims; it may be wrong there."""
        query = {"start_date": str(from_on), "end_date": str(until_on), "page": "1", "count": str(_PAGE)}
        return read(self._calls.ask("GET", self._records_path(), query=query), read_told_starts)

    def _local(self, new: NewCrmRecord) -> NewCrmRecord:
        """The CRM goes by the digits on the wall, so they must be the branch's."""
        return msgspec.structs.replace(new, starts_at=_aware(new.starts_at).astimezone(self._zone))

    def _wall_clock(self, moment: datetime) -> str:
        """As the vendor's example has it, without an offset: its zone is not documented, so presumably the branch's."""
        return _aware(moment).astimezone(self._zone).replace(tzinfo=None).isoformat(timespec="seconds")

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

        def records(data: object) -> list[CrmRecord]:
            if not isinstance(data, list):
                raise MalformedAnswerError(detail="a list of records that is not a list")
            return read_records(data, self._zone)

        answer = self._calls.ask("GET", self._records_path(), query=query)
        return read(answer, records), answer.envelope.total_count if answer.envelope else None

    def _created(self, data: object, new: NewCrmRecord) -> CrmRecord:
        found = read_records(data, self._zone)
        ours = [record for record in found if record.api_id == str(new.booking_id)]
        candidates = found if len(found) == 1 else ours
        if len(candidates) != 1:
            raise MalformedAnswerError(detail=f"{len(found)} records in the answer to one booking")
        return candidates[0]

    def _records_path(self) -> str:
        return f"/api/v1/records/{self._company_id}"

    def _company_path(self) -> str:
        return f"/api/v1/company/{self._company_id}"

    def _hooks_path(self) -> str:
        return f"/api/v1/hooks_settings/{self._company_id}"

    def _record_path(self, record_id: int) -> str:
        return f"/api/v1/record/{self._company_id}/{record_id}"


def _private(new: NewCrmRecord) -> tuple[str, ...]:
    """What an answer may repeat of the request and nobody should read in a log."""
    return new.phone, digits(new.phone), new.name, new.comment


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise MalformedValueError("moment without a time zone", "not fit to be sent to the CRM")
    return moment
