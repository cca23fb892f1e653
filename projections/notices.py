"""What the staff chat has not been told yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ledger import events as e
from ledger.clock import later
from ledger.codec import Recorded
from ledger.postgres import Connection, Database

Kind = Literal["booking", "integration", "client", "checkpoint"]

TABLES = """
CREATE TABLE notices{suffix} (
    position bigint PRIMARY KEY,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE notices_told{suffix} (
    kind text PRIMARY KEY,
    position bigint NOT NULL
);
"""

KEPT_FOR = timedelta(hours=24)
"""News older than this, counted back from the newest event, is none any more; a client's wish is until it is told."""


@dataclass(frozen=True)
class Waiting:
    """Positions of events to tell about, oldest first, each with its moment by the salon's clock.

    `position` is how far the read model has come; `was_told` is False while nothing of this kind was ever told.
    """

    position: int
    was_told: bool
    news: list[tuple[int, datetime]]


class NoticesProjection:
    """Keeps the news until a notice covers it. News is told in its order, so a notice settles all up to its last."""

    name = "notices"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> NoticesProjection:
        return NoticesProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        def execute(statement: str, *parameters: object) -> None:
            connection.execute(statement.format(suffix=self._suffix), parameters)

        for item in events:
            if isinstance(item.event, e.NoticeSent | e.NoticeFailed):
                kind, last = item.event.kind, max(item.event.covers, default=0)
                execute("DELETE FROM notices{suffix} WHERE kind = %s AND position <= %s", kind, last)
                execute(_TOLD, kind, last)
            elif (kind_of_news := _kind(item)) is not None:
                execute(_NEWS, item.position, kind_of_news, item.at, item.recorded_at)
        execute(_FORGET, later(events[-1].recorded_at, -KEPT_FOR))


_NEWS = "INSERT INTO notices{suffix} (position, kind, at, recorded_at) VALUES (%s, %s, %s, %s)"
_FORGET = "DELETE FROM notices{suffix} WHERE recorded_at < %s AND kind <> 'client'"
_TOLD = """
INSERT INTO notices_told{suffix} (kind, position) VALUES (%s, %s)
ON CONFLICT (kind) DO UPDATE SET position = excluded.position"""


def _kind(item: Recorded) -> Kind | None:
    match item.event:
        case e.BookingMade() | e.BookingMoved() | e.BookingCancelled():
            return None if item.by.kind in ("staff", "operator") else "booking"  # they know what they did themselves
        case e.ClientNoticeFailed():
            return "booking"  # somebody has to ring the client up
        case e.ConsentWithdrawn() | e.ErasureRequested() | e.ErasureCalledOff():
            return "client"  # the law sets the salon a term
        case e.IntegrationPaused() | e.IntegrationResumed():
            return None if item.by.kind == "staff" else "integration"  # the chat saw it done
        case e.CrmAnswered() | e.CrmChangeBraked() | e.CrmChangeAccepted() | e.CrmChangeSubsided() | e.ConflictFound():
            return "integration"
        case e.SyncFailed(parked=True) | e.CrmClientKept():
            return "integration"
        case e.CheckpointSigned():
            return "checkpoint"
        case _:
            return None  # nothing else is the staff's news


def waiting(database: Database, kind: Kind, *, limit: int) -> Waiting:
    """At most so much news of this kind, of one snapshot with how far the read model has come."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT p.position, EXISTS (SELECT FROM notices_told WHERE kind = %(kind)s), n.position, n.at
               FROM projections p LEFT JOIN (
                   SELECT position, at FROM notices WHERE kind = %(kind)s ORDER BY position LIMIT %(limit)s) n ON true
               WHERE p.name = 'notices' ORDER BY n.position""",
            {"kind": kind, "limit": limit},
        ).fetchall()
    news = [(row[2], row[3]) for row in rows if row[2] is not None]
    return Waiting(position=rows[0][0], was_told=rows[0][1], news=news)
