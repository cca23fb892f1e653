"""The diary of the simulated Yclients: its records, in the shape the vendor's OpenAPI documents for reading.

It speaks the CRM's language on purpose and shares no code with `sync.wire`: two readings of one specification check
each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

_FIRST_RECORD_ID = 1_000_001
_FIRST_CLIENT_ID = 500_001
Json = dict[str, object]


class BusyDiaryError(Exception):
    """The master has a record in that time."""


class NoSuchRecordError(Exception):
    """There is no such record, or none any more."""


class NewEntry(msgspec.Struct, frozen=True):
    """What somebody, by API or by hand, wants in the diary; `starts_at` naive, on the branch's clock."""

    staff_id: int
    starts_at: datetime
    seconds: int
    services: tuple[Json, ...] = ()
    client: Json = {}
    api_id: str = ""
    comment: str = ""
    save_if_busy: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A record in the diary; the two instants aware, in the branch's zone."""

    record_id: int
    new: NewEntry
    client_id: int
    is_by_hand: bool
    created_at: datetime
    changed_at: datetime
    deleted: bool = False

    @property
    def ends_at(self) -> datetime:
        """The end on the branch's clock, naive."""
        return self.new.starts_at + timedelta(seconds=self.new.seconds)

    def overlaps(self, other: NewEntry) -> bool:
        """True when both want the same master at once."""
        return (
            not self.deleted
            and self.new.staff_id == other.staff_id
            and self.new.starts_at < other.starts_at + timedelta(seconds=other.seconds)
            and other.starts_at < self.ends_at
        )


class Wanted(msgspec.Struct, frozen=True):
    """The filters of `GET /api/v1/records/{company_id}` this simulator knows; days inclusive, None for any."""

    start_date: date | None = None
    end_date: date | None = None
    c_start_date: date | None = None
    c_end_date: date | None = None
    changed_after: datetime | None = None
    staff_id: int | None = None
    with_deleted: bool = False

    def takes(self, entry: Entry) -> bool:
        """True when the entry passes every filter."""
        changed_at = entry.changed_at.replace(tzinfo=None)
        return (
            (self.with_deleted or not entry.deleted)
            and (self.staff_id is None or entry.new.staff_id == self.staff_id)
            and _within(entry.new.starts_at.date(), self.start_date, self.end_date)
            and _within(entry.created_at.date(), self.c_start_date, self.c_end_date)
            and (self.changed_after is None or changed_at >= self.changed_after)
        )


