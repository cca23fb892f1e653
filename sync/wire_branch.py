"""What Yclients says about the branch itself, in our words and units: its clock, people, price list, shifts, rights.

As in `wire`, reading is lenient and the digits on the wall are the truth. Prices are kopecks, lengths timedeltas,
instants aware in the branch's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from sync.errors import MalformedAnswerError
from sync.wire_values import (
    as_object,
    day,
    flag,
    kopecks,
    length,
    moment,
    needed,
    number,
    objects,
    text,
    time_of_day,
)

RIGHTS: Mapping[str, str] = {
    "create": "create_records_access",
    "edit": "edit_records_access",
    "move": "timetable_transferring_record_access",
    "price": "records_services_cost_access",
    "delete": "delete_records_access",
    "schedule": "timetable_access",
    "hooks": "webhook_read_access",
}
"""The rights this product needs, by our names, each with the vendor's; it ticks them in the user's settings."""

_HEARD = ("record", "master", "service", "service_category")
"""The vendor's flags of the things whose changes we want to hear of."""
_FLAGS = (
    *_HEARD,
    *("salon", "good", "client", "finances_operation", "self_sending"),
    *(f"goods_operations_{kind}" for kind in ("sale", "receipt", "consumable", "stolen", "move")),
)


class CrmBranch(msgspec.Struct, frozen=True):
    """The branch: its name, the IANA name of its zone, and the hours from UTC it names besides, if it does."""

    title: str
    zone_name: str
    offset: timedelta | None


class CrmRights(msgspec.Struct, frozen=True):
    """What the user behind the token may do in the branch; None where the CRM says nothing. See RIGHTS.

    `move` is to drag a record to another time, `price` to send one with a price of ours, `schedule` to see the diary
    and the shifts, `hooks` to have changes announced.
    """

    create: bool | None
    edit: bool | None
    move: bool | None
    price: bool | None
    delete: bool | None
    schedule: bool | None
    hooks: bool | None


class CrmService(msgspec.Struct, frozen=True):
    """A service on the price list, from `price_from` to `price_to` kopecks; `lengths` by the master who does it."""

    service_id: int
    title: str
    category_id: int | None
    price_from: int
    price_to: int
    is_active: bool
    lengths: dict[int, timedelta]


class CrmStaffMember(msgspec.Struct, frozen=True):
    """A master under their public name; `is_gone` when fired or deleted, `is_hidden` from booking online."""

    staff_id: int
    name: str
    title: str
    is_gone: bool
    is_hidden: bool


class CrmShift(msgspec.Struct, frozen=True):
    """One unbroken piece [starts_at, ends_at) of a master's working day."""

    staff_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class CrmHooks:
    """Where the CRM announces changes to, and which; addresses hold secrets, ours and others', so never print them.

    A dataclass, because its fields can be kept out of every printed form. `flags` are the vendor's, one set for all
    addresses.
    """

    urls: tuple[str, ...] = field(repr=False)
    is_active: bool
    flags: Mapping[str, bool]

    def announces_to(self, url: str) -> bool:
        """Whether all changes that concern us are announced to this address."""
        return self.is_active and url in self.urls and all(self.flags.get(name, False) for name in _HEARD)


def read_branch(raw: object) -> CrmBranch:
    """The branch from `GET /api/v1/company/{id}/`. Raises MalformedAnswerError without the name of its zone."""
    branch = as_object(raw)
    return CrmBranch(
        title=text(branch.get("title")),
        zone_name=needed(text(branch.get("timezone_name")) or None, "name of its zone", "a branch"),
        offset=_hours(branch.get("timezone")),
    )


def read_branch_ids(raw: object) -> tuple[int, ...]:
    """The branches in `GET /api/v1/companies`. Raises MalformedAnswerError."""
    return tuple(needed(number(branch.get("id")), "id", "a branch") for branch in objects(raw, "branches"))


def read_rights(raw: object) -> CrmRights:
    """The rights in `GET /api/v1/user/permissions/{company_id}`, where the vendor sorts them into groups.

    Raises MalformedAnswerError when not one of those we look for is there: then it is no list of rights.
    """
    told: dict[str, object] = {}
    for name, value in as_object(raw).items():
        told |= value if isinstance(value, dict) else {name: value}
    rights = {ours: None if told.get(theirs) is None else flag(told[theirs]) for ours, theirs in RIGHTS.items()}
    if set(rights.values()) == {None}:
        raise MalformedAnswerError(detail="a list of rights without one we know")
    return CrmRights(**rights)


def read_services(raw: object) -> list[CrmService]:
    """The price list from `GET /api/v1/company/{company_id}/services`. Raises MalformedAnswerError."""
    return [_service(service) for service in objects(raw, "services")]


