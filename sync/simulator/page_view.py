"""What the simulator's page shows: the diary of a day by master and hour, the latest requests, the switches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from sync.simulator import page_words as words
from sync.simulator.catalog import Master
from sync.simulator.entries import Entry

if TYPE_CHECKING:
    from sync.simulator.crm import Simulator

_DAYS_SHOWN = 7
_CALLS_SHOWN = 60
_HOURS_WITHOUT_ANYBODY = (10, 20)


class Tab(msgspec.Struct, frozen=True):
    """A day to choose, and how many records stand on it."""

    day: date
    label: str
    count: int


class Shown(msgspec.Struct, frozen=True):
    """A record as staff read it; `start` and `end` like `10:00`, `day` for the form that moves it."""

    record_id: int
    staff_id: int
    day: date
    start: str
    end: str
    client: str
    phone: str
    services: str
    comment: str
    api_id: str
    is_by_hand: bool
    deleted: bool


class Cell(msgspec.Struct, frozen=True):
    """An hour of a master: the records that begin in it, or until when one goes on, and whether it is worked."""

    records: list[Shown]
    until: str
    is_worked: bool


class Row(msgspec.Struct, frozen=True):
    """An hour of all masters."""

    hour: str
    cells: list[Cell]


class Line(msgspec.Struct, frozen=True):
    """A request in the journal."""

    at: str
    what: str
    method: str
    path: str
    status: str
    kind: str
    faults: list[str]


class View(msgspec.Struct, frozen=True):
    """The whole page."""

    now: str
    day: date
    tabs: list[Tab]
    masters: list[Master]
    rows: list[Row]
    journal: list[Line]
    fired: list[tuple[str, int]]
    facts: list[tuple[str, int]]


def view(simulator: Simulator, day: date) -> View:
    """The page for that day."""
    now, entries = simulator.now(), simulator.entries()
    today = now.date()
    days = [today + timedelta(days=number) for number in range(_DAYS_SHOWN)]
    on_day = [entry for entry in entries if entry.new.starts_at.date() == day]
    masters = _masters(simulator, on_day)
    return View(
        now=f"{now:%d.%m.%Y %H:%M:%S}",
        day=day,
        tabs=[_tab(one, today, entries) for one in sorted({*days, day})],
        masters=masters,
        rows=_rows(simulator, masters, day, on_day),
        journal=_journal(simulator),
        fired=[(words.FAULTS[fault], count) for fault, count in simulator.faults.counts().items()],
        facts=_facts(simulator),
    )


def _tab(day: date, today: date, entries: Iterable[Entry]) -> Tab:
    label = words.weekday(day.weekday(), day.day, day.month)
    count = sum(entry.new.starts_at.date() == day and not entry.deleted for entry in entries)
    return Tab(day, f"Сегодня, {label}" if day == today else label, count)


def _masters(simulator: Simulator, entries: Iterable[Entry]) -> list[Master]:
    """Those of the catalogue, and whoever else has a record that day."""
    listed = {one.staff_id: one for one in simulator.catalog.staff() if not one.is_fired}
    for entry in entries:
        staff_id = entry.new.staff_id
        listed.setdefault(staff_id, Master(staff_id, simulator.catalog.name_of(staff_id)))
    return list(listed.values())


def _rows(simulator: Simulator, masters: Sequence[Master], day: date, entries: Sequence[Entry]) -> list[Row]:
    hours = _hours(masters, day, entries)
    return [
        Row(f"{hour:02}:00", [_cell(simulator, one, datetime.combine(day, time(hour)), entries) for one in masters])
        for hour in hours
    ]


def _hours(masters: Iterable[Master], day: date, entries: Iterable[Entry]) -> range:
    """From the first to the last hour in which somebody works or a record stands."""
    pieces = [piece for one in masters for piece in one.hours_on(day)]
    begun = [opens.hour for opens, _ in pieces] + [entry.new.starts_at.hour for entry in entries]
    ended = [_last_hour(datetime.combine(day, closes)) for _, closes in pieces]
    ended += [_last_hour(entry.ends_at) if entry.ends_at.date() == day else 23 for entry in entries]
    if not begun:
        return range(*_HOURS_WITHOUT_ANYBODY)
    return range(min(begun), max(ended) + 1)


def _last_hour(end: datetime) -> int:
    return (end - timedelta(seconds=1)).hour


def _cell(simulator: Simulator, master: Master, hour: datetime, entries: Iterable[Entry]) -> Cell:
    ends = hour + timedelta(hours=1)
    here = [entry for entry in entries if entry.new.staff_id == master.staff_id]
    starting = [entry for entry in here if hour <= entry.new.starts_at < ends]
    going_on = [one for one in here if not one.deleted and one.new.starts_at < hour < one.ends_at]
    is_worked = any(
        datetime.combine(hour, opens) < ends and hour < datetime.combine(hour, closes)
        for opens, closes in master.hours_on(hour.date())
    )
    until = f"{max(one.ends_at for one in going_on):%H:%M}" if going_on else ""
    by_start = sorted(starting, key=lambda entry: entry.new.starts_at)
    return Cell([_shown(simulator, entry) for entry in by_start], until, is_worked)


def _shown(simulator: Simulator, entry: Entry) -> Shown:
    new = entry.new
    ids = [service["id"] for service in new.services]
    return Shown(
        record_id=entry.record_id,
        staff_id=new.staff_id,
        day=new.starts_at.date(),
        start=f"{new.starts_at:%H:%M}",
        end=f"{entry.ends_at:%H:%M}",
        client=" ".join(filter(None, (str(new.client.get(part, "")) for part in ("name", "surname")))),
        phone=str(new.client.get("phone", "")),
        services=", ".join(simulator.catalog.title_of(number) for number in ids if isinstance(number, int)),
        comment=new.comment,
        api_id=new.api_id,
        is_by_hand=entry.is_by_hand,
        deleted=entry.deleted,
    )


def _journal(simulator: Simulator) -> list[Line]:
    """The latest first."""
    return [
        Line(
            at=f"{call.at.astimezone(simulator.zone):%H:%M:%S}",
            what=words.call(call.method, call.path),
            method=call.method,
            path=call.path,
            status=words.status(call.status),
            kind="lost" if call.status is None else "good" if call.status < 300 else "bad",
            faults=[words.FAULTS[fault] for fault in call.faults],
        )
        for call in reversed(simulator.journal()[-_CALLS_SHOWN:])
    ]


def _facts(simulator: Simulator) -> list[tuple[str, int]]:
    counts = simulator.counts()
    return [
        ("записей стоит", counts.records - counts.deleted),
        ("удалено", counts.deleted),
        ("запросов", counts.requests),
        ("связь обрывалась", counts.hung_up),
        ("«слишком часто»", counts.rate_limited),
        ("будет сделано позже", simulator.late_writes),
        ("уведомлений отправлено", simulator.post.attempts),
    ]
