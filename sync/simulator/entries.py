"""What stands in the simulated diary, and how the API shows it: the shape the vendor's OpenAPI documents for reading.

It speaks the CRM's language on purpose and shares no code with `sync.wire`: two readings of one specification check
each other.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from sync.simulator.catalog import Catalog
from sync.simulator.exchange import Json


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
    client_agreements: Json = {}

    @property
    def ends_at(self) -> datetime:
        """The end on the branch's clock, naive."""
        return self.starts_at + timedelta(seconds=self.seconds)

    def places(self) -> list[tuple[int, date]]:
        """The master's days it touches."""
        days = (self.ends_at.date() - self.starts_at.date()).days
        return [(self.staff_id, self.starts_at.date() + timedelta(days=day)) for day in range(days + 1)]


class Entry(msgspec.Struct, frozen=True):
    """A record in the diary; the two instants aware, in the branch's zone."""

    record_id: int
    new: NewEntry
    client_id: int
    is_by_hand: bool
    created_at: datetime
    changed_at: datetime
    deleted: bool = False
    attendance: int = 0

    @property
    def ends_at(self) -> datetime:
        """The end on the branch's clock, naive."""
        return self.new.ends_at

    def overlaps(self, other: NewEntry) -> bool:
        """True when both want the same master at once."""
        return (
            not self.deleted
            and self.new.staff_id == other.staff_id
            and self.new.starts_at < other.ends_at
            and other.starts_at < self.new.ends_at
        )


class Wanted(msgspec.Struct, frozen=True):
    """The filters of `GET /api/v1/records/{company_id}` this simulator knows; days inclusive, None for any.

    `changed_after` and `changed_before` are naive, on the branch's clock, inclusive. The vendor names no zone.
    """

    start_date: date | None = None
    end_date: date | None = None
    c_start_date: date | None = None
    c_end_date: date | None = None
    changed_after: datetime | None = None
    changed_before: datetime | None = None
    staff_id: int | None = None
    client_id: int | None = None
    with_deleted: bool = False

    def takes(self, entry: Entry) -> bool:
        """True when the entry passes every filter."""
        # Whole seconds, as they are shown: a caller hands back what it has read.
        changed_at = entry.changed_at.replace(tzinfo=None, microsecond=0)
        return (
            (self.with_deleted or not entry.deleted)
            and (self.staff_id is None or entry.new.staff_id == self.staff_id)
            and (self.client_id is None or entry.client_id == self.client_id)
            and _within(entry.new.starts_at.date(), self.start_date, self.end_date)
            and _within(entry.created_at.date(), self.c_start_date, self.c_end_date)
            and _within(changed_at, self.changed_after, self.changed_before)
        )


def _within(value: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= value) and (last is None or value <= last)


def shown(entry: Entry, company_id: int, catalog: Catalog) -> Json:
    """The record as `GET` gives it."""
    new = entry.new
    zone = entry.created_at.tzinfo
    return {
        "id": entry.record_id,
        "company_id": company_id,
        "staff_id": new.staff_id,
        "services": [_service(service, catalog) for service in new.services],
        "goods_transactions": [],
        "staff": {
            "id": new.staff_id,
            "name": catalog.name_of(new.staff_id),
            "specialization": "",
            "position": [],
        },
        "client": _client(new.client, entry.client_id),
        "comer": None,
        "clients_count": 1,
        "date": f"{new.starts_at:%Y-%m-%d %H:%M:%S}",
        "datetime": new.starts_at.replace(tzinfo=zone).isoformat(timespec="seconds"),
        "create_date": f"{entry.created_at:%Y-%m-%dT%H:%M:%S%z}",
        "last_change_date": f"{entry.changed_at:%Y-%m-%dT%H:%M:%S%z}",
        "comment": new.comment,
        "online": False,
        "visit_id": str(entry.record_id),
        "visit_attendance": entry.attendance,
        "attendance": entry.attendance,
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
        "client_agreements": new.client_agreements or [],
    }


def _service(service: Json, catalog: Catalog) -> Json:
    cost = service.get("cost", 0)
    service_id = service["id"]
    return {
        "id": service_id,
        "title": catalog.title_of(service_id) if isinstance(service_id, int) else "",
        "cost": cost,
        "cost_to_pay": cost,
        "manual_cost": cost,
        "cost_per_unit": cost,
        "discount": service.get("discount", 0),
        "first_cost": service.get("first_cost", cost),
        "amount": 1,
    }


def _client(client: Json, client_id: int) -> Json | None:
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
