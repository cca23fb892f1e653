"""A log of visits to read from and to rebuild from.

Each visit is held and booked, every tenth is then called off: 2.1 events a visit, all of which concern the schedule.
A hundred masters work twelve hours a day, one visit after the other, so that no two of one master overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice

from psycopg import sql

from bench import salon
from ledger import events as e
from ledger.codec import encode, stored_name
from ledger.postgres import Database, migrate
from ledger.tags import command_tag, tags_of
from ledger.values import ID_BITS, Actor, BookingId, ClientId, Slot, StaffId

MASTERS = 100
_AT = salon.midnight(salon.MONDAY)
_COLUMNS = "position, recorded_at, type, tags, data, digest, hash"


def visit_slot(number: int) -> Slot:
    """Where the visit of this number has its place: masters first, then hours, then days."""
    hour, master = divmod(number, MASTERS)
    day, hour = divmod(hour, salon.VISITS_A_DAY)
    starts_at = salon.opening(salon.MONDAY) + timedelta(days=day, hours=hour)
    return Slot(StaffId(100 + master), starts_at, starts_at + timedelta(hours=1))


def booking_of(number: int) -> BookingId:
    """Ids of full length that differ from visit to visit: an odd factor makes all below 2^50 different."""
    return BookingId((number + 1) * 678_912_345_678_901 % (1 << ID_BITS))


def story() -> Iterator[e.SlotHeld | e.BookingMade | e.BookingCancelled]:
    """The events without end, the same in every run."""
    for number in count():
        slot = visit_slot(number)
        booking, client = booking_of(number), ClientId((number + 1) * 98_765_432_101 % (1 << ID_BITS))
        yield e.SlotHeld(booking, client, slot, salon.SERVICES, slot.starts_at - timedelta(days=1), "confirmation")
        yield e.BookingMade(booking, client, slot, salon.SERVICES)
        if number % 10 == 9:
            yield e.BookingCancelled(booking, client, slot)


def lay_down(database: Database, events: int, *, indexed: bool = False) -> None:
    """Makes the ledger's log that long. By COPY, past `append_events`: digests and hashes are not real ones.

    Nobody verifies the chain here. Tags stand in the events only, unless they are to be looked up: `indexed` gives each
    event its command's tag as well, as every event has that was not laid down, and their rows to all of them.
    """
    migrate(database)
    with database.transaction() as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        stored = row[0] if row else 0
        filler = b"\x00" * 32
        with connection.cursor() as cursor, cursor.copy(f"COPY events ({_COLUMNS}) FROM STDIN") as copy:
            for position, one in enumerate(islice(story(), stored, events), stored + 1):
                by, cause = Actor("client", str(one.client_id)), f"tg:1234567890:{position}:{one.booking_id}"
                data = encode(one, by=by, at=_AT, cause=cause).decode()
                # Each was an append of its own, so each has its own instant: a page of the log ends with an append.
                at = _AT + position * timedelta.resolution
                tags = [*tags_of(one), command_tag(cause)] if indexed else tags_of(one)
                copy.write_row((position, at, stored_name(type(one)), tags, data, filler, filler))
        if indexed:
            # In the order of the key: else a million events take minutes.
            connection.execute(
                """INSERT INTO event_tags SELECT DISTINCT t.tag, position FROM events, unnest(tags) AS t (tag)
                   WHERE position > %s ORDER BY 1, 2""",
                (stored,),
            )
    with database.connect() as connection:
        for table in ("events", "event_tags"):
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(database.schema, table)))
