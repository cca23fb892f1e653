"""`zapisnik import`: the bookings of an older system, as events, once."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.common import house_of, named, operator_of, print_json
from console.errors import FoundError, UsageError
from console.old_table.file import Table
from console.old_table.importer import Importer, Outcome
from console.old_table.rehearsal import RehearsedLedger, RehearsedVault
from console.old_table.rejects import Rejects, rejects_to
from console.old_table.tables import open_table
from console.wiring import House
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.values import Actor, booking_code

commands = typer.Typer()
TELL_EVERY = 1000


@dataclass
class Report:
    """What became of a file, as it is told; `conflicts` and `cancelled` are among the taken."""

    taken: int = 0
    already: int = 0
    cancelled: int = 0
    conflicts: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def rows(self) -> int:
        return self.taken + self.already + len(self.rejected)

    def add(self, outcome: Outcome) -> None:
        if outcome.result == "rejected":
            self.rejected.append({"line": outcome.line, "reason": outcome.remark})
            return
        self.taken += outcome.result == "taken"
        self.already += outcome.result == "already"
        self.cancelled += outcome.is_cancelled
        self.conflicts += outcome.is_conflict
        if outcome.remark and outcome.booking_id is not None:
            # A rehearsal's numbers are nobody's.
            numbers = {} if self.dry_run else {**named(outcome.booking_id), "against": _codes(outcome)}
            self.remarks.append({"line": outcome.line, "remark": outcome.remark, **numbers})


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The older system's table: CSV or JSON lines.")],
    source: Annotated[str, typer.Option(help="The older system's name, part of every command's id.")] = "old-bot",
    rejects: Annotated[Path | None, typer.Option(help="A new file for the rows that could not be taken.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, store nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take over the bookings of an older system, once. Rows that cannot be taken are listed."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", source):
        raise UsageError("--source: letters, digits, dot, dash and _, at most 40 of them")
    report = Report(dry_run=dry_run)
    with open_table(file) as table, house_of() as house:
        catalog = latest(house.ledger.history(boundaries.catalog()), e.CatalogPublished)
        if catalog is None:
            raise UsageError(
                "no catalogue yet, so masters and services are not known: run `zapisnik catalog load` first"
            )
        with rejects_to(rejects, table) as refused:
            importer = _importer(house, catalog, source, dry_run=dry_run)
            _import(importer, table, refused, report, is_listed=not as_json)
    if as_json:
        print_json({name: getattr(report, name) for name in Report.__dataclass_fields__})
    else:
        _print_sums(report, file, source)
    if report.rejected:
        verb = "would not be taken" if dry_run else "not taken"
        raise FoundError(f"{len(report.rejected)} of {report.rows} rows {verb}: correct them and import them again")


def _importer(house: House, catalog: e.CatalogPublished, source: str, *, dry_run: bool) -> Importer:
    if dry_run:
        ledger, vault = RehearsedLedger(house.ledger), RehearsedVault(house.vault)
        return Importer(ledger, vault, catalog, house.clock, source=source, by=Actor("operator"))
    by = operator_of(house)
    return Importer(house.ledger, house.vault, catalog, house.clock, source=source, by=by)


def _import(importer: Importer, table: Table, refused: Rejects, report: Report, *, is_listed: bool) -> None:
    for row in table.rows():
        outcome = importer.take(row)
        report.add(outcome)
        if outcome.result == "rejected":
            refused.add(row, outcome.remark)
        if is_listed:
            _print_row(outcome, dry_run=report.dry_run)
        if report.rows % TELL_EVERY == 0 and sys.stderr.isatty():
            typer.echo(f"{report.rows} rows …", err=True)
    # A name may hold bytes that are no text; whatever it is, it can be shown.
    report.ignored_columns = [name[:60].encode("utf-8", "replace").decode() for name in table.ignored]


def _print_row(outcome: Outcome, *, dry_run: bool) -> None:
    """Only rows somebody has to look at."""
    if not outcome.remark:
        return
    if outcome.result == "rejected":
        typer.echo(f"line {outcome.line}: not taken: {outcome.remark}")
        return
    code, others = "", ""
    if outcome.booking_id is not None and not dry_run:
        code = f" as {booking_code(outcome.booking_id)}"
        others = f" ({', '.join(_codes(outcome))})" if outcome.against else ""
    conflict = "conflict: " if outcome.is_conflict else ""
    typer.echo(f"line {outcome.line}: taken{code}; {conflict}{outcome.remark}{others}")


def _codes(outcome: Outcome) -> list[str]:
    return [booking_code(booking_id) for booking_id in outcome.against]


def _print_sums(report: Report, file: Path, source: str) -> None:
    typer.echo(
        f"{file}, from {source}: {report.rows} rows" + (" (a rehearsal, nothing is stored)" if report.dry_run else "")
    )
    typer.echo(
        f"  taken          {report.taken:>6}  of these {report.cancelled} cancelled, {report.conflicts} in conflict"
    )
    typer.echo(f"  already there  {report.already:>6}")
    typer.echo(f"  not taken      {len(report.rejected):>6}")
    if report.ignored_columns:
        typer.echo(f"Columns not used: {', '.join(report.ignored_columns)}.")
    if report.conflicts and not report.dry_run:
        typer.echo("Bookings in conflict stand, but are not sent to the CRM until somebody has decided.")
    if report.taken and not report.dry_run:
        typer.echo("What the CRM lacks of them: zapisnik sync plan")
