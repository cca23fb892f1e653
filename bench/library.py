"""The library's own way: the same visits as events of its aggregates, and a schedule kept by its ProjectionRunner."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from bench.logs import visit_slot
from bench.salon import HAIRCUT, PRICE
from ledger.recorder import BATCH


class Visit(Aggregate):
    """Held, booked, perhaps called off; each of its events carries the facts ours does."""

    class Held(Aggregate.Created):
        client_id: int
        staff_id: int
        starts_at: datetime
        ends_at: datetime
        service_ids: list[int]
        price: int

    class Booked(Aggregate.Event):
        client_id: int
        staff_id: int
        starts_at: datetime
        ends_at: datetime
        service_ids: list[int]
        price: int

    class CalledOff(Aggregate.Event):
        client_id: int
        staff_id: int
        starts_at: datetime
        ends_at: datetime

    @event(Held)
    def __init__(
        self, client_id: int, staff_id: int, starts_at: datetime, ends_at: datetime, service_ids: list[int], price: int
    ) -> None:
        self.status, self.facts = "held", (client_id, staff_id, starts_at, ends_at, service_ids, price)

    @event(Booked)
    def book(
        self, client_id: int, staff_id: int, starts_at: datetime, ends_at: datetime, service_ids: list[int], price: int
    ) -> None:
        self.status, self.facts = "booked", (client_id, staff_id, starts_at, ends_at, service_ids, price)

    @event(CalledOff)
    def call_off(self, client_id: int, staff_id: int, starts_at: datetime, ends_at: datetime) -> None:
        self.status, self.place = "cancelled", (client_id, staff_id, starts_at, ends_at)


class Visits(Application[UUID]):
    """The library's application on its default recorder for PostgreSQL, with pages as long as our recorder's."""

    name = "bench_visits"
    log_section_size = BATCH


def environment(conninfo: str) -> dict[str, str]:
    """What tells the library where its tables are."""
    said = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": said["dbname"],
        "POSTGRES_HOST": said.get("host", ""),
        "POSTGRES_PORT": said.get("port", "5432"),
        "POSTGRES_USER": said.get("user", ""),
        "POSTGRES_PASSWORD": said.get("password", ""),
    }


def datastore(conninfo: str, *, connections: int) -> PostgresDatastore:
    """The library's own pool of connections."""
    said = environment(conninfo)
    names = ("DBNAME", "HOST", "PORT", "USER", "PASSWORD")
    return PostgresDatastore(*(said[f"POSTGRES_{name}"] for name in names), pool_size=connections)


def lay_down(conninfo: str, events: int) -> None:
    """At least so many events of the story of `bench.logs`, saved by the library a hundred visits at a time."""
    application = Visits(environment(conninfo))
    try:
        stored = application.recorder.max_notification_id() or 0
        number = stored
        while stored < events:
            stored += len(application.save(*(_visit(n) for n in range(number, number + 100))))
            number += 100
    finally:
        application.close()


def _visit(number: int) -> Visit:
    slot = visit_slot(number)
    starts_at, ends_at = slot.starts_at.astimezone(UTC), slot.ends_at.astimezone(UTC)
    visit = Visit(number + 1, slot.staff_id, starts_at, ends_at, [HAIRCUT], PRICE)
    visit.book(number + 1, slot.staff_id, starts_at, ends_at, [HAIRCUT], PRICE)
    if number % 10 == 9:
        visit.call_off(number + 1, slot.staff_id, starts_at, ends_at)
    return visit


class ScheduleView(PostgresTrackingRecorder):
    """A table of visits under a primary key alone, written in the transaction that notes how far it has come."""

    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str = "notification_tracking") -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        with datastore.transaction(commit=True) as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_schedule")
            cursor.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(tracking_table_name)))
            cursor.execute(
                """CREATE TABLE bench_schedule (visit uuid PRIMARY KEY, status text, client_id bigint,
                   staff_id bigint, starts_at timestamptz, ends_at timestamptz, service_ids bigint[], price bigint)"""
            )

    def write(self, visit: UUID, status: str, facts: Visit.Held | Visit.Booked, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                """INSERT INTO bench_schedule VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (visit) DO UPDATE
                   SET status = excluded.status, starts_at = excluded.starts_at, ends_at = excluded.ends_at""",
                (
                    *(visit, status, facts.client_id, facts.staff_id, facts.starts_at, facts.ends_at),
                    *(facts.service_ids, facts.price),
                ),
                prepare=True,
            )
            self._insert_tracking(cursor, tracking)

    def call_off(self, visit: UUID, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("UPDATE bench_schedule SET status = 'cancelled' WHERE visit = %s", (visit,), prepare=True)
            self._insert_tracking(cursor, tracking)


class ScheduleProjection(Projection[ScheduleView]):
    """The library's equivalent of `Schedule`; notes when it saw its first event and its latest."""

    name = "bench_schedule"

    def __init__(self, view: ScheduleView) -> None:
        super().__init__(view)
        self.seen, self.first_at, self.latest_at = 0, 0.0, 0.0

    def process_event(self, domain_event: DomainEventProtocol[UUID], tracking: Tracking) -> None:
        self.first_at = self.first_at or time.perf_counter()
        match domain_event:
            case Visit.Held() as held:
                self.view.write(held.originator_id, "held", held, tracking)
            case Visit.Booked() as booked:
                self.view.write(booked.originator_id, "booked", booked, tracking)
            case Visit.CalledOff() as gone:
                self.view.call_off(gone.originator_id, tracking)
        self.seen, self.latest_at = self.seen + 1, time.perf_counter()


def project_for(conninfo: str, seconds: float) -> float:
    """Lets the ProjectionRunner fill a fresh table for a while; gives events a second, from the first to the latest."""
    with ProjectionRunner(
        application_class=Visits,
        projection_class=ScheduleProjection,
        view_class=ScheduleView,
        env=environment(conninfo),
    ) as runner:
        runner.run_forever(timeout=seconds)
    done = runner.projection
    assert isinstance(done, ScheduleProjection)
    return done.seen / (done.latest_at - done.first_at)
