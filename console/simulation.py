"""`zapisnik simulator`: the simulated CRM alone, until it is interrupted."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from console.errors import UsageError
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Faults, Limits, Simulator, serve
from sync.simulator.faults_file import FaultsFileError, load_faults


def run_simulation(
    *,
    port: int,
    seed: int | None,
    faults: Path | None,
    company_id: int,
    zone: str,
    partner_token: str,
    user_token: str,
    partner_id: str,
    per_second: int,
    per_minute: int,
    delay: float,
) -> None:
    """Serves until SIGTERM or SIGINT; an empty token is the simulator's own. Raises UsageError."""
    partner_token, user_token = partner_token or PARTNER_TOKEN, user_token or USER_TOKEN
    crm = Simulator(
        company_id=company_id,
        zone=_zone(zone),
        partner_token=partner_token,
        user_token=user_token,
        partner_id=partner_id,
        limits=Limits(per_second, per_minute),
        delay=delay,
        faults=_faults(faults, seed),
    )
    settings = {
        "YCLIENTS_COMPANY_ID": str(company_id),
        "YCLIENTS_PARTNER_TOKEN": partner_token,
        "YCLIENTS_USER_TOKEN": user_token,
        "YCLIENTS_PARTNER_ID": partner_id,
    }

    def tell(url: str) -> None:
        # The first line is for programs.
        typer.echo(url)
        typer.echo(f"To watch and break it: {url}/simulator/page   Ctrl-C ends it.")
        typer.echo("For the program that is to use it:")
        typer.echo(
            "  " + " ".join(f"{name}={value}" for name, value in {"YCLIENTS_URL": url, **settings}.items() if value)
        )
        sys.stdout.flush()

    # The server gives a signal it was stopped by back to its former handler.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: sys.exit(0))
    try:
        serve(crm, port=port, on_ready=tell)
    except OSError as error:
        raise UsageError(f"--port: {port} cannot be had ({os.strerror(error.errno or 0)}); choose another") from error


def _faults(file: Path | None, seed: int | None) -> Faults:
    if file is None:
        return Faults(seed or 0)
    try:
        return load_faults(file, seed=seed)
    except FaultsFileError as error:
        raise UsageError(str(error)) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"--zone: {name!r} is not a time zone like Europe/Moscow") from error
