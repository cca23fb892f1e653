"""What the simulated salon offers: services with prices and lengths, masters by name, and when they work.

Without another it is the salon of `salon.toml`. A catalogue that was given is complete: what is not in it is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import date, time

import msgspec

Hours = tuple[tuple[time, time], ...]
"""Pieces of a working day, each from and to on the branch's clock."""


class Service(msgspec.Struct, frozen=True):
    """A service on the price list: `price` in roubles, `seconds` for every master who does it."""

    service_id: int
    title: str
    price: float
    seconds: int
    staff_ids: tuple[int, ...]
    category: str = "Услуги"
    is_active: bool = True


class Master(msgspec.Struct, frozen=True):
    """A master with a usual week (0 is Monday) and days that are different."""

    staff_id: int
    name: str
    specialization: str = ""
    week: Mapping[int, Hours] = {}
    days: Mapping[date, Hours] = {}
    is_fired: bool = False

    def hours_on(self, day: date) -> Hours:
        """When this master works that day."""
        return self.days.get(day, self.week.get(day.weekday(), ()))


class Catalog:
    """The services and masters of one branch; staff may change them at any moment. Safe to use from several threads."""

    def __init__(
        self, services: Iterable[Service] = (), staff: Iterable[Master] = (), *, is_complete: bool = True
    ) -> None:
        self._lock = threading.Lock()
        self._services = {one.service_id: one for one in services}
        self._staff = {one.staff_id: one for one in staff}
        self._is_complete = is_complete
        self._gone: set[tuple[str, int]] = set()

    def services(self) -> list[Service]:
        """All of them, in the order of the list."""
        with self._lock:
            return list(self._services.values())

    def staff(self) -> list[Master]:
        """All of them, also those who have left."""
        with self._lock:
            return list(self._staff.values())

    def title_of(self, service_id: int) -> str:
        """The service's name, or one made up for a number nobody knows."""
        with self._lock:
            known = self._services.get(service_id)
        return known.title if known else f"Услуга {service_id}"

    def name_of(self, staff_id: int) -> str:
        """The master's name, or one made up for a number nobody knows."""
        with self._lock:
            known = self._staff.get(staff_id)
        return known.name if known else f"Мастер {staff_id}"

    def put_service(self, service: Service) -> None:
        """A new service, or the present one with another price, length or name."""
        with self._lock:
            self._services[service.service_id] = service
            self._gone.discard(("service", service.service_id))

    def put_master(self, master: Master) -> None:
        """A new master, or the present one with other hours or another name."""
        with self._lock:
            self._staff[master.staff_id] = master
            self._gone.discard(("master", master.staff_id))

    def remove_service(self, service_id: int) -> None:
        """Strikes it off the price list; from then on nobody can be booked for it."""
        with self._lock:
            self._services.pop(service_id, None)
            self._gone.add(("service", service_id))

    def dismiss(self, staff_id: int) -> None:
        """The master stays in the list as fired; from then on nobody can be booked there."""
        with self._lock:
            known = self._staff.get(staff_id)
            if known is not None:
                self._staff[staff_id] = msgspec.structs.replace(known, is_fired=True)
            self._gone.add(("master", staff_id))

    def lacks_service(self, service_id: int) -> bool:
        """True when it cannot be booked any more."""
        with self._lock:
            return ("service", service_id) in self._gone or (self._is_complete and service_id not in self._services)

    def lacks_master(self, staff_id: int) -> bool:
        """True when nobody can be booked there any more."""
        with self._lock:
            known = self._staff.get(staff_id)
            return ("master", staff_id) in self._gone or (known.is_fired if known else self._is_complete)


def example_catalog() -> Catalog:
    """The salon of the project's own `salon.toml`; numbers that are not in it are let pass."""
    return Catalog(map(_service, _SERVICES), map(_master, _STAFF), is_complete=False)


def _service(row: tuple[int, str, str, float, int, tuple[int, ...]]) -> Service:
    service_id, category, title, price, minutes, staff_ids = row
    return Service(service_id, title, price, minutes * 60, staff_ids, category)


def _master(row: tuple[int, str, str, str, str]) -> Master:
    staff_id, name, specialization, weekdays, pieces = row
    hours = tuple((_time(opens), _time(closes)) for opens, _, closes in (one.partition("-") for one in pieces.split()))
    return Master(staff_id, name, specialization, {int(weekday): hours for weekday in weekdays})


def _time(text: str) -> time:
    return time.fromisoformat(text)


_STAFF = (
    (101, "Анна Власова", "топ-стилист", "12345", "10:00-14:00 15:00-20:00"),
    (102, "Дарья Ким", "стилист-колорист", "01346", "11:00-15:00 16:00-21:00"),
    (103, "Елена Сорокина", "мастер маникюра и педикюра", "01234", "09:00-13:00 13:45-18:00"),
    (104, "Марина Гусева", "бровист, визажист", "23456", "12:00-16:00 16:30-21:00"),
)
_SERVICES = (
    (2001, "Волосы", "Женская стрижка", 2500, 60, (101, 102)),
    (2002, "Волосы", "Мужская стрижка", 1600, 45, (101, 102)),
    (2003, "Волосы", "Стрижка чёлки", 700, 30, (101, 102)),
    (2004, "Волосы", "Укладка", 1800, 45, (101, 102)),
    (2005, "Волосы", "Окрашивание в один тон", 4900, 120, (101, 102)),
    (2006, "Волосы", "Сложное окрашивание", 8900, 180, (102,)),
    (2007, "Ногти", "Маникюр с покрытием", 2400, 90, (103,)),
    (2008, "Ногти", "Маникюр без покрытия", 1400, 60, (103,)),
    (2009, "Ногти", "Педикюр с покрытием", 3200, 105, (103,)),
    (2010, "Брови и ресницы", "Коррекция бровей", 1000, 30, (104,)),
    (2011, "Брови и ресницы", "Ламинирование ресниц", 2900, 75, (104,)),
    (2012, "Макияж", "Дневной макияж", 3000, 60, (104,)),
)
