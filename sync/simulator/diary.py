"""The diary of the simulated Yclients: all records of one branch, and who is told when one changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from sync.simulator.catalog import Catalog
from sync.simulator.entries import Entry, NewEntry, Wanted, shown
from sync.simulator.exchange import Json

_FIRST_RECORD_ID = 1_000_001
_FIRST_CLIENT_ID = 500_001


class BusyDiaryError(Exception):
    """The master has a record in that time."""


class NoSuchRecordError(Exception):
    """There is no such record, or none any more."""


class Change(msgspec.Struct, frozen=True):
    """What has just happened to a record, in the words of a webhook; by the salon's staff or by a caller of the API."""

    status: Literal["create", "update", "delete"]
    record: Json
    is_by_hand: bool


class Diary:
    """Safe to use from several threads, each call is whole; `on_change` is called after it, outside any lock."""

    def __init__(
        self,
        company_id: int,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        catalog: Catalog,
        on_change: Callable[[Change], None],
    ) -> None:
        self._company_id, self._zone, self._clock = company_id, zone, clock
        self._catalog, self._on_change = catalog, on_change
        self._lock = threading.Lock()
        self._entries: dict[int, Entry] = {}
        self._by_place: dict[tuple[int, date], set[int]] = {}
        self._client_ids: dict[str, int] = {}

    def add(self, new: NewEntry, *, is_by_hand: bool = False) -> Json:
        """The record as it now stands. Raises BusyDiaryError unless `save_if_busy` or the salon's staff wish it so."""
        now = self._now()
        with self._lock:
            if not is_by_hand and not new.save_if_busy and self._in_the_way(new):
                raise BusyDiaryError
            entry = Entry(
                record_id=_FIRST_RECORD_ID + len(self._entries),
                new=new,
                client_id=self._client_id(new.client),
                is_by_hand=is_by_hand,
                created_at=now,
                changed_at=now,
            )
            self._put(entry)
        return self._told("create", entry, is_by_hand=is_by_hand)

    def change(self, record_id: int, new: NewEntry, *, minds_own_time: bool = True) -> Json:
        """The record, replaced as a whole. Raises NoSuchRecordError; BusyDiaryError unless `save_if_busy`.

        It may be refused because of its own old time, as outside teams have seen, if it `minds_own_time`.
        """
        with self._lock:
            entry = self._standing(record_id)
            if not new.save_if_busy and self._in_the_way(new) - (set() if minds_own_time else {record_id}):
                raise BusyDiaryError
            entry = self._changed(entry, new=new, client_id=self._client_id(new.client))
        return self._told("update", entry, is_by_hand=False)

    def minds_only_itself(self, record_id: int, new: NewEntry) -> bool:
        """True when nothing but the record's own present time is in the way of its new one."""
        with self._lock:
            return self._in_the_way(new) == {record_id}

    def move_by_hand(self, record_id: int, starts_at: datetime, staff_id: int) -> Json:
        """What staff drag to another place. Raises NoSuchRecordError.

        The caller's number is lost by that, as outside teams have seen.
        """
        with self._lock:
            entry = self._standing(record_id)
            new = msgspec.structs.replace(entry.new, starts_at=starts_at, staff_id=staff_id, api_id="")
            entry = self._changed(entry, new=new)
        return self._told("update", entry, is_by_hand=True)

    def lengthen_by_hand(self, record_id: int, seconds: int) -> Json:
        """What staff draw longer or shorter, `seconds` in all. Raises NoSuchRecordError."""
        with self._lock:
            entry = self._standing(record_id)
            entry = self._changed(entry, new=msgspec.structs.replace(entry.new, seconds=seconds))
        return self._told("update", entry, is_by_hand=True)

    def comment_by_hand(self, record_id: int, comment: str) -> Json:
        """What staff note down. Raises NoSuchRecordError."""
        with self._lock:
            entry = self._standing(record_id)
            entry = self._changed(entry, new=msgspec.structs.replace(entry.new, comment=comment))
        return self._told("update", entry, is_by_hand=True)

    def attend_by_hand(self, record_id: int, attendance: int) -> Json:
        """What staff tick: 1 came, -1 did not, 2 has confirmed, 0 awaited. Raises NoSuchRecordError."""
        with self._lock:
            entry = self._changed(self._standing(record_id), attendance=attendance)
        return self._told("update", entry, is_by_hand=True)

    def forget_api_id(self, record_id: int, left: str) -> None:
        """The caller's number is lost, and `left` stands in its place; outside teams have seen both forms."""
        with self._lock:
            entry = self._entries[record_id]
            self._put(msgspec.structs.replace(entry, new=msgspec.structs.replace(entry.new, api_id=left)))

    def remove(self, record_id: int, *, is_by_hand: bool = False) -> Json | None:
        """The record, now marked as deleted; None if there is none, or none any more."""
        with self._lock:
            entry = self._entries.get(record_id)
            if entry is None or entry.deleted:
                return None
            entry = self._changed(entry, deleted=True)
        return self._told("delete", entry, is_by_hand=is_by_hand)

    def forget_client(self, client_id: int) -> bool:
        """Takes the client out of every record of theirs; False if there is no such client."""
        with self._lock:
            phone = next((phone for phone, known in self._client_ids.items() if known == client_id), None)
            if phone is None:
                return False
            # The number is not given to anybody else.
            self._client_ids[f"deleted {client_id}"] = self._client_ids.pop(phone)
            theirs = [entry for entry in self._entries.values() if entry.client_id == client_id]
            changed = [
                self._changed(entry, new=msgspec.structs.replace(entry.new, client={}), client_id=0) for entry in theirs
            ]
        for entry in changed:
            self._told("update", entry, is_by_hand=False)
        return True

    def entry(self, record_id: int) -> Entry | None:
        """One record as it is kept; a deleted one too."""
        with self._lock:
            return self._entries.get(record_id)

    def record(self, record_id: int) -> Json | None:
        """One record; a deleted one too, as outside teams have seen."""
        entry = self.entry(record_id)
        return self.shown(entry) if entry else None

    def entries(self, wanted: Wanted) -> list[Entry]:
        """All records that pass, as they are kept, in the order of their ids."""
        with self._lock:
            entries = list(self._entries.values())
        return [entry for entry in entries if wanted.takes(entry)]

    def records(self, wanted: Wanted) -> list[Json]:
        """All records that pass, in the order of their ids."""
        return [self.shown(entry) for entry in self.entries(wanted)]

    def shown(self, entry: Entry) -> Json:
        """The record as the API shows it."""
        return shown(entry, self._company_id, self._catalog)

    def _told(self, status: Literal["create", "update", "delete"], entry: Entry, *, is_by_hand: bool) -> Json:
        record = self.shown(entry)
        self._on_change(Change(status, record, is_by_hand))
        return record

    def _now(self) -> datetime:
        return self._clock().astimezone(self._zone)

    def _standing(self, record_id: int) -> Entry:
        entry = self._entries.get(record_id)
        if entry is None or entry.deleted:
            raise NoSuchRecordError
        return entry

    def _changed(self, entry: Entry, **fields: object) -> Entry:
        entry = msgspec.structs.replace(entry, changed_at=self._now(), **fields)
        self._put(entry)
        return entry

    def _put(self, entry: Entry) -> None:
        before = self._entries.get(entry.record_id)
        for place in before.new.places() if before else ():
            self._by_place[place].discard(entry.record_id)
        for place in entry.new.places():
            self._by_place.setdefault(place, set()).add(entry.record_id)
        self._entries[entry.record_id] = entry

    def _in_the_way(self, new: NewEntry) -> set[int]:
        """The records that stand over that time."""
        near = (one for place in new.places() for one in self._by_place.get(place, ()))
        return {one for one in near if self._entries[one].overlaps(new)}

    def _client_id(self, client: Json) -> int:
        phone = str(client.get("phone") or "")
        return self._client_ids.setdefault(phone, _FIRST_CLIENT_ID + len(self._client_ids)) if phone else 0
