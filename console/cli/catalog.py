"""`zapisnik catalog`: publish what the salon offers, read it from the CRM, and show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli.catalog_words import (
    change_lines,
    hours_words,
    left_out_lines,
    loss_words,
    pull_json,
    source_words,
)
from console.cli.common import house_of, operator_of, print_json
from console.crm_wiring import open_crm
from console.errors import FoundError, UsageError
from console.salon_file import load_salon
from console.settings import load_settings
from console.wiring import House
from ledger import events as e
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.errors import InvalidCatalogError
from ledger.ledger import Order
from ledger.privacy import random_id, scrubbed
from ledger.values import Actor
from sync.catalog_pull import Pull, decide, last_reading, note_reading, publish as publish_pull, read_at_once, spoken
from sync.errors import SyncError

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def load(file: Annotated[Path, typer.Argument(help="The salon's file, like salon.toml.")]) -> None:
    """Check a salon.toml and publish what changed."""
    with house_of() as house:
        published = publish(house, file)
        may_change = house.settings.catalog_source == "yclients"
    typer.echo(f"{file}: {published} changes published." if published else f"{file}: nothing has changed.")
    if may_change:
        typer.echo("It counts until the catalogue in Yclients changes, or until `zapisnik catalog pull`.")


@commands.command()
def pull(
    anyway: Annotated[bool, typer.Option("--anyway", help="Publish even if most of it would be gone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, publish nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read services, masters and shifts from Yclients and publish what changed."""
    with house_of() as house:
        pulled = _pulled(house, anyway=anyway)
        published = 0
        if not dry_run:
            published = _published(house, pulled)
    if as_json:
        print_json(pull_json(pulled, published, dry_run=dry_run))
    else:
        _say(pulled, published, dry_run=dry_run)
    if pulled.outcome == "braked":
        raise FoundError(
            f"nothing is published: {loss_words(pulled.losses)} would be gone at once. If that is right: "
            "`zapisnik catalog pull --anyway`"
        )


@commands.command()
def show() -> None:
    """Show the catalogue in force, where it comes from and how old it is."""
    with house_of() as house:
        catalog, _ = spoken(house.ledger)
        if catalog is None:
            raise FoundError("no catalogue yet: run `zapisnik catalog load salon.toml`")
        now, last = house.clock.now(), last_reading(house.database)
    facts = catalog.facts
    typer.echo(f"{facts.salon}, {facts.address}; {facts.timezone}")
    typer.echo(source_words(facts.source, catalog.published_at, last, now))
    names = {member.staff_id: member.name for member in facts.staff}
    for offer in facts.services:
        masters = ", ".join(names[staff_id] for staff_id in offer.staff_ids)
        price = offer.price / 100
        typer.echo(
            f"{offer.service_id:>8}  {offer.title}  {price:.0f} {facts.currency}, {offer.minutes} min: {masters}"
        )
    for member in facts.staff:
        if shifts := catalog.shifts.get(member.staff_id):
            typer.echo(
                f"{member.staff_id:>8}  {member.name}: {'; '.join(_hours(shifts, now.astimezone(catalog.zone).date()))}"
            )


def publish(house: House, file: Path) -> int:
    """Publishes a salon's file; gives how many events that took. Raises UsageError for a wrong one."""
    catalog, shifts = load_salon(file, timezone=load_settings().salon_timezone)
    now = datetime.now(ZoneInfo(catalog.timezone))
    order = Order(f"catalog:{random_id()}", Actor("operator", "file"), now)
    return house.ledger.execute(PublishCatalog(order, catalog, shifts)).answer


def _pulled(house: House, *, anyway: bool) -> Pull:
    """Reads the CRM and compares. Raises UsageError without credentials or a catalogue, FoundError for its no."""
    with open_crm(house) as crm:
        in_force, before = spoken(house.ledger)
        if in_force is None:
            raise UsageError(
                "no catalogue yet: run `zapisnik catalog load salon.toml` first; name, time zone and limits are its"
            )
        try:
            read = read_at_once(crm, house.clock.now().date(), in_force.facts.policy)
        except SyncError as failure:
            said = f"Yclients says: «{scrubbed(failure.crm_message)}»" if failure.crm_message else str(failure)
            raise FoundError(f"the CRM's catalogue cannot be read: {said}; run `zapisnik sync doctor`") from failure
    return decide(read, in_force, before, by_hand=True, anyway=anyway)


def _published(house: House, pulled: Pull) -> int:
    order = Order(f"catalog:pull:{random_id()}", operator_of(house), house.clock.now())
    try:
        published = publish_pull(house.ledger, pulled, order)
    except InvalidCatalogError as error:
        raise FoundError(f"the CRM's catalogue contradicts itself: {error}") from error
    note_reading(house.database, order.at, pulled.outcome)
    return published


def _say(pulled: Pull, published: int, *, dry_run: bool) -> None:
    for line in change_lines(pulled.changes, pulled.catalog.currency):
        typer.echo(line)
    for line in left_out_lines(pulled.left_out):
        typer.echo(line)
    if pulled.outcome == "unchanged":
        typer.echo("Yclients: nothing has changed.")
    elif pulled.outcome == "published" and dry_run:
        typer.echo("Nothing is published: this was a dry run.")
    elif pulled.outcome == "published":
        typer.echo(f"Yclients: {published} changes published.")


def _hours(shifts: e.ShiftsPublished, today: date) -> Iterator[str]:
    """The usual week; without one the seven days to come."""
    for weekday, hours in shifts.weekly.items():
        yield f"{weekday} {hours_words(hours)}"
    days = [] if shifts.weekly else [today + timedelta(days=offset) for offset in range(7)]
    for day in days:
        if day in shifts.days:
            yield f"{day:%a %d %b} {hours_words(shifts.days[day])}"
