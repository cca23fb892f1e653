"""The calls about the branch itself: its zone, the user's rights, services, masters, and when they work."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from sync.simulator.account import NO_RIGHT, Account
from sync.simulator.catalog import Catalog, Master, Service
from sync.simulator.diary import Diary
from sync.simulator.entries import Entry, Wanted
from sync.simulator.exchange import Answer, Asked, Json, good, invalid, missing, refused
from sync.simulator.faults import Drawn

TITLE = "Студия красоты «Липа»"
_LONGEST_SCHEDULE = timedelta(days=366)
_PICTURE = "https://yclients.ru/images/no-master"


class BranchApi(msgspec.Struct, frozen=True):
    """The calls over one branch's catalogue and account. Shapes and messages are those of the vendor's OpenAPI."""

    diary: Diary
    catalog: Catalog
    account: Account
    company_id: int
    zone: ZoneInfo

    def company(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/`."""
        return good(self._company())

    def companies(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/companies`: the branches of this user."""
        return good([self._company()], meta={"total_count": 1})

    def permissions(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/user/permissions/{company_id}`."""
        return good(self.account.permissions())

    def services(self, asked: Asked, _: tuple[int, ...], __: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/services`."""
        try:
            staff_id = _number(asked, "staff_id")
            category_id = _number(asked, "category_id")
        except ValueError:
            return invalid({"query": "Неверное значение"})
        found = [
            one
            for one in self.catalog.services()
            if (staff_id is None or staff_id in one.staff_ids)
            and (category_id is None or category_id == self._category_id(one))
        ]
        return good([self._service(one) for one in found], meta={"total_count": len(found)})

    def service(self, _: Asked, ids: tuple[int, ...], __: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/services/{service_id}`: an array of one, as documented."""
        found = [self._service(one) for one in self.catalog.services() if one.service_id == ids[1]]
        return good(found, meta={"total_count": 1}) if found else missing("Услуга не найдена.")

    def book_services(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/book_services/{company_id}`: the only call that names the categories."""
        services = self.catalog.services()
        titles = {self._category_id(one): one.category for one in services}
        categories: list[Json] = [{"id": number, "title": title, "weight": number} for number, title in titles.items()]
        offered = [self._service(one) for one in services if one.is_active]
        for one in offered:
            del one["staff"]
        return good({"events": [], "services": offered, "category": categories})

    def staff(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/staff`."""
        found = self.catalog.staff()
        return good([self._master(one) for one in found], meta={"total_count": len(found)})

    def master(self, _: Asked, ids: tuple[int, ...], __: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/staff/{staff_id}`: an array of one, as documented."""
        found = [self._master(one) for one in self.catalog.staff() if one.staff_id == ids[1]]
        if not found:
            return missing(f"Сотрудник с ID {ids[1]} не найден в филиале {self.company_id}.")
        return good(found, meta={"total_count": 1})

    def schedule(self, asked: Asked, _: tuple[int, ...], __: Drawn) -> Answer:
        """`GET /api/v1/company/{company_id}/staff/schedule`: a day off is a day without slots."""
        if not self.account.may("timetable_access"):
            return refused(NO_RIGHT)
        try:
            query = asked.first()
            first, last = (date.fromisoformat(query[name]) for name in ("start_date", "end_date"))
            wanted = {int(text) for text in asked.all_of("staff_ids")}
        except (KeyError, ValueError):
            return invalid({"query": "Неверное значение"})
        if not timedelta(0) <= last - first <= _LONGEST_SCHEDULE:
            return invalid({"end_date": "Неверное значение"})
        staff = [one for one in self.catalog.staff() if not one.is_fired and (not wanted or one.staff_id in wanted)]
        days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
        entries = self.diary.entries(Wanted(start_date=first, end_date=last))
        is_busy_asked = "busy_intervals" in asked.all_of("include")
        shown = [_working_day(one, day, entries if is_busy_asked else None) for one in staff for day in days]
        return good(shown, meta={"count": len(shown)})

    def _company(self) -> Json:
        return {"id": self.company_id, "title": TITLE, "timezone_name": self.zone.key}

    def _category_id(self, service: Service) -> int:
        titles = list(dict.fromkeys(one.category for one in self.catalog.services()))
        return titles.index(service.category) + 1

    def _service(self, one: Service) -> Json:
        return {
            "id": one.service_id,
            "salon_service_id": one.service_id + 100_000,
            "title": one.title,
            "category_id": self._category_id(one),
            "price_min": one.price,
            "price_max": one.price,
            "discount": 0,
            "comment": "",
            "weight": 0,
            "active": int(one.is_active),
            "api_id": "",
            "staff": [{"id": staff_id, "seance_length": one.seconds} for staff_id in one.staff_ids],
        }

    def _master(self, one: Master) -> Json:
        return {
            "id": one.staff_id,
            "name": one.name,
            "company_id": self.company_id,
            "specialization": one.specialization,
            "position": {},
            "avatar": f"{_PICTURE}-sm.png",
            "avatar_big": f"{_PICTURE}.png",
            "fired": int(one.is_fired),
            "status": 0,
            "hidden": 0,
            "user_id": None,
        }


def _number(asked: Asked, name: str) -> int | None:
    """Raises ValueError."""
    text = asked.first().get(name)
    return None if text is None else int(text)


def _working_day(master: Master, day: date, entries: list[Entry] | None) -> Json:
    slots = [{"from": f"{opens:%H:%M}", "to": f"{closes:%H:%M}"} for opens, closes in master.hours_on(day)]
    shown: Json = {"staff_id": master.staff_id, "date": day.isoformat(), "slots": slots}
    if entries is None:
        return shown
    busy = [one for one in entries if one.new.staff_id == master.staff_id and one.new.starts_at.date() == day]
    return shown | {"busy_intervals": [_interval(one) for one in sorted(busy, key=lambda one: one.new.starts_at)]}


def _interval(entry: Entry) -> Json:
    return {
        "entity_type": "record",
        "entity_id": entry.record_id,
        "from": f"{entry.new.starts_at:%H:%M}",
        "to": f"{entry.ends_at:%H:%M}",
    }
