"""Yclients' own words (`record`, `seance_length`, `save_if_busy`) turned into ours and back, and nowhere else but
in the simulator, which speaks for the other side.

Reading is lenient, because the vendor's OpenAPI contradicts its own examples: ids as numbers and as strings, `client`
as an object, null or absent, `[]` for an empty object, a phone as a number, dates naive, with `+09:00` and `+0900`.
Writing is strict. Outside teams have seen the offset of read dates to be wrong (a branch set to UTC+3 while its diary
runs on another clock), so the digits on the wall and the branch's own zone are the truth, and offsets are ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from ledger.errors import MalformedValueError
from ledger.values import BookedService
from sync.errors import MalformedAnswerError

_WALL_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MINOR_UNITS = 100  # kopecks in a rouble
_T = TypeVar("_T")


class CrmRecord(msgspec.Struct, frozen=True):
    """A booking as the CRM holds it; `slot_start` and the other instants are aware, in the branch's zone.

    `minutes` may be more than was asked for (the CRM adds a technical break) and 0 for a mark without length;
    `phone_digits` is '' without a client, `api_id` '' where the CRM has forgotten it (a change by hand can do that).
    `comment` is staff's own and may be about a person: it is only ever handed back.
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
    return _start(_object(raw), zone)


def read_zone_name(raw: object) -> str:
    """The branch's IANA zone from `GET /api/v1/company/{id}/`. Raises MalformedAnswerError when it is not there."""
    name = _object(raw).get("timezone_name")
    if not isinstance(name, str) or not name:
        raise MalformedAnswerError(detail="a branch without the name of its zone")
    return name


def digits(text: object) -> str:
    """The digits of a phone, given as text or as a number; '' for anything else."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return ""
    plain = str(int(text)) if isinstance(text, float) and text.is_integer() else str(text)
    return re.sub(r"[^0-9]", "", plain)


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
    return CrmRecord(
        record_id=_needed(_number(record.get("id")), "id"),
        staff_id=_needed(_staff_id(record), "master"),
        slot_start=_needed(_start(record, zone), "start"),
        minutes=_needed(_minutes(record), "length"),
        service_ids=_service_ids(record.get("services")),
        phone_digits=digits(_object(record.get("client")).get("phone")),
        api_id=_text(record.get("api_id")),
        comment=_text(record.get("comment")),
        deleted=_flag(record.get("deleted")),
        created_at=_instant(record.get("create_date"), zone),
        changed_at=_instant(record.get("last_change_date"), zone),
    )


def _needed(value: _T | None, thing: str) -> _T:
    if value is None:
        raise MalformedAnswerError(detail=f"a record without its {thing}")
    return value


def _start(record: Mapping[str, object], zone: ZoneInfo) -> datetime | None:
    return _instant(record.get("date"), zone) or _instant(record.get("datetime"), zone)


def _staff_id(record: Mapping[str, object]) -> int | None:
    direct = _number(record.get("staff_id"))
    # The answer to a change carries only the master's object.
    return direct if direct is not None else _number(_object(record.get("staff")).get("id"))


def _minutes(record: Mapping[str, object]) -> int | None:
    seconds = _number(record.get("seance_length"))
    seconds = seconds if seconds is not None else _number(record.get("length"))
    # Rounded up: a slot must not end before the CRM thinks it does.
    return None if seconds is None or seconds < 0 else math.ceil(seconds / 60)


def _service_ids(raw: object) -> tuple[int, ...]:
    items = raw if isinstance(raw, list) else [raw]
    numbers = (_number(item.get("id") if isinstance(item, dict) else item) for item in items)
    return tuple(number for number in numbers if number is not None)


def _instant(raw: object, zone: ZoneInfo) -> datetime | None:
    """The wall-clock digits in the branch's zone; a number is seconds since 1970, as in some vendor's examples."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw > 0:
        return datetime.fromtimestamp(raw, UTC).astimezone(zone)
    wall = _WALL_CLOCK.match(raw) if isinstance(raw, str) else None
    if wall is None:
        return None
    try:
        return datetime.fromisoformat(f"{wall[1]} {wall[2]}").replace(tzinfo=zone)
    except ValueError:  # 0000-00-00, the CRM's database's way of saying never
        return None


def _object(raw: object) -> Mapping[str, object]:
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    return raw if isinstance(raw, dict) else {}


def _number(raw: object) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    if isinstance(raw, str) and re.fullmatch(r"\s*-?[0-9]{1,18}(\.0+)?\s*", raw):
        return int(raw.strip().partition(".")[0])
    return None


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw.strip()
    number = _number(raw)
    return "" if number is None else str(number)


def _flag(raw: object) -> bool:
    return raw.strip().lower() in {"1", "true"} if isinstance(raw, str) else raw in (True, 1)