def read_categories(raw: object) -> dict[int, str]:
    """Titles of categories by their ids, from `GET /api/v1/book_services/{company_id}`.

    Its text calls them `categories`, its example `category`. Raises MalformedAnswerError.
    """
    offer = as_object(raw)
    named = offer.get("category", offer.get("categories"))
    return {
        needed(number(category.get("id")), "id", "a category"): text(category.get("title"))
        for category in objects(named, "categories")
    }


def read_staff(raw: object) -> list[CrmStaffMember]:
    """All masters from `GET /api/v1/company/{company_id}/staff`, also those who have left. MalformedAnswerError."""
    return [_staff_member(member) for member in objects(raw, "staff")]


def read_shifts(raw: object, zone: ZoneInfo) -> list[CrmShift]:
    """The shifts from `GET /api/v1/company/{company_id}/staff/schedule`. Raises MalformedAnswerError."""
    return [shift for working_day in objects(raw, "shifts") for shift in _shifts_of(working_day, zone)]


def read_hooks(raw: object) -> CrmHooks:
    """The hooks from `GET /api/v1/hooks_settings/{company_id}`. Raises MalformedAnswerError without addresses."""
    if raw == []:  # the vendor's empty object
        return CrmHooks((), is_active=False, flags={})
    settings = as_object(raw)
    urls = settings.get("urls")
    if not isinstance(urls, list):
        raise MalformedAnswerError(detail="hooks without their addresses")
    flags = {name: flag(settings[name]) for name in _FLAGS if name in settings}
    return CrmHooks(tuple(filter(None, map(text, urls))), flag(settings.get("active")), flags)


def write_hooks(url: str, present: CrmHooks) -> dict[str, object]:
    """The body of `POST /api/v1/hooks_settings/{company_id}` that adds our address to what is there.

    One set of flags holds for all addresses, so none of another program's is switched off. Hooks that are off as a
    whole are not brought back to life: clients' data would go to addresses nobody watches any more. `self_sending` is
    on: the token may be a person's who also works in the diary by hand, and their changes would not be heard else.
    """
    wanted = dict.fromkeys((*_HEARD, "self_sending"), True)
    kept = present.flags if present.is_active else {}
    others = present.urls if present.is_active else ()
    return {
        "urls": list(dict.fromkeys([*others, url])),
        "active": 1,
        **{name: int(is_on) for name, is_on in {**kept, **wanted}.items()},
    }


def _hours(raw: object) -> timedelta | None:
    """Hours from UTC as a number or as text, halves too."""
    try:
        hours = float(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else None
    except ValueError:
        return None
    return timedelta(hours=hours) if hours is not None and abs(hours) < 24 else None


def _service(raw: Mapping[str, object]) -> CrmService:
    cheapest = needed(kopecks(raw.get("price_min")), "price", "a service")
    dearest = kopecks(raw.get("price_max"))
    return CrmService(
        service_id=needed(number(raw.get("id")), "id", "a service"),
        title=text(raw.get("title")),
        category_id=number(raw.get("category_id")),
        price_from=cheapest,
        price_to=max(cheapest, dearest or 0),
        is_active=flag(raw.get("active", True)),
        lengths=dict(_lengths(raw.get("staff"))),
    )


def _lengths(raw: object) -> Iterator[tuple[int, timedelta]]:
    for member in objects(raw if raw is not None else [], "masters of a service"):
        lasting = needed(length(member.get("seance_length")), "length", "a master of a service")
        yield needed(number(member.get("id")), "id", "a master of a service"), lasting


def _staff_member(raw: Mapping[str, object]) -> CrmStaffMember:
    position = as_object(raw.get("position"))
    return CrmStaffMember(
        staff_id=needed(number(raw.get("id")), "id", "a master"),
        name=text(raw.get("name")),
        title=text(raw.get("specialization")) or text(position.get("title")),
        is_gone=flag(raw.get("fired")) or flag(raw.get("status")),
        is_hidden=flag(raw.get("hidden")),
    )


def _shifts_of(raw: Mapping[str, object], zone: ZoneInfo) -> Iterator[CrmShift]:
    staff_id = needed(number(raw.get("staff_id")), "master", "a shift")
    on = needed(day(raw.get("date")), "day", "a shift")
    for piece in _pieces(raw.get("slots")):
        opens = needed(time_of_day(piece.get("from")), "beginning", "a shift")
        closes = needed(time_of_day(piece.get("to")), "end", "a shift")
        closes = closes or timedelta(days=1)  # until midnight
        if closes < opens:
            raise MalformedAnswerError(detail="a shift that ends before it begins")
        if closes > opens:
            yield CrmShift(staff_id, moment(on, opens, zone), moment(on, closes, zone))


def _pieces(raw: object) -> Iterable[Mapping[str, object]]:
    return objects(raw, "pieces of a shift") if raw is not None else ()
