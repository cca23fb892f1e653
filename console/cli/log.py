"""`zapisnik events` and `zapisnik story`: the log as it stands, and one booking's life in plain words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from bot.texts.story import story_lines
from console.cli.common import caught_up, house_of, parse_time, print_json
from console.errors import FoundError, UsageError
from console.wiring import House
from ledger.codec import STORED_NAMES, names_meant
from ledger.decisions import boundaries
from ledger.events import Language
from ledger.recorder import StoredEvent
from ledger.tags import booking_tag, client_tag, staff_tag
from ledger.values import BookingId, ClientId, StaffId, booking_code, parse_booking_id
from projections import backlog
from projections.backlog import SYNCED_TYPES
from projections.catalog import current_catalog

TOLD = ("kind", "operation", "outcome", "reason", "record_id", "purpose", "version", "due_on", "where")
commands = typer.Typer()


@commands.command()
def events(
    booking: Annotated[str | None, typer.Option(help="A booking's number or code.")] = None,
    client: Annotated[int | None, typer.Option(help="A client's id.")] = None,
    staff: Annotated[int | None, typer.Option(help="A master's id.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="A stored name; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Recorded at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Recorded before this time.")] = None,
    after: Annotated[int, typer.Option(help="After this position.")] = 0,
    limit: Annotated[int | None, typer.Option(help="At most so many.", min=1)] = None,
    follow: Annotated[bool, typer.Option(help="Go on as events come, until interrupted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the event log. Personal fields are sealed."""
    with house_of() as house:
        query = _query(booking, client, staff, type_ or [])
        first = parse_time(since, house.zone, "--since") if since else None
        last = parse_time(until, house.zone, "--until") if until else None
        left = limit
        for page in _pages(house, query, after, follow=follow):
            wanted = [event for event in page if _is_within(event, first, last)][:left]
            _print(house, wanted, as_json=as_json)
            if left is not None:
                left -= len(wanted)
                if left <= 0:
                    return


@commands.command()
def story(
    booking: Annotated[str, typer.Argument(help="A booking's number or code.")],
    language: Annotated[Language, typer.Option(help="In which words.")] = "ru",
) -> None:
    """Tell one booking's life in plain words."""
    booking_id = parse_booking_id(booking)
    with house_of() as house:
        caught_up(house)
        history = house.ledger.history(boundaries.booking(booking_id))
        if not history:
            raise FoundError(f"there is no booking {booking_code(booking_id)} in this ledger")
        for line in story_lines(history, current_catalog(house.database), house.zone, language):
            typer.echo(line)


def event_json(event: StoredEvent, outcome: backlog.EventOutcome | None) -> dict[str, Any]:
    """One event in the form the contract promises."""
    envelope = msgspec.json.decode(event.data)
    shown: dict[str, Any] = {
        "position": event.position,
        "recorded_at": event.recorded_at,
        "type": event.type,
        "tags": event.tags,
        **{field: envelope[field] for field in ("by", "at", "cause", "facts")},
        "hash": event.hash.hex(),
    }
    if event.type in SYNCED_TYPES:
        shown["sync"] = outcome.sync if outcome else "pending"
        shown["sync_position"] = outcome.attempt_position if outcome else None
        if outcome is not None and outcome.reason:
            shown["sync_reason"] = outcome.reason
    return shown


def _query(booking: str | None, client: int | None, staff: int | None, types: list[str]) -> DCBQuery | None:
    if unknown := sorted(name for name in types if not names_meant(name)):
        raise UsageError(f"--type: {unknown[0]!r} is not one of {', '.join(sorted(STORED_NAMES))}")
    tags = []
    if booking is not None:
        tags.append(booking_tag(parse_booking_id(booking)))
    if client is not None:
        tags.append(client_tag(ClientId(client)))
    if staff is not None:
        tags.append(staff_tag(StaffId(staff)))
    stored = [name for wanted in types for name in names_meant(wanted)]
    return DCBQuery([DCBQueryItem(types=stored, tags=tags)]) if tags or types else None


def _pages(house: House, query: DCBQuery | None, after: int, *, follow: bool) -> Iterator[list[StoredEvent]]:
    while True:
        page, _ = house.recorder.page(query, after, 1000)
        if page:
            after = page[-1].position
            yield page
        else:
            break
    if follow:
        yield from house.recorder.tail(after, stopped=threading.Event().is_set, query=query)


def _is_within(event: StoredEvent, first: datetime | None, last: datetime | None) -> bool:
    return (first is None or event.recorded_at >= first) and (last is None or event.recorded_at < last)


def _print(house: House, events: list[StoredEvent], *, as_json: bool) -> None:
    positions = [event.position for event in events if event.type in SYNCED_TYPES]
    if positions:
        house.follower.wait_until(positions[-1], seconds=2)
    outcomes = backlog.outcomes(house.database, positions) if positions else {}
    for event in events:
        if as_json:
            print_json(event_json(event, outcomes.get(event.position)))
        else:
            typer.echo(_line(event, outcomes.get(event.position), house))


def _line(event: StoredEvent, outcome: backlog.EventOutcome | None, house: House) -> str:
    envelope = msgspec.json.decode(event.data)
    facts, by = envelope["facts"], envelope["by"]
    said = []
    if "booking_id" in facts:
        said.append(booking_code(BookingId(facts["booking_id"])))
    if "slot" in facts:
        slot = facts["slot"]
        said.append(f"staff {slot['staff_id']} {slot['starts_at'][:16].replace('T', ' ')}")
    said += [f"{name}={facts[name]}" for name in TOLD if name in facts]
    if outcome is not None:
        said.append(f"[{outcome.sync}{': ' + outcome.reason if outcome.reason else ''}]")
    who = f"{by['kind']} {by.get('id', '')}".strip()
    at = event.recorded_at.astimezone(house.zone)
    return f"{event.position:>6}  {at:%Y-%m-%d %H:%M:%S}  {event.type:<20} {who:<26} {'  '.join(said)}"
