"""`zapisnik status`: is everything well?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.common import house_of, print_json
from console.wiring import House
from ledger.values import booking_code
from projections import backlog
from projections.integration import Integration, integration, opened_note
from projections.projector import lags
from projections.rebuild import Running, running

commands = typer.Typer()
REASONS = {
    "operator": "paused by an operator",
    "no_credentials": "no CRM credentials",
    "auth": "the CRM refused our credentials",
    "licence": "the salon's licence with the CRM has run out",
    "rights": "the CRM's user lacks a right",
}


@commands.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the head, the read models, the integration, what the CRM lacks and the last errors."""
    with house_of() as house:
        shown = status_json(house)
    if as_json:
        print_json(shown)
        return
    head, state, lacking = shown["head"], shown["integration"], shown["backlog"]
    typer.echo(f"log          {head['position']} events, head {str(head['hash'])[:16]}…")
    for model in shown["projections"]:
        anew = model["rebuild"]
        being_built = f"; version {anew['version']} is being built, at event {anew['position']}" if anew else ""
        typer.echo(
            f"read model   {model['name']:<10} {model['state']}, {model['lag_events']} events behind "
            f"({model['lag_seconds']:.1f} s){being_built}"
        )
    since = f" since {state['since']:%Y-%m-%d %H:%M}" if state["since"] else ""
    typer.echo(f"integration  {state['state']}{since}{': ' + state['reason'] if state['reason'] else ''}")
    if not state["diary_loaded"]:
        typer.echo("             the CRM's own diary is not read yet: the bot offers no days")
    oldest = f", the oldest for {lacking['oldest_seconds']:.0f} s" if lacking["oldest_seconds"] is not None else ""
    typer.echo(
        f"CRM lacks    {lacking['pending']} pending, {lacking['unknown']} unknown, {lacking['parked']} parked{oldest}"
    )
    for failure in shown["last_errors"]:
        typer.echo(
            f"last error   {failure['at']:%Y-%m-%d %H:%M:%S} {failure['code']} {failure['operation']}: "
            f"{failure['outcome']} ({failure['kind']}{', HTTP ' + str(failure['status']) if failure['status'] else ''})"
        )
    if shown["failed_updates"]:
        typer.echo(f"bot          {shown['failed_updates']} updates from Telegram failed three times and were passed")


def status_json(house: House) -> dict[str, Any]:
    """The form the contract promises, and a little more."""
    with house.database.transaction() as connection:
        head = connection.execute("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").fetchone()
        failed = connection.execute("SELECT count(*) FROM failed_updates").fetchone()
    state, counts = integration(house.ledger), backlog.counts(house.database)
    rebuilds = running(house.database)
    return {
        "head": {"position": head[0] if head else 0, "hash": bytes(head[1]).hex() if head else None},
        "projections": [
            {
                "name": lag.name,
                "version": lag.version,
                "position": lag.position,
                "lag_events": lag.events,
                "lag_seconds": lag.seconds,
                "state": "inline" if lag.mode == "inline" else "current" if lag.events == 0 else "behind",
                "rebuild": _rebuild_json(house, rebuilds.get(lag.name)),
            }
            for lag in lags(house.database)
        ],
        "integration": {
            "state": state.state,
            "reason": reason_of(house, state),
            "since": state.since,
            "diary_loaded": state.is_diary_loaded,
        },
        "backlog": {
            "pending": counts.pending,
            "unknown": counts.unknown,
            "parked": counts.parked,
            "oldest_seconds": counts.oldest_seconds,
        },
        "last_errors": [
            {
                "position": failure.position,
                "at": failure.at.astimezone(house.zone),
                "booking_id": failure.booking_id,
                "code": booking_code(failure.booking_id),
                "operation": failure.operation,
                "outcome": failure.outcome,
                "kind": failure.kind,
                "status": failure.status,
            }
            for failure in backlog.last_failures(house.database)
        ],
        "failed_updates": failed[0] if failed else 0,
    }


def _rebuild_json(house: House, one: Running | None) -> dict[str, Any] | None:
    if one is None:
        return None
    started_at = one.started_at.astimezone(house.zone)
    return {"version": one.version, "position": one.position, "started_at": started_at}


def reason_of(house: House, state: Integration) -> str:
    """Why the integration is paused, in one line; '' while it runs."""
    if state.kind is None:
        return ""
    said = [REASONS[state.kind]]
    if state.message:
        said.append(f"«{state.message}»")
    if note := note_of(house, state):
        said.append(note)
    return ": ".join(said)


def note_of(house: House, state: Integration) -> str:
    """The operator's own words, opened; '' without any."""
    return opened_note(house.vault, state)
