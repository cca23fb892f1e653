"""`zapisnik sync`: run the sender, see what it would do, stop it, let it go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from console.cli.common import caught_up, house_of, operator_of, print_json
from console.cli.reconcile import reconcile
from console.errors import FoundError, UsageError
from console.plans import ShownPlan, current_plan, differences, plan_code, plan_json, read_plan, reason_of
from console.roles import run_roles
from console.settings import load_settings
from console.wiring import House, open_house
from ledger.decisions.brake import AcceptCrmChange
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.errors import NotBrakedError
from ledger.ledger import Order
from ledger.privacy import HOUSE, random_id
from ledger.values import booking_code
from projections import backlog
from projections.integration import integration
from sync.plan import Past, PlanItem

commands = typer.Typer(no_args_is_help=True)

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
def plan(
    past: Annotated[
        Literal["send", "skip"] | None, typer.Option(help="As if resumed with this choice about past visits.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what resuming would do, without writing anything here or there."""
    with house_of() as house:
        caught_up(house)
        choice = past or integration(house.ledger).past
        items, clashing = current_plan(house, choice)
        missing = house.settings.missing_crm()
    if as_json:
        print_json(plan_json(items, clashing, choice))
        return
    if not items:
        typer.echo("Nothing to send: the CRM holds what it should.")
    for item in items:
        clash = clashing is not None and item.booking_id in clashing
        at = f"{item.state.slot.starts_at:%Y-%m-%d %H:%M}"
        step = "conflict" if clash else item.step
        typer.echo(f"{step:<9} {booking_code(item.booking_id)}  {at}  {reason_of(item, clashing)}")
    if clashing is None and missing:
        typer.echo(f"{', '.join(missing)} are not set here, so conflicts cannot be looked up.")
    elif clashing is None:
        typer.echo("The CRM can't be reached now, so conflicts are not known yet.")
    typer.echo(f"{_counted(items)}The plan's code is {plan_code(items)}.")


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
    plan: Annotated[
        str | None, typer.Option(help="A file with what `sync plan --json` printed, or a plan's code: go on only so.")
    ] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Go on although the plan is another one by now.")] = False,
) -> None:
    """Go on sending to Yclients what it lacks."""
    settings = load_settings()
    if anyway and plan is None:
        raise UsageError("--anyway: only together with --plan")
    with house_of(settings) as house:
        if plan is not None:
            _compare(house, read_plan(plan), past, anyway=anyway)
        house.ledger.execute(ResumeIntegration(_order(house), past or "ask"))
        state = integration(house.ledger)
        counts = backlog.counts(house.database)
    typer.echo(f"Resumed. Waiting to be sent: {counts.pending + counts.unknown}.")
    if missing := settings.missing_crm():
        typer.echo(f"{', '.join(missing)} are not set here; a sender started from here would need them.", err=True)
    if not state.is_diary_loaded:
        typer.echo("The CRM's own diary is read first.", err=True)


def _compare(house: House, shown: ShownPlan | str, past: Past | None, *, anyway: bool) -> None:
    """Tells in what the plan differs from the one shown. Raises FoundError if it does, unless `anyway`.

    A plan is compared under its own choice about past visits, a mere code under the one that is made now.
    """
    caught_up(house)
    if isinstance(shown, str):
        items, _ = current_plan(house, past)
        said = [] if plan_code(items) == shown else [f"the plan's code is {plan_code(items)}, not {shown}"]
    else:
        said = list(differences(shown, *current_plan(house, shown.past_choice)))
    for line in said:
        typer.echo(line)
    if said and not anyway:
        raise FoundError(
            "the plan is not the one that was shown, so nothing was resumed: look at `zapisnik sync plan` again, "
            "or add --anyway"
        )


@commands.command()
def accept() -> None:
    """Say that the large change of the CRM's diary which the brake stopped is real: it is taken over then."""
    with house_of() as house:
        try:
            accepted = house.ledger.execute(AcceptCrmChange(_order(house))).answer
        except NotBrakedError as error:
            raise FoundError("no change of the CRM's diary waits for a word: there is nothing to accept") from error
    typer.echo(
        f"Accepted: up to {accepted.removed} removed and {accepted.moved} moved visits are taken over at the next look."
    )


def _counted(items: Sequence[PlanItem]) -> str:
    """How many of each step, and what is asked of the operator; '' for an empty plan."""
    counted = Counter(item.step for item in items)
    said = ", ".join(f"{step} {n}" for step, n in counted.items())
    asked = " For past visits choose `resume --past send` or `--past skip`." if counted["past"] else ""
    return f"In all: {said}.{asked} " if items else ""


def _order(house: House) -> Order:
    return Order(f"console:{random_id()}", operator_of(house), house.clock.now())
