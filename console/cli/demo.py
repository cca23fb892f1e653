"""`zapisnik demo`: an outage from end to end, then the audit. Exit 0 only if every invariant holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.cli.common import print_json
from console.errors import FoundError
from console.settings import load_settings

if TYPE_CHECKING:
    from console.demo.scenario import Report

commands = typer.Typer()


@commands.command()
def demo(
    seed: Annotated[int, typer.Option(help="Which performance.")] = 1,
    clients: Annotated[int, typer.Option(help="How many clients.", min=8, max=400)] = 40,
    break_: Annotated[
        Literal["overlap", "duplicate", "missing", "chain", "unanswered"] | None,
        typer.Option("--break", help="Plant this fault, which must be caught."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play a scripted outage with many clients, kill the sender in the middle, then audit everything."""

    from console.demo.scenario import run_demo  # noqa: PLC0415  aiogram takes seconds to import

    def tell(line: str) -> None:
        typer.echo(line, err=as_json)

    report = run_demo(load_settings(), seed=seed, clients=clients, broken=break_, tell=tell)
    if as_json:
        print_json(report_json(report))
    else:
        _print(report)
    if report.audit.broken:
        names = ", ".join(dict.fromkeys(invariant for invariant, _ in report.audit.broken))
        for invariant, detail in report.audit.broken[:20]:
            typer.echo(f"broken: {invariant}: {detail}", err=True)
        raise FoundError(f"broken invariants: {names}")


def report_json(report: Report) -> dict[str, Any]:
    """The form the contract promises, and a little more."""
    found = report.audit
    return {
        "seed": report.seed,
        "clients": report.clients,
        "taps": report.tally.taps,
        "made": found.made,
        "moved": found.moved,
        "cancelled": found.cancelled,
        "refused": report.tally.refused,
        "crm_records": found.crm_records,
        "duplicates": found.duplicates,
        "missing": found.missing,
        "extra": found.extra,
        "overlaps": found.overlaps,
        "unsettled": found.unsettled,
        "unanswered": found.unanswered,
        "events": found.events,
        "attempts": found.attempts,
        "kills": report.kills,
        "rate_limited": report.rate_limited,
        "verified": found.verified,
        "broken": [{"invariant": invariant, "detail": detail} for invariant, detail in found.broken],
        "seconds": round(report.seconds, 1),
    }


def _print(report: Report) -> None:
    found, tally = report.audit, report.tally
    typer.echo(
        f"{report.clients} clients, {tally.taps} taps: {found.made} bookings made, {found.moved} moved, "
        f"{found.cancelled} cancelled, "
        f"{tally.refused} times somebody else was faster"
    )
    typer.echo(
        f"{found.events} events, {found.attempts} attempts to send, the sender killed in a write {report.kills} times"
    )
    typer.echo(
        f"CRM: {found.crm_records} records; {found.missing} missing, {found.duplicates} twice, {found.extra} unknown"
    )
    typer.echo(
        f"overlaps {found.overlaps}, unsettled {found.unsettled}, unanswered {found.unanswered}, "
        f"chain {'sound' if found.verified else 'BROKEN'}; {report.seconds:.0f} s"
    )
