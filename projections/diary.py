"""What the salon's diary should hold, booking by booking, beside what the CRM was last known to hold of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ledger.postgres import Database
from ledger.questions import ABOUT_RECORDS
from ledger.sync_state import SyncState
from ledger.values import BookingId, RecordId
from projections.schedule import ScheduledBooking

_COLUMNS = """s.booking_id, s.version, s.client_id, s.staff_id, s.starts_at, s.ends_at, s.service_ids, s.price,
    s.status, s.origin, s.record_id, s.expires_at, s.awaits, s.overlap_allowed, s.confirmed_at"""


@dataclass(frozen=True)
class DiaryEntry:
    """A booking of either origin; `sync` is None for one made by hand in the CRM."""

    booking: ScheduledBooking
    sync: SyncState | None

    @property
    def records(self) -> tuple[RecordId, ...]:
        """The CRM's records known to be this booking's, the one it stands in first."""
        if self.sync is None:
            return () if self.booking.record_id is None else (self.booking.record_id,)
        standing = () if self.sync.record_id is None else (self.sync.record_id,)
        questioned = self.sync.conflict_records if self.sync.conflict in ABOUT_RECORDS else ()
        return tuple(dict.fromkeys((*standing, *self.sync.surplus, *questioned)))


def diary(
    database: Database,
    since: datetime,
    until: datetime,
    *,
    booking_ids: Collection[BookingId] = (),
    record_ids: Collection[RecordId] = (),
) -> list[DiaryEntry]:
    """Bookings that begin between two instants, and those named by id or by record wherever they stand; no holds.

    Cancelled ones are among them. In order of time, then master.
    """
    with database.transaction() as connection:
        rows = connection.execute(
            f"""SELECT {_COLUMNS}, b.state::text
                FROM schedule s LEFT JOIN backlog b ON b.booking_id = s.booking_id
                WHERE s.status <> 'held' AND (s.starts_at >= %s AND s.starts_at < %s
                    OR s.booking_id = ANY (%s) OR s.record_id = ANY (%s) OR b.record_id = ANY (%s))
                ORDER BY s.starts_at, s.staff_id, s.booking_id""",  # noqa: S608  fixed text
            (since, until, list(booking_ids), list(record_ids), list(record_ids)),
        ).fetchall()
    return [DiaryEntry(ScheduledBooking(*row[:-1]), _state(row[-1])) for row in rows]


def _state(text: str | None) -> SyncState | None:
    return None if text is None else msgspec.json.decode(text, type=SyncState)
