"""`zapisnik client erase` and `client reerase`: a person is forgotten, and stays so when a backup is restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.common import house_of, operator_of, print_json
from console.erasure import Forgotten, Papers, eraser_of, forget, person_of, write_papers
from console.errors import FoundError, UsageError
from console.wiring import House
from ledger.erasing import Outlook, scour
from ledger.values import ID_BITS, ClientId, booking_code
from projections.clients import Contact

commands = typer.Typer()
Basis = Literal["request", "withdrawal", "purpose_reached", "unlawful"]


@commands.command()
def erase(
    client: Annotated[str, typer.Argument(help="The client's number, as in `events` and `client find`.")],
    basis: Annotated[Basis, typer.Option(help="Why, by the law.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who does it: full name and post, for the act alone.")],
    act: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the act goes. Default: act-CLIENT.txt.")
    ] = None,
    extract: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the log's extract goes. Default: beside the act.")
    ] = None,
    backups_until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Until when backups with this client are kept, for the act.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also while a request may be on its way to the CRM.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a client for good: call off what is open, destroy their key, write the act. There is no way back."""
    client_id, until = _client_id(client), _day(backups_until)
    if not by.strip():
        raise UsageError("--by: who does it? The act needs a name")
    act = act or Path(f"act-{client_id}.txt")
    papers = Papers(act, extract or act.with_name(f"{act.stem}-extract.jsonl"))
    with house_of() as house:
        outlook = eraser_of(house).outlook(client_id)
        _check(outlook)
        if not outlook.has_key:
            _finish(house, outlook, papers)
            return
        person = person_of(house, client_id)
        if not yes:
            typer.echo("\n".join(_intended(house, outlook, person)))
            if dry_run or not typer.confirm("Erase this client for good?"):
                typer.echo("Nothing was done.")
                return
        elif dry_run:
            raise UsageError("--dry-run and --yes contradict each other")
        done = forget(house, outlook, person, basis, by.strip(), papers, backups_until=until, anyway=anyway)
        typer.echo("\n".join(_done(done, papers)))


@commands.command()
def reerase(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who is back.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """After a backup was restored: erase again everybody whom the register outside the database names."""
    with house_of() as house:
        register = house.register.read()
        eraser = eraser_of(house)
        outlooks = [eraser.outlook(client_id) for client_id in sorted(register.lines)]
        back = [one.client_id for one in outlooks if one.has_key]
        unknown = [one.client_id for one in outlooks if not one.is_known]
        if not dry_run and back:
            by = operator_of(house)
            for client_id in back:
                eraser.erase(client_id, "restored", by, anyway=True)
            scour(house.database)
        path = house.register.path
    if as_json:
        print_json({"named": len(outlooks), "back": back, "unknown": unknown, "unreadable": register.unreadable})
    else:
        typer.echo(f"{path} names {len(outlooks)} clients of this ledger")
        typer.echo(f"{len(back)} were back and {'would be' if dry_run else 'are'} erased again: {_listed(back)}")
        typer.echo(f"{len(unknown)} are unknown to this database, which is older than they are: {_listed(unknown)}")
    if register.unreadable:
        raise FoundError(f"{register.unreadable} lines of {path} cannot be read: compare it with your copy of it")
    if dry_run and back:
        raise FoundError(f"{len(back)} erased clients are back: `zapisnik client reerase`")


def _check(outlook: Outlook) -> None:
    if not outlook.is_known:
        raise FoundError(f"there is no client {outlook.client_id} in this ledger")
    if outlook.handles == {"operator"} and not outlook.categories:
        raise UsageError(f"{outlook.client_id} is one of the salon's own staff, not a client")


def _finish(house: House, outlook: Outlook, papers: Papers) -> None:
    """Somebody erased before: nothing is left to do but, if it was broken off just there, the papers."""
    position = outlook.erased.position if outlook.erased else 0
    typer.echo(f"Client {outlook.client_id} is erased already, by event {position}.")
    if write_papers(house, outlook.client_id, papers):
        typer.echo(f"The act was still to be written: {papers.act}, with {papers.extract}")


def _intended(house: House, outlook: Outlook, person: Contact) -> Iterator[str]:
    yield f"Client {outlook.client_id}: {', '.join(filter(None, [person.name, person.phone])) or 'no contact is known'}"
    for entry in outlook.open:
        starts_at = entry.slot.starts_at.astimezone(house.zone)
        what = "the time that is kept for them is let go" if entry.status == "held" else "this visit is called off"
        yield f"  {booking_code(entry.booking_id)}  {starts_at:%Y-%m-%d %H:%M}: {what}"
    if outlook.records:
        yield f"  in the CRM  {len(outlook.records)} records: visits to come are removed there, then the client"
    for booking_id in outlook.in_flight:
        yield f"  {booking_code(booking_id)}  a request may be on its way to the CRM: this has to wait for it"
    yield f"  forgotten  {', '.join(outlook.categories) or 'no fields'}; by what they are found: {_handles(outlook)}"
    yield f"  stays      {len(outlook.bookings)} bookings, as numbers, times and prices"


def _done(done: Forgotten, papers: Papers) -> Iterator[str]:
    erasure = done.erasure
    if erasure.given_up:
        yield f"Called off: {erasure.given_up} of their bookings."
    yield f"Erased: event {erasure.position}. Nothing that was sealed for this client opens any more."
    if erasure.event.crm == "asked":
        yield "In the CRM: what is to come is removed and the client deleted as soon as it answers; `zapisnik status`."
    if not done.is_scoured:
        yield "The database could not write its tables anew: have its owner run VACUUM FULL on client_keys."
    yield f"The act: {papers.act} (it names the person: print it, sign it, keep it locked up), with {papers.extract}"
    yield "By hand: the chats in Telegram, old tables and printouts. Backups: see docs/privacy.md."


def _handles(outlook: Outlook) -> str:
    return ", ".join(sorted(outlook.handles)) or "nothing"


def _listed(client_ids: list[ClientId]) -> str:
    return ", ".join(map(str, client_ids)) or "none"


def _client_id(text: str) -> ClientId:
    if not text.isdecimal() or not 0 < int(text) < 1 << ID_BITS:
        raise UsageError(f"CLIENT: {text!r} is not a client's number: `zapisnik events --type client_registered`")
    return ClientId(int(text))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"--backups-until: {text!r} is not a day like 2027-03-01") from error
