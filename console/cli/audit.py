"""`zapisnik audit`: the schedule as it stood, and whether the log was altered."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.common import house_of, named, parse_time, print_json
from console.errors import FoundError, UsageError
from ledger.codec import Recorded
from ledger.integrity import verify_chain
from ledger.values import BookingId, booking_code
from projections import backlog, schedule
from projections.backlog import BacklogProjection
from projections.projector import scratch
from projections.schedule import Schedule

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def replay(
    as_of: Annotated[str | None, typer.Option(help="What was recorded up to this time.")] = None,
    position: Annotated[int | None, typer.Option(help="Up to this position.", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fold the log anew and show the schedule as it stood."""
    if as_of is not None and position is not None:
        raise UsageError("give --as-of or --position, not both")
    with house_of() as house:
        moment = parse_time(as_of, house.zone, "--as-of") if as_of else None

        def is_before(event: Recorded) -> bool:
            return (position is None or event.position <= position) and (moment is None or event.recorded_at <= moment)

        with scratch(house.recorder, [Schedule(), BacklogProjection()], is_before) as (connection, last):
            statuses = backlog.statuses(connection)
            rows = []
            for row in schedule.all_bookings(connection):
                sync, record_id = statuses.get(row.booking_id, ("synced" if row.origin == "crm" else "skipped", None))
                rows.append(
                    {
                        **named(row.booking_id),
                        "staff_id": row.staff_id,
                        "service_ids": row.service_ids,
                        "client_id": row.client_id,
                        "starts_at": row.starts_at.astimezone(house.zone),
                        "ends_at": row.ends_at.astimezone(house.zone),
                        "status": row.status,
                        "sync": sync,
                        "record_id": record_id or row.record_id,
                    }
                )
        stood_at = moment or (last.recorded_at.astimezone(house.zone) if last else None)
        if as_json:
            print_json({"position": last.position if last else 0, "as_of": stood_at, "bookings": rows})
            return
        typer.echo(f"The schedule after event {last.position if last else 0}, {len(rows)} bookings and holds:")
        for row_ in rows:
            code = booking_code(BookingId(int(str(row_["booking_id"]))))
            typer.echo(
                f"{row_['starts_at']:%Y-%m-%d %H:%M}-{row_['ends_at']:%H:%M}  staff {row_['staff_id']:<6} "
                f"{code}  {row_['status']:<10} {row_['sync']}"
            )


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
