"""`zapisnik sync doctor`: why the CRM does not answer as it should, and what to do."""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any

import msgspec
import typer

from console.cli.common import house_of, print_json
from console.crm_wiring import crm_access, knows_zone
from console.errors import FoundError, UsageError
from console.wiring import House
from sync.access import Access
from sync.doctor import Finding, Patient, examine
from sync.turns import Turns

commands = typer.Typer()
_STATES = {"good": "good", "bad": "PROBLEM", "not_checked": "not checked"}
_INDENT = " " * 28
_WIDTH = 120


@commands.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check everything that sending to Yclients needs, one thing a line. Reads only, there and here."""
    with house_of() as house:
        findings = examine(_patient(house))
        done = list(findings) if as_json else list(_shown(findings))
    counted = Counter(finding.state for finding in done)
    if as_json:
        print_json(findings_json(done))
    if counted["bad"] or counted["not_checked"]:
        raise FoundError(f"problems found: {counted['bad']}, checks not made: {counted['not_checked']}")
    if not as_json:
        typer.echo(f"All {len(done)} checks are good.")


def findings_json(findings: Iterable[Finding]) -> dict[str, Any]:  # any JSON-able value
    """The form docs/commands.md promises."""
    checks = [msgspec.to_builtins(finding) for finding in findings]
    return {"ok": all(check["state"] == "good" for check in checks), "checks": checks}


def _shown(findings: Iterator[Finding]) -> Iterator[Finding]:
    for finding in findings:
        _say(f"{_STATES[finding.state]:<11}  {finding.check:<13}  ", finding.said)
        if finding.crm_message:
            _say(_INDENT, f"Yclients says: «{finding.crm_message}»")
        if finding.setting:
            _say(_INDENT, f"setting: {finding.setting}")
        if finding.remedy:
            _say(_INDENT, f"what to do: {finding.remedy}.")
        yield finding


def _say(before: str, sentence: str) -> None:
    wrapped = textwrap.wrap(sentence, _WIDTH - len(before), break_long_words=False, break_on_hyphens=False)
    for index, line in enumerate(wrapped):
        typer.echo((before if index == 0 else _INDENT) + line)


def _patient(house: House) -> Patient:
    settings = house.settings
    access, wrong = _access(house)
    spacing = timedelta(seconds=settings.sync_spacing_seconds)
    return Patient(
        url=settings.yclients_url,
        access=access,
        wrong=wrong,
        salon_zone=house.zone if knows_zone(house) else None,
        today=house.clock.now().date(),
        turns=Turns(house.database, spacing, sleep=_wait),
        spacing=spacing,
        deadline=timedelta(seconds=settings.sync_request_seconds),
    )


def _access(house: House) -> tuple[Access | None, str]:
    if missing := house.settings.missing_crm():
        return None, f"{', '.join(missing)} not set"
    try:
        return crm_access(house.settings), ""
    except UsageError as error:
        return None, str(error)


def _wait(seconds: float) -> None:
    if seconds > 2:
        typer.echo(f"waiting {seconds:.0f} s for our turn: the CRM had asked for a pause", err=True)
    time.sleep(seconds)