class Diary:
    """All records of one branch; safe to use from several threads, each call is whole."""

    def __init__(self, company_id: int, zone: ZoneInfo, clock: Callable[[], datetime]) -> None:
        self._company_id, self._zone, self._clock = company_id, zone, clock
        self._lock = threading.Lock()
        self._entries: dict[int, Entry] = {}
        self._client_ids: dict[str, int] = {}

    def add(self, new: NewEntry, *, is_by_hand: bool = False) -> Json:
        """The record as it now stands. Raises BusyDiaryError unless `save_if_busy` or the salon's staff wish it so."""
        now = self._clock().astimezone(self._zone)
        with self._lock:
            is_forced = is_by_hand or new.save_if_busy
            if not is_forced and any(entry.overlaps(new) for entry in self._entries.values()):
                raise BusyDiaryError
            entry = Entry(
                record_id=_FIRST_RECORD_ID + len(self._entries),
                new=new,
                client_id=self._client_id(new.client),
                is_by_hand=is_by_hand,
                created_at=now,
                changed_at=now,
            )
            self._entries[entry.record_id] = entry
        return self._shown(entry)

    def change(self, record_id: int, new: NewEntry) -> Json:
        """The record, replaced as a whole. Raises NoSuchRecordError; BusyDiaryError unless `save_if_busy`.

        It may be refused because of its own old time, as outside teams have seen.
        """
        now = self._clock().astimezone(self._zone)
        with self._lock:
            entry = self._standing(record_id)
            if not new.save_if_busy and any(one.overlaps(new) for one in self._entries.values()):
                raise BusyDiaryError
            entry = msgspec.structs.replace(entry, new=new, client_id=self._client_id(new.client), changed_at=now)
            self._entries[record_id] = entry
        return self._shown(entry)

    def move_by_hand(self, record_id: int, starts_at: datetime, staff_id: int) -> Json:
        """What staff drag to another place. Raises NoSuchRecordError.

        The caller's number is lost by that, as outside teams have seen.
        """
        now = self._clock().astimezone(self._zone)
        with self._lock:
            entry = self._standing(record_id)
            new = msgspec.structs.replace(entry.new, starts_at=starts_at, staff_id=staff_id, api_id="")
            entry = msgspec.structs.replace(entry, new=new, changed_at=now)
            self._entries[record_id] = entry
        return self._shown(entry)

    def comment_by_hand(self, record_id: int, comment: str) -> Json:
        """What staff note down. Raises NoSuchRecordError."""
        with self._lock:
            entry = self._standing(record_id)
            entry = msgspec.structs.replace(entry, new=msgspec.structs.replace(entry.new, comment=comment))
            self._entries[record_id] = entry
        return self._shown(entry)

    def remove(self, record_id: int) -> Json | None:
        """The record, now marked as deleted; None if there is none, or none any more."""
        now = self._clock().astimezone(self._zone)
        with self._lock:
            entry = self._entries.get(record_id)
            if entry is None or entry.deleted:
                return None
            entry = msgspec.structs.replace(entry, deleted=True, changed_at=now)
            self._entries[record_id] = entry
        return self._shown(entry)

    def record(self, record_id: int) -> Json | None:
        """One record; a deleted one too, as outside teams have seen."""
        with self._lock:
            entry = self._entries.get(record_id)
        return self._shown(entry) if entry else None

    def records(self, wanted: Wanted) -> list[Json]:
        """All records that pass, in the order of their ids."""
        with self._lock:
            entries: Iterable[Entry] = tuple(self._entries.values())
        return [self._shown(entry) for entry in entries if wanted.takes(entry)]

    def _standing(self, record_id: int) -> Entry:
        entry = self._entries.get(record_id)
        if entry is None or entry.deleted:
            raise NoSuchRecordError
        return entry

    def _client_id(self, client: Json) -> int:
        phone = str(client.get("phone") or "")
        return self._client_ids.setdefault(phone, _FIRST_CLIENT_ID + len(self._client_ids)) if phone else 0

    def _shown(self, entry: Entry) -> Json:
        new = entry.new
        aware = new.starts_at.replace(tzinfo=self._zone)
        return {
            "id": entry.record_id,
            "company_id": self._company_id,
            "staff_id": new.staff_id,
            "services": [_shown_service(service) for service in new.services],
            "goods_transactions": [],
            "staff": {"id": new.staff_id, "name": f"Мастер {new.staff_id}", "specialization": "", "position": []},
            "client": _shown_client(new.client, entry.client_id),
            "comer": None,
            "clients_count": 1,
            "date": f"{new.starts_at:%Y-%m-%d %H:%M:%S}",
            "datetime": aware.isoformat(timespec="seconds"),
            "create_date": f"{entry.created_at:%Y-%m-%dT%H:%M:%S%z}",
            "last_change_date": f"{entry.changed_at:%Y-%m-%dT%H:%M:%S%z}",
            "comment": new.comment,
            "online": False,
            "visit_id": str(entry.record_id),
            "visit_attendance": 0,
            "attendance": 0,
            "confirmed": 1,
            "seance_length": new.seconds,
            "length": new.seconds,
            "master_request": 0,
            "api_id": new.api_id,
            "created_user_id": 1 if entry.is_by_hand else 2,
            "deleted": entry.deleted,
            "paid_full": 0,
            "payment_status": 0,
            "prepaid": False,
            "prepaid_confirmed": False,
            "custom_color": "",
            "record_labels": [],
            "activity_id": 0,
            "custom_fields": [],
            "documents": [],
            "sms_remain_hours": 0,
            "email_remain_hours": 0,
        }


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _shown_service(service: Json) -> Json:
    cost = service.get("cost", 0)
    return {
        "id": service["id"],
        "title": f"Услуга {service['id']}",
        "cost": cost,
        "cost_to_pay": cost,
        "manual_cost": cost,
        "cost_per_unit": cost,
        "discount": service.get("discount", 0),
        "first_cost": service.get("first_cost", cost),
        "amount": 1,
    }


def _shown_client(client: Json, client_id: int) -> Json | None:
    if not client:
        return None
    name = client.get("name", "")
    return {
        "id": client_id,
        "name": name,
        "surname": client.get("surname", ""),
        "patronymic": client.get("patronymic", ""),
        "display_name": name,
        "phone": client.get("phone", ""),
        "email": client.get("email", ""),
        "custom_fields": [],
    }
