"""`zapisnik sync`: run the sender, see what it would do, stop it, let it go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

from console.cli.common import caught_up, house_of, named, operator_of, print_json
from console.cli.reconcile import reconcile
from console.errors import FoundError, UsageError
from console.roles import run_roles
from console.settings import load_settings
from console.wiring import House, open_crm, open_house
from ledger.decisions.brake import ReleaseCrmChange
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.errors import NotBrakedError
from ledger.ledger import Order
from ledger.privacy import HOUSE, random_id
from ledger.values import BookingId, booking_code
from projections import backlog
from projections.integration import integration
from sync.plan import PlanItem, conflicts, make_plan
from sync.wire import CrmRecord

commands = typer.Typer(no_args_is_help=True)
Clashes = Mapping[BookingId, list[CrmRecord]]

commands.command()(reconcile)


@commands.command()
def run() -> None:
    """Send to Yclients what it lacks, until stopped. Reads its diary first."""
    settings = load_settings()
    if missing := settings.missing_crm():
        raise UsageError(f"{', '.join(missing)} not set: nothing can be sent to Yclients; the bot works without")
    with open_house(settings) as house:
        run_roles(house, ["follow", "sync"])


@commands.command()
def plan(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what resuming would do, without writing anything here or there."""
    with house_of() as house:
        caught_up(house)
        items, clashing = current_plan(house)
        missing = house.settings.missing_crm()
    if as_json:
        print_json(plan_json(items, clashing))
        return
    if not items:
        typer.echo("Nothing to send: the CRM holds what it should.")
    for item in items:
        clash = clashing is not None and item.booking_id in clashing
        at = f"{item.state.slot.starts_at:%Y-%m-%d %H:%M}"
        step = "conflict" if clash else item.step
        typer.echo(f"{step:<9} {booking_code(item.booking_id)}  {at}  {_reason(item, clashing)}")
    if clashing is None and missing:
        typer.echo(f"{', '.join(missing)} are not set here, so conflicts cannot be looked up.")
    elif clashing is None:
        typer.echo("The CRM can't be reached now, so conflicts are not known yet.")


@commands.command()
def pause(reason: Annotated[str, typer.Option(help="Why; kept sealed, shown in status.")]) -> None:
    """Stop sending to Yclients. Clients go on booking and notice nothing."""
    with house_of() as house:
        note = house.vault.seal(HOUSE, reason, "integration_paused.note")
        house.ledger.execute(PauseIntegration(_order(house), "operator", note=note))
    typer.echo("Paused. Bookings are kept and will be sent after `zapisnik sync resume`.")


@commands.command()
def resume(
    past: Annotated[
        Literal["send", "skip"] | None, typer.Option(help="What becomes of visits whose time has passed.")
    ] = None,
) -> None:
    """Go on sending to Yclients what it lacks."""
    settings = load_settings()
    with house_of(settings) as house:
        house.ledger.execute(ResumeIntegration(_order(house), past or "ask"))
        state = integration(house.ledger)
        counts = backlog.counts(house.database)
    typer.echo(f"Resumed. Waiting to be sent: {counts.pending + counts.unknown}.")
    if missing := settings.missing_crm():
        typer.echo(f"{', '.join(missing)} are not set here; a sender started from here would need them.", err=True)
    if not state.is_diary_loaded:
        typer.echo("The CRM's own diary is read first.", err=True)


@commands.command()
def accept() -> None:
    """Say that the large change of the CRM's diary which the brake stopped is real: it is taken over then."""
    with house_of() as house:
        try:
            released = house.ledger.execute(ReleaseCrmChange(_order(house))).answer
        except NotBrakedError as error:
            raise FoundError("no change of the CRM's diary waits for a word: there is nothing to accept") from error
    typer.echo(
        f"Accepted: up to {released.removed} removed and {released.moved} moved visits are taken over at the next look."
    )


def current_plan(house: House) -> tuple[list[PlanItem], Clashes | None]:
    """The plan, and which of its creates would meet somebody else's record; None when the CRM can't be asked."""
    states = backlog.open_items(house.database)
    items = make_plan(states, house.clock.now(), integration(house.ledger).past)
    if not house.settings.has_crm():
        return items, None
    with open_crm(house) as crm:
        return items, conflicts(crm, items)


def plan_json(items: Sequence[PlanItem], clashing: Clashes | None) -> dict[str, Any]:
    """The form the contract promises."""
    operations = [
        "conflict" if item.step == "parked" or (clashing and item.booking_id in clashing) else item.step
        for item in items
    ]
    counted = Counter(operations)
    return {
        **{operation: counted[operation] for operation in ("create", "move", "cancel", "skip")},
        "conflict": counted["conflict"] if clashing is not None else None,
        "past": counted["past"],
        "look_up": counted["look_up"],
        "items": [
            {
                **named(item.booking_id),
                "operation": operation,
                "reason": _reason(item, clashing),
                "starts_at": item.state.slot.starts_at,
            }
            for item, operation in zip(items, operations, strict=True)
        ],
    }


def _reason(item: PlanItem, clashing: Clashes | None) -> str:
    if clashing and item.booking_id in clashing:
        return f"the time is taken in the CRM by record {clashing[item.booking_id][0].record_id}"
    return item.reason


def _order(house: House) -> Order:
    return Order(f"console:{random_id()}", operator_of(house), house.clock.now())
