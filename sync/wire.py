"""Yclients' own words for bookings (`record`, `seance_length`, `save_if_busy`) turned into ours and back. Their words
stand in the `wire` modules and nowhere else but in the simulator, which speaks for the other side.

Reading is lenient, because the vendor's OpenAPI contradicts its own examples: ids as numbers and as strings, `client`
as an object, null or absent, `[]` for an empty object, a phone as a number, dates naive, with `+09:00` and `+0900`.
Writing is strict. Outside teams have seen the offset of read dates to be wrong (a branch set to UTC+3 while its diary
runs on another clock), so the digits on the wall and the branch's own zone are the truth, and offsets are ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timezone
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from ledger.errors import MalformedValueError
from ledger.values import BookedService
from sync.errors import MalformedAnswerError
from sync.wire_values import as_object, digits, flag, instant, needed, number, objects, text, told_offset

__all__ = [
    "CrmRecord",
    "NewCrmRecord",
    "Visit",
    "digits",
    "read_record",
    "read_records",
    "read_start",
    "read_told_starts",
    "write_record",
]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MINOR_UNITS = 100  # kopecks in a rouble
Visit: TypeAlias = Literal["waiting", "confirmed", "came", "missed"]
_VISITS: Mapping[int | None, Visit] = {0: "waiting", 2: "confirmed", 1: "came", -1: "missed"}


class CrmRecord(msgspec.Struct, frozen=True):
    """A booking as the CRM holds it; `slot_start` and the other instants are aware, in the branch's zone.

    `minutes` may be more than was asked for (the CRM adds a technical break) and 0 for a mark without length;
    `phone_digits` is '' without a client, `api_id` '' where the CRM has forgotten it (a change by hand can do that).
    `comment` is staff's own and may be about a person: it is only ever handed back. `visit` is what the salon has
    noted about the visit itself; a cancellation is not among it, that is `deleted`. `has_client` is False for staff's
    marks; a client without a phone is one whose phone the user may not see. `client_id` is the CRM's number of the
    client, None for a mark.
    """

    record_id: int
    staff_id: int
    slot_start: datetime
    minutes: int
    service_ids: tuple[int, ...]
    phone_digits: str
    api_id: str
    comment: str
    deleted: bool
    created_at: datetime | None
    changed_at: datetime | None
    visit: Visit = "waiting"
    has_client: bool = False
    client_id: int | None = None


class NewCrmRecord(msgspec.Struct, frozen=True):
    """A booking of ours on its way into the CRM; `starts_at` aware, in the branch's zone; `phone` E.164.

    `comment` is what already stands in the record: a change replaces the whole of it.
    """

    booking_id: int
    staff_id: int
    starts_at: datetime
    minutes: int
    services: tuple[BookedService, ...]
    phone: str
    name: str
    comment: str = ""


def read_record(raw: object, zone: ZoneInfo) -> CrmRecord:
    """One record from `data`: an object, or an array holding exactly one.

    Raises MalformedAnswerError when there is not exactly one, or it has no id, master, start or length.
    """
    found = read_records(raw, zone)
    if len(found) != 1:
        raise MalformedAnswerError(detail=f"{len(found)} records where one was expected")
    return found[0]


def read_records(raw: object, zone: ZoneInfo) -> list[CrmRecord]:
    """All records in `data`, in the CRM's order; one unreadable record makes the whole unreadable.

    Raises MalformedAnswerError.
    """
    items = raw if isinstance(raw, list) else [raw]
    return [_read_one(item, zone) for item in items]


def write_record(new: NewCrmRecord, *, save_if_busy: bool) -> dict[str, object]:
    """The body of `POST /api/v1/records/{company_id}` and of `PUT /api/v1/record/{company_id}/{record_id}`.

    A PUT replaces the record: what is left out is lost (seen by outside teams), so both send everything.
    The vendor's older blueprint marks seven fields as required (staff_id, services, client, datetime, seance_length,
    save_if_busy, send_sms), the present OpenAPI none: all seven are always sent. Prices leave in roubles. `discount`
    is 0 with an explicit `cost`, since percent or money is disputed. `api_id` is a string of digits: a hint for
    finding the record again, not a key, since the CRM does not keep it unique.

    Raises MalformedValueError for what the CRM could only misunderstand.
    """
    _check(new)
    return {
        "staff_id": new.staff_id,
        "services": [_write_service(service) for service in new.services],
        "client": {"phone": new.phone.removeprefix("+"), "name": new.name},
        "datetime": new.starts_at.isoformat(timespec="seconds"),
        "seance_length": new.minutes * 60,
        "save_if_busy": save_if_busy,
        "send_sms": False,
        "api_id": str(new.booking_id),
        **({"comment": new.comment} if new.comment else {}),
    }


def read_start(raw: object, zone: ZoneInfo) -> datetime | None:
    """When a changed record now begins. The answer to a change is a smaller record, perhaps without its id or start."""
    return _start(as_object(raw), zone)


def read_told_starts(raw: object) -> list[datetime]:
    """The starts of records with the offsets the CRM itself claims for them, right or wrong; `doctor` compares them."""
    claimed = (record.get("datetime") for record in objects(raw, "records"))
    found = ((instant(text, UTC), told_offset(text)) for text in claimed)
    return [start.replace(tzinfo=timezone(offset)) for start, offset in found if start and offset is not None]


def _check(new: NewCrmRecord) -> None:
    problems = {
        "booking id": new.booking_id > 0,
        # 0 means "any master" in the CRM's online booking, and nothing documented here.
        "staff id": new.staff_id > 0,
        "start with a time zone": new.starts_at.tzinfo is not None,
        "length": new.minutes > 0,
        "phone in E.164": _E164.fullmatch(new.phone) is not None,
    }
    for thing, good in problems.items():
        if not good:
            raise MalformedValueError(thing, "not fit to be sent to the CRM")


def _write_service(service: BookedService) -> dict[str, object]:
    price = _roubles(service.price)
    return {"id": service.service_id, "first_cost": price, "discount": 0, "cost": price}


def _roubles(kopecks: int) -> int | float:
    whole, rest = divmod(kopecks, _MINOR_UNITS)
    return whole if rest == 0 else kopecks / _MINOR_UNITS


def _read_one(raw: object, zone: ZoneInfo) -> CrmRecord:
    if not isinstance(raw, dict):
        raise MalformedAnswerError(detail="a record that is not an object")
    record: Mapping[str, object] = raw
    client = as_object(record.get("client"))
    return CrmRecord(
        record_id=needed(number(record.get("id")), "id", "a record"),
        staff_id=needed(_staff_id(record), "master", "a record"),
        slot_start=needed(_start(record, zone), "start", "a record"),
        minutes=needed(_minutes(record), "length", "a record"),
        service_ids=_service_ids(record.get("services")),
        phone_digits=digits(client.get("phone")),
        api_id=text(record.get("api_id")),
        comment=text(record.get("comment")),
        deleted=flag(record.get("deleted")),
        created_at=instant(record.get("create_date"), zone),
        changed_at=instant(record.get("last_change_date"), zone),
        visit=_visit(record),
        has_client=bool(client),
        client_id=number(client.get("id")) or None,
    )


def _start(record: Mapping[str, object], zone: ZoneInfo) -> datetime | None:
    return instant(record.get("date"), zone) or instant(record.get("datetime"), zone)


def _staff_id(record: Mapping[str, object]) -> int | None:
    direct = number(record.get("staff_id"))
    # The answer to a change carries only the master's object.
    return direct if direct is not None else number(as_object(record.get("staff")).get("id"))


def _minutes(record: Mapping[str, object]) -> int | None:
    seconds = number(record.get("seance_length"))
    seconds = seconds if seconds is not None else number(record.get("length"))
    # Rounded up: a slot must not end before the CRM thinks it does.
    return None if seconds is None or seconds < 0 else math.ceil(seconds / 60)


def _service_ids(raw: object) -> tuple[int, ...]:
    items = raw if isinstance(raw, list) else [raw]
    found = (number(item.get("id") if isinstance(item, dict) else item) for item in items)
    return tuple(service_id for service_id in found if service_id is not None)


def _visit(record: Mapping[str, object]) -> Visit:
    noted = number(record.get("attendance"))
    return _VISITS.get(noted if noted is not None else number(record.get("visit_attendance")), "waiting")
