"""Who appends: bare SQL, the library's two recorders, and ours with everything on. One event a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from bench.rounds import Work
from ledger import events as e
from ledger.codec import Recorded, encode, stored_name
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

    def writer(self, number: int) -> Work: ...

    def close(self) -> None: ...


def contestants(conninfo: str) -> list[Contestant]:
    """Bare SQL first, the library next, ours last."""
    return [Bare(conninfo), LibraryDefault(conninfo), LibraryDcb(conninfo), Ours(conninfo)]


class Bare:
    """A prepared INSERT of 300 bytes into a table with two indexes: no order, no tags, no chain."""

    name = "bare psycopg"

    def __init__(self, conninfo: str) -> None:
        self._conninfo, self._open = conninfo, ExitStack()
        with psycopg.connect(conninfo) as connection:
            connection.execute(
                "CREATE TABLE bare (id bigserial PRIMARY KEY, booking_id bigint NOT NULL, type text, data bytea)"
            )
            connection.execute("CREATE INDEX ON bare (booking_id)")

    def writer(self, number: int) -> Work:  # noqa: ARG002  all writers are alike
        connection = self._open.enter_context(psycopg.connect(self._conninfo, autocommit=True))
        insert = "INSERT INTO bare (booking_id, type, data) VALUES (%s, %s, %s)"
        return lambda: connection.execute(insert, (random_id(), NAME, DATA), prepare=True)

    def close(self) -> None:
        self._open.close()


class LibraryDefault:
    """`eventsourcing.postgres`: one table, two indexes, a table lock; no tags, no condition, no chain."""

    name = "library, default recorder"

    def __init__(self, conninfo: str) -> None:
        self._datastore = _datastore(conninfo)
        self._recorder = PostgresApplicationRecorder(self._datastore)
        self._recorder.create_table()

    def writer(self, number: int) -> Work:  # noqa: ARG002  all writers are alike
        return lambda: self._recorder.insert_events([StoredEvent(uuid4(), 1, NAME, DATA)])

    def close(self) -> None:
        self._datastore.close()


class LibraryDcb:
    """`eventsourcing.dcb.postgres_tt`: four tags, on condition that the booking has no event of this type yet."""

    name = "library, DCB recorder"

    def __init__(self, conninfo: str) -> None:
        self._datastore = _datastore(conninfo)
        self._recorder = PostgresDCBRecorderTT(self._datastore)
        self._recorder.create_table()

    def writer(self, number: int) -> Work:
        bookings, last = _bookings(number), 0

        def write() -> None:
            nonlocal last
            event = next(bookings)
            query = DCBQuery([DCBQueryItem([NAME], [booking_tag(event.booking_id)])])
            last = self._recorder.append([DCBEvent(NAME, DATA, tags_of(event))], DCBAppendCondition(query, last))

        return write

    def close(self) -> None:
        self._datastore.close()


class Ours:
    """What `Ledger.execute` does once it has decided: condition, four tags, chain, the schedule and its guard."""

    name = "ours, all on"

    def __init__(self, conninfo: str) -> None:
        self._database = Database(conninfo, "bench_append")
        migrate(self._database)
        self._recorder = PostgresRecorder(self._database)
        self._schedule = Schedule()
        install(self._recorder, [self._schedule])

    def writer(self, number: int) -> Work:
        bookings, last = _bookings(number), 0

        def write() -> None:
            nonlocal last
            event = next(bookings)
            tags = tags_of(event)
            data = encode(event, by=CLIENT, at=_FIRST, cause=CAUSE)
            items = [BoundaryItem([NAME], tags[:1])]
            with self._database.transaction() as connection:
                last, at = self._recorder.append_if_unchanged(connection, [DCBEvent(NAME, data, tags)], items, last)
                self._schedule.apply(connection, [Recorded(last, at, tuple(tags), CLIENT, _FIRST, CAUSE, event)])
            self._recorder.notifier.notify_soon()

        return write

    def close(self) -> None:
        self._recorder.close()
        self._database.close()


_masters = count(1)


def _bookings(writer: int) -> Iterator[e.BookingMade]:
    """Bookings of one hour, one after the other, of a master nobody else books."""
    staff_id = StaffId(next(_masters) * MOST_WRITERS + writer)
    services = (BookedService(ServiceId(2001), 250_000, 60),)
    for hour in count():
        starts_at = _FIRST + timedelta(hours=hour)
        slot = Slot(staff_id, starts_at, starts_at + timedelta(hours=1))
        yield e.BookingMade(BookingId(random_id()), ClientId(random_id()), slot, services)


def _datastore(conninfo: str) -> PostgresDatastore:
    said = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return PostgresDatastore(
        said["dbname"],
        said.get("host", ""),
        said.get("port", "5432"),
        said.get("user", ""),
        said.get("password", ""),
        pool_size=MOST_WRITERS,
    )
