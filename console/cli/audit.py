"""`zapisnik audit`: the schedule as it stood, and whether the log was altered."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.common import house_of, print_json
from console.cli.replay import replay
from console.errors import FoundError
from ledger.integrity import verify_chain

commands = typer.Typer(no_args_is_help=True)


commands.command()(replay)


@commands.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Recompute the chain of hashes from the first event; exit 1 when it is broken."""
    with house_of() as house:
        result = verify_chain(house.recorder)
    if as_json:
        print_json(
            {
                "ok": result.ok,
                "events": result.events,
                "checkpoints": 0,
                "first_bad_position": result.first_bad_position,
                "reason": result.reason,
            }
        )
    if not result.ok:
        raise FoundError(f"the log is broken at position {result.first_bad_position}: {result.reason}")
    if not as_json:
        typer.echo(f"{result.events} events, every digest, hash and tag in order; head {result.head_hash.hex()}")
        typer.echo(
            "Not provable from the log alone: that no tail was cut off, and that nobody rewrote it with new hashes. "
            "Keep the head's position and hash somewhere else."
        )
