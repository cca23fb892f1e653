"""A row of an older table read as a visit: who, what, with whom, when, for how much, and whether it stands."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from console.errors import BadRowError
from console.old_table.columns import NO, ROUBLES, YES, folded, is_called_off
from console.old_table.file import Row
from ledger import events as e
from ledger.clock import later
from ledger.errors import MalformedValueError
from ledger.values import BookedService, ServiceId, Slot, StaffId, parse_phone

FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_SERVICES = 20
HIGHEST_PRICE = 10_000_000
LONGEST_NAME = 200
_DAY = 24 * 60
_DATE = r"(?:(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}))"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)"
_MOMENT = re.compile(rf"{_DATE}(?:,?\s+|T){_TIME}\s*{_OFFSET}?", re.ASCII | re.IGNORECASE)
_TIME_ALONE = re.compile(_TIME, re.ASCII)
_DATED = re.compile(_DATE, re.ASCII)
_NICK = re.compile(r"@\w+", re.ASCII)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Visit:
    """What a row says, in this program's terms; `row_id` is the older table's own number, if it has one."""

    row_id: str
    name: str
    phone: str | None
    telegram_id: str | None
    slot: Slot
    services: tuple[BookedService, ...]
    is_cancelled: bool
    agreed: tuple[int | None, int | None]
    """Minutes and kopecks as the row itself has them; None where the catalogue was asked."""

    def __repr__(self) -> str:
        return "Visit(…)"  # never logged: it names a person

    @property
    def content(self) -> str:
        """All the row says, in one form however the table was written out."""
        return json.dumps(
            [
                self.name,
                self.phone,
                self.telegram_id,
                self.slot.staff_id,
                self.slot.starts_at.astimezone(UTC).isoformat(),
                sorted(service.service_id for service in self.services),
                self.agreed,
                self.is_cancelled,
            ]
        )


@dataclass(frozen=True)
class PriceList:
    """The catalogue, searched by id or by name."""

    facts: e.CatalogPublished

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.facts.timezone)

    @cached_property
    def masters(self) -> Mapping[str, Sequence[StaffId]]:
        return _by_words((member.staff_id, member.name) for member in self.facts.staff)

    @cached_property
    def services(self) -> Mapping[str, Sequence[ServiceId]]:
        return _by_words((offer.service_id, offer.title) for offer in self.facts.services)

    @cached_property
    def offers(self) -> Mapping[ServiceId, e.ServiceOffer]:
        return {offer.service_id: offer for offer in self.facts.services}


@dataclass
class _Problems:
    """Everything that is wrong with one row, so that it is corrected in one go."""

    found: list[str] = field(default_factory=list)

    def read(self, reader: Callable[[], _T], instead: _T) -> _T:
        """What the reader gives; after a problem `instead`, which is never used since the row is refused."""
        try:
            return reader()
        except BadRowError as problem:
            self.found.append(str(problem))
            return instead


def read_visit(row: Row, prices: PriceList) -> Visit:
    """The visit a row tells of. Raises BadRowError with all that is wrong with it."""
    if row.problem is not None:
        raise BadRowError(row.problem)
    problems, nowhen = _Problems(), datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    nobody: tuple[str | None, str | None] = (None, None)
    nothing: list[ServiceId] = []
    name = problems.read(lambda: _name(row), "")
    telegram_id, phone = problems.read(lambda: _contact(row), nobody)
    staff_id = problems.read(lambda: _master(row.cell("master"), prices), StaffId(0))
    service_ids = problems.read(lambda: _services(row.cell("service"), prices), nothing)
    starts_at = problems.read(lambda: _starts_at(row, prices.zone), nowhen)
    minutes = problems.read(lambda: _minutes(row.cell("minutes")), None)
    kopecks = problems.read(lambda: _kopecks(row.cell("price")), None)
    is_cancelled = problems.read(lambda: _is_cancelled(row), False)  # noqa: FBT003  what stands in for a bad cell
    if problems.found:
        raise BadRowError("; ".join(problems.found))
    services = _agreed([prices.offers[service_id] for service_id in service_ids], minutes, kopecks)
    length = sum(service.minutes for service in services)
    if length > _DAY:
        raise BadRowError("the visit is longer than 24 hours")
    slot = Slot(staff_id, _fixed(starts_at), _fixed(later(starts_at, timedelta(minutes=length))))
    row_id = row.cell("id")
    return Visit(row_id, name, phone, telegram_id, slot, services, is_cancelled, (minutes, kopecks))


def _by_words(pairs: Iterable[tuple[_T, str]]) -> Mapping[str, Sequence[_T]]:
    found: dict[str, list[_T]] = defaultdict(list)
    for number, words in pairs:
        for key in dict.fromkeys((str(number), folded(words))):
            found[key].append(number)
    return found


def _name(row: Row) -> str:
    name = " ".join(row.cell("name").split())
    if len(name) > LONGEST_NAME:
        raise BadRowError(f"the client's name is longer than {LONGEST_NAME} characters")
    return name


def _contact(row: Row) -> tuple[str | None, str | None]:
    """Telegram id and phone, one of which is enough. A nick is no id: it can be given to somebody else."""
    given, phone = row.cell("telegram_id"), row.cell("phone")
    telegram_id = None if _NICK.fullmatch(given) else given or None
    if telegram_id is None and not phone:
        raise BadRowError("neither a phone nor a Telegram id")
    if telegram_id is not None and not (re.fullmatch("[0-9]{1,16}", telegram_id) and 0 < int(telegram_id) < 1 << 52):
        raise BadRowError("the Telegram id is not a person's number")
    try:
        return str(int(telegram_id)) if telegram_id else None, parse_phone(phone) if phone else None
    except MalformedValueError as error:
        raise BadRowError("the phone cannot be read") from error


def _master(text: str, prices: PriceList) -> StaffId:
    if not text:
        raise BadRowError("no master")
    found = prices.masters.get(folded(text), ())
    if len(found) > 1:
        raise BadRowError("several masters of the catalogue have this name: give the id")
    if not found:
        raise BadRowError("no master of the catalogue has this id or name")
    return found[0]


def _services(text: str, prices: PriceList) -> list[ServiceId]:
    """One service or several: a title that has a plus or a comma itself is found before it is taken apart."""
    if found := prices.services.get(folded(text), ()):
        if len(found) > 1:
            raise BadRowError("several services of the catalogue have this title: give the id")
        return [found[0]]
    for separator in "\n;+,":
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if separator in text and parts:
            service_ids = [service_id for part in parts for service_id in _services(part, prices)]
            if len(service_ids) > MOST_SERVICES:
                raise BadRowError(f"more than {MOST_SERVICES} services")
            return service_ids
    raise BadRowError("no service of the catalogue has this id or title" if text else "no service")


def _starts_at(row: Row, zone: ZoneInfo) -> datetime:
    """The start in the salon's zone; without an offset it is the salon's wall clock."""
    start, date, time = row.cell("start"), row.cell("date"), row.cell("time")
    if date and (not start or _TIME_ALONE.fullmatch(start)):
        start = f"{date} {start or time}".strip()
    elif start and time and _DATED.fullmatch(start):
        start = f"{start} {time}"
    if not start:
        raise BadRowError("no start")
    if _DATED.fullmatch(start):
        raise BadRowError("the start has a date but no time of day")
    match = _MOMENT.fullmatch(start)
    try:
        if match is None:
            raise BadRowError("the start cannot be read: write it like 2026-11-23 18:00 or 23.11.2026 18:00")
        moment = _moment(match, zone)
    except (ValueError, OverflowError) as error:
        raise BadRowError("the start is no moment of the calendar") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadRowError(f"the start lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _moment(match: re.Match[str], zone: ZoneInfo) -> datetime:
    """Raises ValueError for digits that are no moment, BadRowError for one the salon's clock never showed."""
    part = match.groupdict()
    year, month, day = (int(part[iso] or part[dotted]) for iso, dotted in (("year", "y"), ("month", "m"), ("day", "d")))
    naive = datetime(year, month, day, int(part["hour"]), int(part["minute"]), int(part["second"] or 0))  # noqa: DTZ001  zoned below
    if offset := part["offset"]:
        return datetime.fromisoformat(naive.isoformat() + offset.upper()).astimezone(zone)
    moment = naive.replace(tzinfo=zone)
    # Only by way of UTC does Python look whether the clocks skip this time.
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise BadRowError("the clocks were put forward over the start: there was no such time that day")
    return moment


