"""`zapisnik audit replay`: the log folded anew, and the schedule as it stood at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from console.cli.common import house_of, named, parse_time, print_json
from console.errors import UsageError
from console.wiring import House
from ledger.codec import Recorded
from ledger.sync_state import Status
from ledger.values import BookingId, ClientId, booking_code
from projections import backlog, schedule
from projections.backlog import BacklogProjection
from projections.catalog import Catalog, CatalogProjection, catalog_in
from projections.erased import erased_clients
from projections.projector import Projection, scratch
from projections.schedule import Schedule, ScheduledBooking

Statuses = Mapping[BookingId, tuple[Status, int | None]]


@dataclass(frozen=True)
class Replayed:
    """What the log said by then: rows by time, the catalogue of that moment, the last event that counted.

    `erased` are those who were erased up to this day: of them nothing is known at any moment any more.
    """

    position: int
    recorded_at: datetime | None
    bookings: Sequence[ScheduledBooking]
    statuses: Statuses
    catalog: Catalog | None
    erased: Set[ClientId] = frozenset()


def replay(
    as_of: Annotated[str | None, typer.Option(help="What was recorded up to this time.")] = None,
    position: Annotated[int | None, typer.Option(help="Up to this position.", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fold the log anew and show the schedule as it stood."""
    if as_of is not None and position is not None:
        raise UsageError("give --as-of or --position, not both")
    with house_of() as house:
        moment = parse_time(as_of, house.zone, "--as-of") if as_of else None
        if position is not None and position > (head := house.recorder.head()):
            raise UsageError(f"--position: there is no event {position} yet, the log ends with {head}")
        then = replayed(house, moment, position)
        stood_at = moment or (then.recorded_at.astimezone(house.zone) if then.recorded_at else None)
        if as_json:
            rows = [_booking_json(row, then, house.zone) for row in then.bookings]
            print_json({"position": then.position, "as_of": stood_at, "bookings": rows})
            return
        typer.echo(_heading(then, stood_at))
        if moment is not None and moment > house.clock.now():
            typer.echo("That time is yet to come; this is how it stands now.")
        for line in _table(then, house.zone):
            typer.echo(line)


def replayed(house: House, moment: datetime | None, position: int | None) -> Replayed:
    """Everything recorded up to a moment or a position, whichever is given; else all of it."""

    def is_before(event: Recorded) -> bool:
        return (position is None or event.position <= position) and (moment is None or event.recorded_at <= moment)

    models: list[Projection] = [Schedule(), BacklogProjection(), CatalogProjection()]
    with scratch(house.recorder, models, is_before) as (connection, last):
        return Replayed(
            last.position if last else 0,
            last.recorded_at if last else None,
            schedule.all_bookings(connection),
            backlog.statuses(connection),
            catalog_in(connection),
            erased_clients(house.ledger),
        )


def _booking_json(row: ScheduledBooking, then: Replayed, zone: ZoneInfo) -> dict[str, Any]:
    """The form the contract promises."""
    sync, record_id = _sync(row, then.statuses)
    return {
        **named(row.booking_id),
        "staff_id": row.staff_id,
        "service_ids": row.service_ids,
        "client_id": row.client_id,
        "client_erased": row.client_id in then.erased,
        "starts_at": row.starts_at.astimezone(zone),
        "ends_at": row.ends_at.astimezone(zone),
        "status": row.status,
        "sync": sync,
        "record_id": record_id,
    }


def _sync(row: ScheduledBooking, statuses: Statuses) -> tuple[str, int | None]:
    """Whether the CRM knew, and its record; a hold is never sent, and what was made in the CRM is known there."""
    sync, record_id = statuses.get(row.booking_id, ("synced" if row.origin == "crm" else "skipped", None))
    return sync, record_id or row.record_id


def _heading(then: Replayed, stood_at: datetime | None) -> str:
    if stood_at is None or not then.position:
        return "Nothing was recorded by then."
    when = f"{stood_at:%Y-%m-%d at %H:%M:%S}"
    return f"The schedule as it stood on {when}, after event {then.position}; bookings and holds: {len(then.bookings)}"


def _table(then: Replayed, zone: ZoneInfo) -> Iterator[str]:
    """A paragraph a day, a line a booking, with the names of that moment's catalogue."""
    rows = [(row.starts_at.astimezone(zone), row, _names(row, then.catalog)) for row in then.bookings]
    widest = max((len(master) for _, _, (master, _) in rows), default=0)
    for day, of_day in groupby(rows, key=lambda one: one[0].date()):
        yield f"\n{day:%A, %Y-%m-%d}"
        for starts_at, row, (master, services) in of_day:
            sync, record_id = _sync(row, then.statuses)
            known = "" if row.status == "held" else f"  {sync}{f', record {record_id}' if record_id else ''}"
            yield (
                f"  {starts_at:%H:%M}-{row.ends_at.astimezone(zone):%H:%M}  {master:<{widest}}  "
                f"{booking_code(row.booking_id)}  {row.status:<9}  {services}{known}"
                f"{'  client erased' if row.client_id in then.erased else ''}"
            )


def _names(row: ScheduledBooking, catalog: Catalog | None) -> tuple[str, str]:
    """The master's name and the services' titles, or their numbers where the catalogue of then does not know them."""
    member = catalog.member(row.staff_id) if catalog else None
    offers = [(one, catalog.service(one) if catalog else None) for one in row.service_ids]
    titles = ", ".join(offer.title if offer else f"service {one}" for one, offer in offers)
    return member.name if member else f"master {row.staff_id}", titles
