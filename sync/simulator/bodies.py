"""What callers send to the simulated CRM, checked field by field and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from sync.simulator.entries import NewEntry, Wanted

REQUIRED_FIELDS = ("staff_id", "services", "client", "datetime", "seance_length", "save_if_busy", "send_sms")
"""The vendor's older blueprint marks these as required for a new record; the present OpenAPI marks none."""
REQUIRED_BY_HAND = ("staff_id", "datetime", "seance_length")
"""A mark in the diary needs no more: the vendor's examples have records without client and services."""
_AGREEMENTS = ("is_newsletter_allowed", "is_personal_data_processing_allowed")
_DEFAULT_PAGE = 50  # the vendor's example; the greatest page is not documented


class InvalidFieldsError(Exception):
    """The body of a new record is not acceptable; `problems` maps a field to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


def read_new_entry(body: object, zone: ZoneInfo, *, required: Iterable[str] = REQUIRED_FIELDS) -> NewEntry:
    """Reads the body of a new record; a `datetime` with an offset is taken as that instant, on the branch's clock.

    Raises InvalidFieldsError naming each field that is missing or of a wrong type.
    """
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": "не объект"})
    problems = {name: "Необходимо заполнить" for name in required if name not in body}
    checked = {name: check(body[name]) for name, check in _CHECKS.items() if name in body}
    problems |= {name: "Неверное значение" for name, is_good in checked.items() if not is_good}
    if problems:
        raise InvalidFieldsError(problems)
    return NewEntry(
        staff_id=body["staff_id"],
        starts_at=_on_wall_clock(body["datetime"], zone),
        seconds=body["seance_length"],
        services=tuple(body.get("services") or ()),
        client=body.get("client") or {},
        api_id=body.get("api_id") or "",
        comment=body.get("comment") or "",
        save_if_busy=body.get("save_if_busy", False),
        client_agreements=body.get("client_agreements") or {},
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_length(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 24 * 60 * 60


def _are_services(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and _is_id(item.get("id"))
        and all(_is_number(item.get(price, 0)) for price in ("first_cost", "discount", "cost"))
        for item in value
    )


def _is_client(value: object) -> bool:
    if value is None or value == []:
        return True
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _are_agreements(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name, False), bool) for name in _AGREEMENTS)


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) > len("2019-01-01") and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "staff_id": _is_id,
    "services": _are_services,
    "client": _is_client,
    "datetime": _is_moment,
    "seance_length": _is_length,
    "save_if_busy": lambda value: isinstance(value, bool),
    "send_sms": lambda value: isinstance(value, bool),
    "api_id": lambda value: isinstance(value, str),
    "comment": lambda value: isinstance(value, str),
    "client_agreements": _are_agreements,
}


def _on_wall_clock(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def decoded(body: bytes) -> object:
    """JSON. Raises msgspec.DecodeError."""
    decoded: object = msgspec.json.decode(body)
    return decoded


def read_query(query: Mapping[str, str], zone: ZoneInfo) -> tuple[Wanted, int, int]:
    """The filters, the page (from 1) and its length. Raises ValueError."""

    def day(name: str) -> date | None:
        return date.fromisoformat(query[name]) if name in query else None

    def moment(name: str) -> datetime | None:
        return _on_wall_clock(query[name], zone) if name in query else None

    wanted = Wanted(
        start_date=day("start_date"),
        end_date=day("end_date"),
        c_start_date=day("c_start_date"),
        c_end_date=day("c_end_date"),
        changed_after=moment("changed_after"),
        changed_before=moment("changed_before"),
        staff_id=int(query["staff_id"]) if "staff_id" in query else None,
        client_id=int(query["client_id"]) if "client_id" in query else None,
        with_deleted=query.get("with_deleted", "0") in {"1", "true"},
    )
    page, count = int(query.get("page", "1")), int(query.get("count", _DEFAULT_PAGE))
    if page < 1 or count < 1:
        raise ValueError("pages are counted from 1")
    return wanted, page, count
