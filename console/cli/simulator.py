"""`zapisnik simulator`: a Yclients that runs here, for tests, for rehearsals and for other people's programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def simulator(
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65_535)] = 8090,
    seed: Annotated[int | None, typer.Option(help="Of the faults; overrides the file's.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A TOML file of faults.")] = None,
    company: Annotated[int, typer.Option(help="The branch's number.", min=1)] = 1,
    zone: Annotated[str, typer.Option(help="The branch's time zone.")] = "Europe/Moscow",
    partner_token: Annotated[str, typer.Option(help="What a caller must show.")] = "",
    user_token: Annotated[str, typer.Option(help="What a caller must show.")] = "",
    partner_id: Annotated[str, typer.Option(help="What a caller must show, if given.")] = "",
    per_second: Annotated[int, typer.Option(help="Calls allowed in any second.", min=1)] = 5,
    per_minute: Annotated[int, typer.Option(help="Calls allowed in any minute.", min=1)] = 200,
    delay: Annotated[float, typer.Option(help="Seconds each call takes.", min=0)] = 0.0,
) -> None:
    """A simulated Yclients over HTTP, with outages and seeded faults, and a page to watch and break it."""
    from console.simulation import run_simulation  # noqa: PLC0415  a web server, which no other command needs

    run_simulation(
        port=port,
        seed=seed,
        faults=faults,
        company_id=company,
        zone=zone,
        partner_token=partner_token,
        user_token=user_token,
        partner_id=partner_id,
        per_second=per_second,
        per_minute=per_minute,
        delay=delay,
    )
