"""The open bookings in the order in which they are sent, a page at a time, each page with whoever may be in its way.

A page costs the same however many wait: it is read along an index, and so is who stands in the time of whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from psycopg.rows import TupleRow

from ledger.postgres import Connection, Database
from ledger.sync_state import SyncState
from ledger.values import Slot

Lane = Literal["all", "live", "replay"]
"""`live` are wishes newer than a moment, `replay` all others."""

PAGE = 50
OPEN = frozenset({"pending", "unknown", "parked"})

TABLES = """
CREATE INDEX backlog{suffix}_wished ON backlog{suffix} (pending_since) WHERE status IN ('pending', 'unknown', 'parked');
CREATE TABLE backlog_leaving{suffix} (
    booking_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (booking_id, staff_id, starts_at, ends_at)
);
CREATE INDEX backlog_leaving{suffix}_place ON backlog_leaving{suffix} (staff_id, starts_at);
"""
"""The times that open bookings may still hold in the CRM, although they are wanted elsewhere or not at all."""

_OPEN = "status IN ('pending', 'unknown', 'parked')"
# What waits for a person may still have a request that has to be looked up.
_TO_DO = f"{_OPEN} AND (status <> 'parked' OR state->>'open_attempt' IS NOT NULL)"
_LANES: dict[Lane, str] = {
    "all": "true",
    "live": "pending_since > %(live_since)s",
    "replay": "(pending_since > %(live_since)s) IS NOT TRUE",
}
_COMING = """starts_at > %(now)s AND (starts_at, booking_id) > (%(starts_at)s, %(booking_id)s)
    ORDER BY starts_at, booking_id"""
_GONE = """starts_at <= %(now)s AND (starts_at < %(starts_at)s OR starts_at = %(starts_at)s
        AND booking_id > %(booking_id)s)
    ORDER BY starts_at DESC, booking_id"""
_PAGE = "SELECT state::text FROM backlog WHERE {those} AND {lane} AND {after_the_last} LIMIT %(limit)s"
# A slot is 24 hours at most, so nothing that began earlier than that can reach into another. OFFSET 0 keeps the planner
# to following a few rows along the indexes: it would rather read the whole tables.
_AROUND = """
WITH RECURSIVE near AS (
    SELECT * FROM unnest(%(booking_ids)s::bigint[], %(staff_ids)s::bigint[], %(starts)s::timestamptz[],
        %(ends)s::timestamptz[]) AS page (booking_id, staff_id, starts_at, ends_at)
    UNION
    SELECT leaving.booking_id, wanted.staff_id, wanted.starts_at, wanted.ends_at
    FROM near
    CROSS JOIN LATERAL (
        SELECT booking_id FROM backlog_leaving
        WHERE staff_id = near.staff_id AND starts_at < near.ends_at AND ends_at > near.starts_at
            AND starts_at > near.starts_at - interval '1 day' OFFSET 0) leaving
    CROSS JOIN LATERAL (
        SELECT staff_id, starts_at, ends_at FROM backlog WHERE booking_id = leaving.booking_id OFFSET 0) wanted
)
SELECT (SELECT state::text FROM backlog WHERE booking_id = near.booking_id)
FROM near WHERE NOT booking_id = ANY (%(booking_ids)s)"""


@dataclass(frozen=True)
class Page:
    """Bookings in the order of their visits; `around` are those whose record may stand in the time of one of these.

    And those that may stand in the time of those, and so on: all that a plan of these has to know of.
    """

    nearest: Sequence[SyncState]
    around: Sequence[SyncState] = ()


def pages(
    database: Database,
    now: datetime,
    *,
    lane: Lane = "all",
    live_since: datetime | None = None,
    with_parked: bool = True,
    size: int = PAGE,
) -> Iterator[Page]:
    """All open bookings of a lane, coming visits soonest first, then past ones, latest first.

    Each page is of the moment it is read at. Without `with_parked` those that wait for a person are left out, except
    where they may be in somebody's way.
    """
    for order in (_COMING, _GONE):
        statement = _PAGE.format(those=_OPEN if with_parked else _TO_DO, lane=_LANES[lane], after_the_last=order)
        starts_at, booking_id = now, -1
        while True:
            given = {
                "now": now, "live_since": live_since, "limit": size, "starts_at": starts_at, "booking_id": booking_id
            }  # fmt: skip
            with database.transaction() as connection:
                nearest = _states(connection.execute(statement.encode(), given).fetchall())
                around = _around(connection, nearest)
            if nearest:
                yield Page(nearest, around)
                starts_at, booking_id = nearest[-1].slot.starts_at, nearest[-1].booking_id
            if len(nearest) < size:
                break


def live_since(database: Database, resumed_at: datetime | None, lasting: timedelta) -> datetime | None:
    """From which moment on a wish is live: not before sending went on, nor longer ago than `lasting`.

    By the database's clock, which dates the wishes. None while nothing is sent: then nothing is live.
    """
    if resumed_at is None:
        return None
    with database.transaction() as connection:
        row = connection.execute("SELECT greatest(%s, clock_timestamp() - %s)", (resumed_at, lasting)).fetchone()
    return row[0] if row else None


def note_leaving(execute: Callable[..., object], before: SyncState | None, state: SyncState) -> None:
    """Keeps the table in step with a booking's state; `execute` fills in the `{suffix}`."""
    was, leaves = _leaving(before), _leaving(state)
    if was == leaves:
        return
    execute("DELETE FROM backlog_leaving{suffix} WHERE booking_id = %s", state.booking_id)
    for slot in leaves:
        execute(
            "INSERT INTO backlog_leaving{suffix} VALUES (%s, %s, %s, %s)",
            state.booking_id,
            slot.staff_id,
            slot.starts_at,
            slot.ends_at,
        )


def _leaving(state: SyncState | None) -> tuple[Slot, ...]:
    return state.slots_to_leave() if state is not None and state.status in OPEN else ()


def _around(connection: Connection, nearest: Sequence[SyncState]) -> list[SyncState]:
    if not nearest:
        return []
    given = {
        "booking_ids": [state.booking_id for state in nearest],
        "staff_ids": [state.slot.staff_id for state in nearest],
        "starts": [state.slot.starts_at for state in nearest],
        "ends": [state.slot.ends_at for state in nearest],
    }
    return _states(connection.execute(_AROUND, given).fetchall())


def _states(rows: Sequence[TupleRow]) -> list[SyncState]:
    return [msgspec.json.decode(row[0], type=SyncState) for row in rows]
