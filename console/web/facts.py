"""An event's facts as cells of a table: words for values, names for ids, links to what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import msgspec

from console.web.filters import by_tag
from console.web.voice import Voice
from ledger import events as e
from ledger.tags import client_tag, record_tag, staff_tag
from ledger.values import BookedService, BookingId, ClientId, RecordId, Sealed, ServiceId, Slot, StaffId, booking_code


@dataclass(frozen=True)
class Cell:
    """One value: text, perhaps a link; or several cells; or a table of its own. `is_sealed` is text nobody opened."""

    text: str = ""
    href: str | None = None
    is_sealed: bool = False
    items: Sequence[Cell] = ()
    rows: Sequence[tuple[str, Cell]] = ()


def fact_rows(event: msgspec.Struct, voice: Voice) -> list[tuple[str, Cell]]:
    """Label and value of every fact that was given, in the order of the event."""
    rows = []
    for info in msgspec.structs.fields(event):
        value = getattr(event, info.name)
        if value is not None and value not in ((), {}, ""):
            rows.append((voice.words.field(info.name), cell(info.name, value, voice)))
    return rows


def raw_rows(facts: object, voice: Voice) -> list[tuple[str, Cell]]:
    """The same for facts this program cannot decode: as they stand, sealed parts left out."""
    if not isinstance(facts, dict):
        return [("", _raw(facts, voice))]
    return [(voice.words.field(str(name)), _raw(value, voice)) for name, value in facts.items()]


def cell(name: str, value: object, voice: Voice) -> Cell:
    """A value of the field of that name."""
    match value:
        case Sealed():
            return Cell(voice.words.sealed, is_sealed=True)
        case Slot():
            return Cell(voice.slot(value))
        case BookedService():
            service = voice.service(value.service_id)
            return Cell(f"{service}, {voice.length(value.minutes)}, {voice.money(value.price)}")
        case e.ServiceOffer():
            masters = ", ".join(voice.staff(staff_id) for staff_id in value.staff_ids)
            said = [value.title, value.category, voice.length(value.minutes), voice.money(value.price), masters]
            return Cell(f"{voice.number(value.service_id)} · {' · '.join(filter(None, said))}")
        case e.StaffMember():
            return Cell(
                f"{voice.number(value.staff_id)} · {value.name} · {value.title}", by_tag(staff_tag(value.staff_id))
            )
        case e.Interval():
            return Cell(f"{value.opens:%H:%M}–{value.closes:%H:%M}")
        case msgspec.Struct():
            return Cell(rows=fact_rows(value, voice))
        case dict():
            return Cell(rows=[(_key(name, key, voice), cell(name, one, voice)) for key, one in value.items()])
        case tuple() | list():
            return Cell(items=[cell(name, one, voice) for one in value]) if value else Cell(voice.words.none)
        case _:
            return _plain(name, value, voice)


def _plain(name: str, value: object, voice: Voice) -> Cell:
    match value:
        case bool():
            return Cell(voice.words.yes if value else voice.words.no)
        case datetime():
            return Cell(voice.exactly(value))
        case date() | time():
            return Cell(value.isoformat())
        case int():
            return _number(name, value, voice)
        case _:
            return Cell(voice.words.value(name, str(value)))


def _number(name: str, value: int, voice: Voice) -> Cell:
    match name:
        case "booking_id":
            return Cell(booking_code(BookingId(value)), f"/bookings/{booking_code(BookingId(value))}")
        case "client_id":
            return Cell(str(value), by_tag(client_tag(ClientId(value))))
        case "staff_id":
            return Cell(voice.staff(StaffId(value)), by_tag(staff_tag(StaffId(value))))
        case "service_ids":
            return Cell(voice.service(ServiceId(value)))
        case "record_id" | "record_ids":
            return Cell(voice.words.record_number.format(number=value), by_tag(record_tag(RecordId(value))))
        case "covers":
            return Cell(voice.number(value), f"/events/{value}")
        case _:
            return Cell(str(value))


def _key(name: str, key: object, voice: Voice) -> str:
    return key.isoformat() if isinstance(key, date) else voice.words.value(name, str(key))


def _raw(value: object, voice: Voice) -> Cell:
    match value:
        case {"sealed": _}:
            return Cell(voice.words.sealed, is_sealed=True)
        case Mapping():
            return Cell(rows=[(str(key), _raw(one, voice)) for key, one in value.items()])
        case list():
            return Cell(items=[_raw(one, voice) for one in value])
        case _:
            return Cell(str(value))
