"""A salon on a real store: its own schema, read models installed, and the few moves tests make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any, Literal, TypeVar

import psycopg
from psycopg import sql

from ledger import events as e
from ledger.codec import Recorded, encode, stored_name
from ledger.decisions.book import MakeBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.hold import HoldSlot
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Executed, Ledger, Order
from ledger.postgres import Connection, Database, migrate
from ledger.recorder import PostgresRecorder
from ledger.tags import tags_of
from ledger.values import BookingId, ClientId, Slot
from projections.backlog import BacklogProjection
from projections.catalog import CatalogProjection
from projections.client_notices import ClientNoticesProjection
from projections.notices import NoticesProjection
from projections.projector import Projection, install
from projections.reminders import RemindersProjection
from projections.schedule import Schedule
from projections.tables import tables_of
from tests.builders import ANNA, BOOKING, HAIRCUT, MARIA, NOW, OLGA, SYSTEM, catalog, order, sealed, shifts, slot

_T = TypeVar("_T")


def read_models() -> list[Projection]:
    return [
        Schedule(),
        CatalogProjection(),
        BacklogProjection(),
        RemindersProjection(),
        NoticesProjection(),
        ClientNoticesProjection(),
    ]


class Diary:
    """A following read model that writes down each position it is given."""

    name = "diary"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, breaks_at: int | None = None, suffix: str = "") -> None:
        self.breaks_at, self._suffix = breaks_at, suffix
        self.tables = f"CREATE TABLE diary{suffix} (position bigint PRIMARY KEY)"

    def beside(self, suffix: str) -> Diary:
        return Diary(self.breaks_at, suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for event in events:
            connection.execute(f"INSERT INTO diary{self._suffix} VALUES (%s)", (event.position,))
            if event.position == self.breaks_at:
                raise RuntimeError("broken in the middle of a batch")


@dataclass
class Salon:
    """One ledger in one schema; closes what it opened."""

    database: Database
    recorder: PostgresRecorder = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.recorder = PostgresRecorder(self.database)
        self.ledger = Ledger(self.recorder, [Schedule()])

    def open(self) -> None:
        """Migrated, read models in place, the catalogue published."""
        migrate(self.database)
        install(self.recorder, read_models())
        self.ledger.execute(PublishCatalog(order("opening"), catalog(), (shifts(ANNA), shifts(OLGA))))

    def close(self) -> None:
        self.recorder.close()
        self.database.close()

    def hold(
        self,
        place: Slot | None = None,
        booking_id: BookingId = BOOKING,
        client_id: ClientId = MARIA,
        by: Order | None = None,
    ) -> Executed[e.SlotHeld]:
        return self.ledger.execute(HoldSlot(by or order(), booking_id, client_id, place or slot(), (HAIRCUT,)))

    def know(self, client_id: ClientId = MARIA) -> None:
        """Consent and contact of a client."""
        telegram, name, phone = (sealed(f"client_registered.{part}") for part in ("telegram", "name", "phone"))
        self.ledger.execute(GiveConsent(order(), client_id, "1", "ab" * 32))
        self.ledger.execute(RegisterClient(order(), client_id, telegram, name, phone, phone_verified=True))

    def book(
        self, place: Slot | None = None, booking_id: BookingId = BOOKING, client_id: ClientId = MARIA
    ) -> Executed[e.BookingMade]:
        """Consent, contact, hold and booking."""
        self.know(client_id)
        self.hold(place, booking_id, client_id)
        return self.ledger.execute(MakeBooking(order(), booking_id, client_id))

    def types(self) -> list[str]:
        return [event.event.type for event in self.recorder.read()]

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Any: whatever the statement selects."""
        with self.database.transaction() as connection:
            return connection.execute(statement.encode(), parameters or None).fetchall()

    def tamper(self, *statements: str) -> None:
        """As the tables' owner with the triggers off, which is what the chain is for."""
        with self.database.transaction() as connection:
            for table in ("events", "event_tags", "ledger"):
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
            for statement in statements:
                connection.execute(statement.encode())
            for table in ("events", "event_tags", "ledger"):
                connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))

    def append_past_the_rules(self, connection: Connection, *events: e.AnyEvent) -> int:
        """Events without any decision, in the caller's transaction."""
        facts = [(stored_name(type(one)), encode(one, by=SYSTEM, at=NOW, cause="c"), tags_of(one)) for one in events]
        row = connection.execute(
            "SELECT last_position FROM append_events(%s::text[], %s::text[], %s::int[], %s::text[], '[]')",
            (
                [type_ for type_, _, _ in facts],
                [data.decode() for _, data, _ in facts],
                [n for n, (_, _, tags) in enumerate(facts, 1) for _ in tags],
                [tag for _, _, tags in facts for tag in tags],
            ),
        ).fetchone()
        assert row is not None
        return int(row[0])


def contents(salon: Salon) -> dict[str, list[str]]:
    """Every row of every read model, as text."""
    tables = [table for model in read_models() for table in tables_of(model)]
    return {table: [row[0] for row in salon.rows(f"SELECT t::text FROM {table} t ORDER BY 1")] for table in tables}


def named(url: str, name: str) -> str:
    """The URL with an application name, by which a test finds its own sessions."""
    return f"{url}{'&' if '?' in url else '?'}application_name={name}"


def kill_sessions(database: Database, name: str | None = None) -> int:
    """Cuts every session of a `named` URL, as an administrator or a failing network would; tells how many."""
    with psycopg.connect(database.url, application_name="killer", autocommit=True) as connection:
        killed = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (name or database.schema,),
        )
        return killed.rowcount


@contextmanager
def salon_at(url: str, schema: str, *, max_connections: int = 10) -> Iterator[Salon]:
    """A salon that is closed afterwards; dropping its schema is the fixture's affair."""
    salon = Salon(Database(named(url, schema), schema, max_connections=max_connections))
    try:
        yield salon
    finally:
        salon.close()


def all_at_once(work: Sequence[Callable[[], _T]]) -> list[_T]:
    """Each in a thread of its own, released together; raises what any of them raised."""
    barrier = Barrier(len(work))

    def one(task: Callable[[], _T]) -> _T:
        barrier.wait(timeout=30)
        return task()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(one, work))
