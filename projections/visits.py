"""What a client's visits come to, from the schedule: how many were, how many are to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger.postgres import Database
from ledger.values import ClientId


@dataclass(frozen=True)
class Visits:
    """Bookings of one client by what became of them; `last_at` is when the newest past visit began, in UTC.

    Nobody records whether somebody came: a booking that stood until its time was over counts as a visit.
    """

    past: int
    coming: int
    cancelled: int
    last_at: datetime | None


def visits_of(database: Database, client_id: ClientId, now: datetime) -> Visits:
    """Read by the client's own index, whatever the schedule holds of others."""
    with database.transaction() as connection:
        row = connection.execute(
            """SELECT count(*) FILTER (WHERE is_past), count(*) FILTER (WHERE NOT is_past),
                   count(*) FILTER (WHERE status = 'cancelled'), max(starts_at) FILTER (WHERE is_past)
               FROM (
                   SELECT status, starts_at, CASE status
                       WHEN 'booked' THEN ends_at <= %s WHEN 'visited' THEN true END AS is_past
                   FROM schedule WHERE client_id = %s
               ) mine""",
            (now, client_id),
        ).fetchone()
    return Visits(*row) if row else Visits(0, 0, 0, None)
