"""`zapisnik catalog`: publish what the salon offers, and show it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli.common import caught_up, house_of
from console.errors import FoundError
from console.salon_file import load_salon
from console.settings import load_settings
from console.wiring import House
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections.catalog import current_catalog

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def load(file: Annotated[Path, typer.Argument(help="The salon's file, like salon.toml.")]) -> None:
    """Check a salon.toml and publish what changed."""
    with house_of() as house:
        published = publish(house, file)
    typer.echo(f"{file}: {published} changes published." if published else f"{file}: nothing has changed.")


@commands.command()
def show() -> None:
    """Show the catalogue as it stands, with its age."""
    with house_of() as house:
        caught_up(house)
        catalog = current_catalog(house.database)
        if catalog is None:
            raise FoundError("no catalogue yet: run `zapisnik catalog load salon.toml`")
        facts = catalog.facts
        at = catalog.published_at.astimezone(catalog.zone)
        typer.echo(f"{facts.salon}, {facts.address}; {facts.timezone}; from {facts.source}, {at:%Y-%m-%d %H:%M}")
        names = {member.staff_id: member.name for member in facts.staff}
        for offer in facts.services:
            masters = ", ".join(names[staff_id] for staff_id in offer.staff_ids)
            price = offer.price / 100
            typer.echo(
                f"{offer.service_id:>8}  {offer.title}  {price:.0f} {facts.currency}, {offer.minutes} min: {masters}"
            )
        for staff_id, shifts in sorted(catalog.shifts.items()):
            week = "; ".join(
                f"{day} {', '.join(f'{one.opens:%H:%M}-{one.closes:%H:%M}' for one in hours)}"
                for day, hours in shifts.weekly.items()
            )
            typer.echo(f"{staff_id:>8}  {names.get(staff_id, '?')}: {week}")


def publish(house: House, file: Path) -> int:
    """Publishes a salon's file; gives how many events that took. Raises UsageError for a wrong one."""
    catalog, shifts = load_salon(file, timezone=load_settings().salon_timezone)
    now = datetime.now(ZoneInfo(catalog.timezone))
    order = Order(f"catalog:{random_id()}", Actor("operator", "file"), now)
    return house.ledger.execute(PublishCatalog(order, catalog, shifts)).answer
