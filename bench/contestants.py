"""Who appends: bare SQL, the library's two recorders, and ours with everything on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from bench.library import datastore
from bench.rounds import Work
from ledger import events as e
from ledger.append_statement import NewEvent
from ledger.codec import encode, stored_name
from ledger.ledger import changes_of
from ledger.postgres import Database, migrate
from ledger.privacy import random_id
from ledger.recorder import BoundaryItem, PostgresRecorder
from ledger.tags import booking_tag, tags_of
from ledger.values import Actor, BookedService, BookingId, ClientId, ServiceId, Slot, StaffId
from projections.projector import install
from projections.schedule import Schedule

MOST_WRITERS = 8
NAME = stored_name(e.BookingMade)
CLIENT = Actor("client", "123456789012345")
CAUSE = "tg:1234567890:123456789:book"
DATA = b"x" * 300
"""What the baselines store; our own envelopes of a booking are 310 to 330 bytes."""
_FIRST = datetime(2030, 1, 7, 10, tzinfo=ZoneInfo("Europe/Moscow"))


class Contestant(Protocol):
    """Something that appends; each writer has a connection of its own and keeps it from round to round."""

    name: str

    def writer(self, number: int, batch: int = 1) -> Work:
        """What appends `batch` events in one transaction each time it is called."""

    def close(self) -> None: ...


class Bare:
    """A prepared INSERT of 300 bytes into a table with two indexes: no order, no tags, no chain."""

    name = "bare psycopg"

    def __init__(self, conninfo: str) -> None:
        self._conninfo, self._open = conninfo, ExitStack()
        with psycopg.connect(conninfo) as connection:
            connection.execute("DROP TABLE IF EXISTS bare")
            connection.execute(
                "CREATE TABLE bare (id bigserial PRIMARY KEY, booking_id bigint NOT NULL, type text, data bytea)"
            )
            connection.execute("CREATE INDEX ON bare (booking_id)")

    def writer(self, number: int, batch: int = 1) -> Work:  # noqa: ARG002  all writers are alike
        connection = self._open.enter_context(psycopg.connect(self._conninfo, autocommit=True))
        insert = "INSERT INTO bare (booking_id, type, data) VALUES (%s, %s, %s)"

        def write_many() -> None:
            # In one transaction, without waiting for each answer: psycopg sends them in a pipeline.
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(insert, [(random_id(), NAME, DATA) for _ in range(batch)])

        if batch > 1:
            return write_many
        return lambda: connection.execute(insert, (random_id(), NAME, DATA), prepare=True)

    def close(self) -> None:
        self._open.close()


class LibraryDefault:
    """`eventsourcing.postgres`: one table, two indexes, a table lock; no tags, no condition, no chain."""

    name = "library, default recorder"

    def __init__(self, conninfo: str) -> None:
        self._datastore = datastore(conninfo, connections=MOST_WRITERS)
        self._recorder = PostgresApplicationRecorder(self._datastore)
        self._recorder.create_table()

    def writer(self, number: int, batch: int = 1) -> Work:  # noqa: ARG002  all writers are alike
        return lambda: self._recorder.insert_events([StoredEvent(uuid4(), 1, NAME, DATA) for _ in range(batch)])

    def close(self) -> None:
        self._datastore.close()


class LibraryDcb:
    """`eventsourcing.dcb.postgres_tt`: four tags, on condition that the (first) booking has no event of this type."""

    name = "library, DCB recorder"

    def __init__(self, conninfo: str) -> None:
        self._datastore = datastore(conninfo, connections=MOST_WRITERS)
        self._recorder = PostgresDCBRecorderTT(self._datastore)
        self._recorder.create_table()

    def writer(self, number: int, batch: int = 1) -> Work:
        bookings, last = _bookings(number), 0

        def write() -> None:
            nonlocal last
            events = list(islice(bookings, batch))
            query = DCBQuery([DCBQueryItem([NAME], [booking_tag(events[0].booking_id)])])
            stored = [DCBEvent(NAME, DATA, tags_of(event)) for event in events]
            last = self._recorder.append(stored, DCBAppendCondition(query, last))

        return write

    def close(self) -> None:
        self._datastore.close()


class Ours:
    """What `Ledger.execute` does once it has decided: encoding, condition, four tags, chain, schedule and its guard.

    Each transaction has its condition on the tag of its (first) booking. Reading and deciding are not in it.
    """

    name = "ours, all on"

    def __init__(self, conninfo: str, schema: str) -> None:
        self._database = Database(conninfo, schema)
        migrate(self._database)
        self._recorder = PostgresRecorder(self._database)
        self._schedule = Schedule()
        install(self._recorder, [self._schedule])

    def writer(self, number: int, batch: int = 1) -> Work:
        bookings, last = _bookings(number), 0

        def write() -> None:
            nonlocal last
            decided = list(islice(bookings, batch))
            events = [
                NewEvent(NAME, tags_of(event), encode(event, by=CLIENT, at=_FIRST, cause=CAUSE).decode())
                for event in decided
            ]
            last, _ = self._recorder.append_if_unchanged(
                events,
                [BoundaryItem([NAME], [booking_tag(decided[0].booking_id)])],
                last,
                models={self._schedule.name: self._schedule.version},
                changes=changes_of([self._schedule], decided, _FIRST),
            )

        return write

    def close(self) -> None:
        self._recorder.close()
        self._database.close()


_masters = count(1_000)  # far from those of `bench.salon` and `bench.logs`


def _bookings(writer: int) -> Iterator[e.BookingMade]:
    """Bookings of one hour, one after the other, of a master nobody else books."""
    staff_id = StaffId(next(_masters) * MOST_WRITERS + writer)
    services = (BookedService(ServiceId(2001), 250_000, 60),)
    for hour in count():
        starts_at = _FIRST + timedelta(hours=hour)
        slot = Slot(staff_id, starts_at, starts_at + timedelta(hours=1))
        yield e.BookingMade(BookingId(random_id()), ClientId(random_id()), slot, services)
