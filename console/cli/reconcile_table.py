"""What `zapisnik sync reconcile` found, as a person reads it: a row a difference, then what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ledger.values import ServiceId, StaffId, booking_code
from projections.catalog import Catalog
from sync.differences import Difference, Kind, minutes_of
from sync.reconcile import Reconciliation, Told
from sync.wire import CrmRecord

WORDS: dict[Kind, str] = {
    "missing_in_crm": "not in the CRM",
    "extra_in_crm": "only in the CRM",
    "moved": "at another place",
    "length": "of another length",
    "services": "other services",
    "phone": "another phone",
    "duplicate": "twice in the CRM",
    "resurrected": "cancelled here, stands there",
    "overlap": "two at once in the CRM",
    "empty_answer": "the CRM shows nothing",
}
_WIDE = 180
"""Columns where there is no terminal to fit into."""


class _Words:
    """Times on the salon's clock, masters and services by their names."""

    def __init__(self, catalog: Catalog | None, zone: ZoneInfo) -> None:
        self._catalog, self._zone = catalog, zone

    def when(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%a %Y-%m-%d %H:%M}"

    def master(self, staff_id: int) -> str:
        member = self._catalog.member(StaffId(staff_id)) if self._catalog else None
        return member.name if member else f"master {staff_id}"

    def services(self, service_ids: Iterable[int]) -> str:
        offers = [(one, self._catalog.service(ServiceId(one)) if self._catalog else None) for one in service_ids]
        return ", ".join(offer.title if offer else f"service {one}" for one, offer in offers) or "none"

    def place(self, record: CrmRecord, at: datetime, staff_id: int) -> str:
        """A record and where it stands, as far as that is not where its row is about."""
        start, usual = record.slot_start.astimezone(self._zone), at.astimezone(self._zone)
        said = [f"record {record.record_id}"]
        if start != usual:
            said.append(f"{start:%H:%M}" if start.date() == usual.date() else self.when(start))
        if record.staff_id != staff_id:
            said.append(self.master(record.staff_id))
        return ", ".join(said)


def print_reconciliation(found: Reconciliation, catalog: Catalog | None, zone: ZoneInfo) -> None:
    words = _Words(catalog, zone)
    if found.told:
        _print_table(found.told, words)
    for booking, record in found.comparison.numberless:
        code = booking_code(booking.booking_id)
        typer.echo(f"note: record {record.record_id} has lost our number; it is known to be {code} all the same")
    for line in _summary(found):
        typer.echo(line)


def _print_table(told: Sequence[Told], words: _Words) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("booking", "when", "master", "difference", "here", "in the CRM", "explained by"):
        table.add_column(heading, overflow="fold")
    for one in told:
        table.add_row(*_row(one, words))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)


def _row(told: Told, words: _Words) -> tuple[str, ...]:
    one, why = told.difference, told.explanation
    explained = f"№ {why.position} {why.type}: {why.sentence}" if why else "nothing explains it"
    if one.booking is not None:
        code, at, staff_id = booking_code(one.booking.booking_id), one.booking.slot.starts_at, one.booking.slot.staff_id
    elif one.record is not None:
        code, at, staff_id = "-", one.record.slot_start, StaffId(one.record.staff_id)
    else:
        return "-", "-", "-", WORDS[one.kind], f"{one.expected} bookings it should hold", "nothing", explained
    there = _there(one, words, at, staff_id)
    return code, words.when(at), words.master(staff_id), WORDS[one.kind], _here(one, words), there, explained


def _here(one: Difference, words: _Words) -> str:
    booking = one.booking
    if booking is None:
        return "nothing known"
    match one.kind:
        case "length":
            return f"{booking.minutes} min"
        case "services":
            return words.services(booking.service_ids)
        case "phone":
            return "the client's phone"
        case _:
            return "booked" if booking.is_standing else "cancelled"


def _there(one: Difference, words: _Words, at: datetime, staff_id: StaffId) -> str:
    record = one.record
    if record is None:
        return "nothing"
    place = words.place(record, at, staff_id)
    match one.kind:
        case "missing_in_crm":
            return f"removed ({place})"
        case "length":
            return f"{minutes_of(record)} min ({place})"
        case "services":
            return f"{words.services(record.service_ids)} ({place})"
        case "phone":
            return f"{'another' if record.phone_digits else 'no'} phone ({place})"
        case "duplicate" | "overlap" if one.beside is not None:
            return f"{place}; {words.place(one.beside, at, staff_id)}"
        case _:
            return place


def _summary(found: Reconciliation) -> list[str]:
    comparison = found.comparison
    counts = Counter(one.difference.kind for one in found.told)
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    unexplained = sum(one.explanation is None for one in found.told)
    lines = [
        f"{found.from_on} to {found.until_on}: {comparison.checked} checked, {comparison.equal} equal; "
        + (f"{len(found.told)} differences, {unexplained} unexplained ({said})" if found.told else "no differences")
    ]
    if counts["empty_answer"]:
        lines.append("An empty answer says nothing about any booking: nothing was compared.")
    if found.moving:
        lines.append(f"In motion: {found.moving} bookings changed while the CRM was read; look again in a moment.")
    ours, theirs = comparison.ours_digest, comparison.theirs_digest
    lines.append(f"digest {ours} on both sides" if ours == theirs else f"digest {ours} here, {theirs} in the CRM")
    return lines
