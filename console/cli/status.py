"""`zapisnik status`: is everything well?"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from console.cli.catalog_words import age_words
from console.cli.common import house_of, print_json
from console.status import note_of, status_json

__all__ = ["commands", "note_of"]

commands = typer.Typer()


def state_of_brake(shown: dict[str, Any]) -> str:  # Any: the JSON form of the state
    """What the brake holds back and how it comes off, in one line; '' while it is off."""
    if (brake := shown["brake"]) is None:
        return ""
    return (
        f"since {brake['since']:%Y-%m-%d %H:%M} the CRM shows {brake['removed']} removed and {brake['moved']} moved of "
        f"{brake['known']} coming visits; nothing of it is taken over before `zapisnik sync accept`"
    )


def state_of_erased(shown: dict[str, Any]) -> str:  # Any: the JSON form of the state
    """What is still to be done about people who were erased, in one line; '' where nothing is."""
    erased = shown["erased"]
    said = [
        f"{erased['returned']} of them are back, from a backup: `zapisnik client reerase`"
        if erased["returned"]
        else "",
        f"{erased['waiting_in_crm']} are still to be deleted in the CRM" if erased["waiting_in_crm"] else "",
        f"{erased['kept_in_crm']} have to be deleted in the CRM by hand" if erased["kept_in_crm"] else "",
    ]
    told = "; ".join(filter(None, said))
    return f"{erased['clients']} clients; {told}" if told else ""


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
    typer.echo(f"checkpoint   {_checkpoint_words(shown['checkpoint'], head['position'])}")
    for model in shown["projections"]:
        anew = model["rebuild"]
        being_built = f"; version {anew['version']} is being built, at event {anew['position']}" if anew else ""
        typer.echo(
            f"read model   {model['name']:<10} {model['state']}, {model['lag_events']} events behind "
            f"({model['lag_seconds']:.1f} s){being_built}"
        )
    since = f" since {state['since']:%Y-%m-%d %H:%M}" if state["since"] else ""
    typer.echo(f"integration  {state['state']}{since}{': ' + state['reason'] if state['reason'] else ''}")
    if state["answers_since"]:
        typer.echo(
            f"             the CRM answers again since {state['answers_since']:%Y-%m-%d %H:%M}: `zapisnik sync resume`"
        )
    if not state["diary_loaded"]:
        typer.echo("             the CRM's own diary is not read yet: the bot offers no days")
    if brake := state_of_brake(shown):
        typer.echo(f"brake        {brake}")
    oldest = f", the oldest for {lacking['oldest_seconds']:.0f} s" if lacking["oldest_seconds"] is not None else ""
    typer.echo(
        f"CRM lacks    {lacking['pending']} pending, {lacking['unknown']} unknown, {lacking['parked']} parked{oldest}"
    )
    for failure in shown["last_errors"]:
        typer.echo(
            f"last error   {failure['at']:%Y-%m-%d %H:%M:%S} {failure['code']} {failure['operation']}: "
            f"{failure['outcome']} ({failure['kind']}{', HTTP ' + str(failure['status']) if failure['status'] else ''})"
        )
    if gone := state_of_erased(shown):
        typer.echo(f"erased       {gone}")
    if shown["failed_updates"]:
        typer.echo(f"bot          {shown['failed_updates']} updates from Telegram failed three times and were passed")
    for wish in shown["erasure_requests"]:
        typer.echo(
            f"erasure      client {wish['client_id']} asked to be erased: to be done no later than {wish['due_on']}"
        )
    if shown["blocked_clients"]:
        typer.echo(f"reminders    {shown['blocked_clients']} clients have blocked the bot")


def _checkpoint_words(last: dict[str, Any] | None, head: int) -> str:  # Any: the JSON form of the state
    if last is None:
        return "none was ever signed; `zapisnik keys init` makes the key for it"
    age = age_words(timedelta(seconds=last["age_seconds"]))
    return f"event {last['position']}, signed {age} ({last['at']:%Y-%m-%d %H:%M}); {head - last['position']} since"
