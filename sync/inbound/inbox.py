"""What the sync process has read of the CRM, in tables of its own: no restart loses a change, none is dealt with twice.

Moments are given, by the salon's clock or the CRM's; the database's own clock plays no part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.clock import later
from ledger.postgres import Database
from ledger.values import RecordId

MOST_WAITING = 10_000
"""So many records wait to be looked at; further hints are let go, since polling shows the same changes."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
"""A record that cannot be judged yet is looked at again after growing pauses."""


@dataclass(frozen=True)
class Reading:
    """How far an account's diary has been read; None for never.

    `changed_at` is the newest change dealt with, by the CRM's clock; `swept_at_position` where the log stood when the
    whole diary was last compared; `released_at_position` the operator's word about a large change that has been used
    up, `released_at` when.
    """

    changed_at: datetime | None = None
    swept_at: datetime | None = None
    swept_at_position: int = 0
    released_at_position: int = 0
    released_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """A record that waits to be looked at, as it was hinted at when this was read."""

    record_id: RecordId
    hints: int
    looks: int


class Inbox:
    """One CRM account's part of the tables."""

    def __init__(self, database: Database, company_id: int) -> None:
        self._database, self._company_id = database, company_id

    def reading(self) -> Reading:
        with self._database.transaction() as connection:
            row = connection.execute(
                """SELECT changed_at, swept_at, swept_at_position, released_at_position, released_at
                   FROM crm_reading WHERE company_id = %s""",
                (self._company_id,),
            ).fetchone()
        return Reading(*row) if row else Reading()

    def note_changes_read(self, changed_at: datetime, *, overlap: timedelta) -> None:
        """The cursor never goes back; what lies further back than a reading reaches need not be remembered."""
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO crm_reading (company_id, changed_at) VALUES (%(company)s, %(at)s)
                   ON CONFLICT (company_id) DO UPDATE
                   SET changed_at = greatest(crm_reading.changed_at, excluded.changed_at)""",
                {"company": self._company_id, "at": changed_at},
            )
            connection.execute("DELETE FROM crm_seen WHERE changed_at < %s", (later(changed_at, -2 * overlap),))

    def note_swept(self, at: datetime, position: int) -> None:
        """The whole diary was compared, with the log as it stood at that position."""
        self._note("swept_at", at)
        self._note("swept_at_position", position)

    def want_catalog(self) -> None:
        """Somebody hinted that services or masters have changed."""
        self._note("catalog_wanted", value=True)

    def take_catalog_wish(self) -> bool:
        """Whether somebody hinted so since the last time this was asked."""
        with self._database.transaction() as connection:
            taken = connection.execute(
                "UPDATE crm_reading SET catalog_wanted = false WHERE company_id = %s AND catalog_wanted",
                (self._company_id,),
            )
            return taken.rowcount > 0

    def note_released(self, position: int, at: datetime) -> None:
        """The operator's word at this position was used."""
        self._note("released_at_position", position)
        self._note("released_at", at)

    def hint(self, record_ids: Iterable[RecordId]) -> int:
        """Asks for a look at these records as soon as may be; gives how many it took."""
        with self._database.transaction() as connection:
            taken = connection.execute(
                """INSERT INTO crm_inbox (record_id)
                   SELECT DISTINCT unnest(%s::bigint[]) WHERE (SELECT count(*) FROM crm_inbox) < %s
                   ON CONFLICT (record_id) DO UPDATE SET look_at = excluded.look_at, hints = crm_inbox.hints + 1""",
                (list(record_ids), MOST_WAITING),
            )
            return taken.rowcount

    def due(self, now: datetime, limit: int) -> list[Waiting]:
        """Records whose time has come; one put off for longer than anything is was put off by another clock."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                """SELECT record_id, hints, looks FROM crm_inbox
                   WHERE look_at <= %s OR look_at > %s ORDER BY look_at, record_id LIMIT %s""",
                (now, later(now, 2 * LONGEST_PAUSE), limit),
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def waiting(self) -> int:
        """How many records wait to be looked at."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT count(*) FROM crm_inbox").fetchone()
        return row[0] if row else 0

    def put_off(self, record_id: RecordId, now: datetime, looks: int = 0) -> None:
        """It cannot be judged yet: looked at again later."""
        pause = min(FIRST_PAUSE * 2 ** min(looks, 10), LONGEST_PAUSE)
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO crm_inbox (record_id, look_at, looks) VALUES (%(record)s, %(at)s, %(looks)s)
                   ON CONFLICT (record_id) DO UPDATE SET look_at = excluded.look_at, looks = excluded.looks""",
                {"record": record_id, "at": later(now, pause), "looks": looks + 1},
            )

    def settle(self, one: Waiting) -> None:
        """Dealt with, unless it was hinted at again meanwhile."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM crm_inbox WHERE record_id = %s AND hints = %s", (one.record_id, one.hints))

    def seen(self, record_ids: Collection[int]) -> dict[int, str]:
        """The last form of each of these records that was dealt with."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT record_id, form FROM crm_seen WHERE record_id = ANY (%s)", (list(record_ids),)
            ).fetchall()
        return dict(rows)

    def note_seen(self, forms: Sequence[tuple[int, str, datetime]], followed: Collection[int], at: datetime) -> None:
        """These forms were dealt with, each with the moment of its change; `followed` moved or removed a booking."""
        with self._database.transaction() as connection:
            for record_id, form, changed_at in forms:
                connection.execute(
                    """INSERT INTO crm_seen (record_id, form, changed_at, followed_at) VALUES (%s, %s, %s, %s)
                       ON CONFLICT (record_id) DO UPDATE SET form = excluded.form, changed_at = excluded.changed_at,
                           followed_at = coalesce(excluded.followed_at, crm_seen.followed_at)""",
                    (record_id, form, changed_at, at if record_id in followed else None),
                )

    def followed_since(self, since: datetime) -> int:
        """How many coming bookings were moved or removed by the CRM since then."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT count(*) FROM crm_seen WHERE followed_at > %s", (since,)).fetchone()
        return row[0] if row else 0

    def _note(self, column: str, value: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                f"""INSERT INTO crm_reading (company_id, {column}) VALUES (%s, %s)
                    ON CONFLICT (company_id) DO UPDATE SET {column} = excluded.{column}""",  # noqa: S608  fixed names
                (self._company_id, value),
            )
