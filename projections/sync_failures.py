"""Sync attempts that did not succeed, without the CRM's words, which are sealed; part of the backlog's read model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.postgres import Database
from ledger.values import BookingId

TABLES = """
CREATE TABLE backlog_failures{suffix} (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    booking_id bigint NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,
    kind text NOT NULL,
    status int
);
"""


@dataclass(frozen=True)
class Failure:
    """A sync attempt that did not succeed."""

    position: int
    at: datetime
    booking_id: BookingId
    operation: str
    outcome: str
    kind: str
    status: int | None


def note_failure(execute: Callable[..., object], item: Recorded, failed: e.SyncFailed) -> None:
    """Keeps it; `execute` fills in the `{suffix}`."""
    execute(
        """INSERT INTO backlog_failures{suffix}
               (position, at, booking_id, operation, outcome, kind, status)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        item.position,
        item.at,
        failed.booking_id,
        failed.operation,
        failed.outcome,
        failed.kind,
        failed.status,
    )


def last_failures(database: Database, limit: int = 5) -> list[Failure]:
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT position, at, booking_id, operation, outcome, kind, status
               FROM backlog_failures ORDER BY position DESC LIMIT %s""",
            (limit,),
        ).fetchall()
    return [Failure(*row) for row in rows]