def _fixed(moment: datetime) -> datetime:
    """With its offset alone, as it will be stored: where clocks go back a zone's own instants equal no stored ones."""
    return datetime.fromisoformat(moment.isoformat())


def _minutes(text: str) -> int | None:
    if not text:
        return None
    number = _number(text)
    if number is None or number != int(number):
        raise BadRowError("the length cannot be read: write it in whole minutes")
    if number <= 0:
        raise BadRowError("the length is not above zero")
    if number > _DAY:
        raise BadRowError("the visit is longer than 24 hours")
    return int(number)


def _kopecks(text: str) -> int | None:
    plain = folded(text)
    number = _number(next((plain.removesuffix(word) for word in ROUBLES if plain.endswith(word)), plain))
    if not text:
        return None
    if number is None or number * 100 != int(number * 100):
        raise BadRowError("the price cannot be read: write it in roubles")
    if not 0 <= number <= HIGHEST_PRICE:
        raise BadRowError(f"the price lies outside 0 to {HIGHEST_PRICE} roubles")
    return int(number * 100)


def _number(text: str) -> Decimal | None:
    plain = folded(text).replace(",", ".")
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _is_cancelled(row: Row) -> bool:
    status, cancelled = row.cell("status"), row.cell("cancelled").casefold()
    by_status = is_called_off(status) if status else False
    if by_status is None:
        raise BadRowError("the status is not known here")
    if not cancelled or cancelled in NO:
        return by_status
    if cancelled in YES or _DATED.match(cancelled):  # a moment: when it was called off
        return True
    raise BadRowError("whether it is cancelled cannot be read: write yes or no")


def _agreed(offers: Sequence[e.ServiceOffer], minutes: int | None, kopecks: int | None) -> tuple[BookedService, ...]:
    """Each service with its share of the row's length and price, in the catalogue's proportions."""
    lengths = _shares([offer.minutes for offer in offers], minutes)
    costs = _shares([offer.price for offer in offers], kopecks)
    return tuple(
        BookedService(offer.service_id, cost, length)
        for offer, cost, length in zip(offers, costs, lengths, strict=True)
    )


def _shares(usual: Sequence[int], total: int | None) -> list[int]:
    """`total` split like `usual`, to the last unit; without a total the usual itself."""
    if total is None:
        return list(usual)
    weights = usual if sum(usual) else [1] * len(usual)
    shares = [total * weight // sum(weights) for weight in weights]
    return [*shares[:-1], total - sum(shares[:-1])]
