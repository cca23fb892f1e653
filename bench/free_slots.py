"""Free slots of one master's week, asked of a schedule with years of bookings in it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta

import psycopg
from psycopg import sql

from bench import salon
from bench.rounds import Contest, Figure, interleaved, percentile
from bench.rows import Row, Target
from bench.sizes import Stage
from ledger.postgres import Connection, Database, migrate
from ledger.recorder import PostgresRecorder
from ledger.values import StaffId
from projections.catalog import Catalog
from projections.free_slots import free_slots
from projections.projector import install
from projections.schedule import Schedule

MOST_MILLISECONDS = 5.0
MASTERS = 100
VISITS_A_DAY = 10
"""Of the twelve there is room for: two hours a day are free, in other places from day to day."""
SEED = 20300107


def measure(stage: Stage) -> list[Row]:
    """Every question is about another week of another master; p50 and p99 are of one round's questions.

    In a question: the catalogue, which is at hand, the transaction around the query, and the slots made of it. The
    yardstick is what a database must do in any case: the bookings of that week by the same index, as bare rows.
    """
    days = max(14, stage.sizes.stored // (MASTERS * VISITS_A_DAY))
    chance, staff_ids = random.Random(SEED), salon.masters(MASTERS)
    bare, ours, tail = Figure("the week's rows, bare, p50", "ms"), Figure("ours, p50", "ms"), Figure("ours, p99", "ms")
    with (
        Database(stage.conninfo, "bench_slots") as database,
        closing(PostgresRecorder(database)) as recorder,
        closing(psycopg.connect(stage.conninfo, autocommit=True)) as connection,
    ):
        migrate(database)
        install(recorder, [Schedule()])
        stage.tell(f"storing {stage.sizes.stored:,} bookings")
        rows, took = _fill(connection, stage.sizes.stored)
        asked = [(chance.choice(staff_ids), _week(chance, days)) for _ in range(stage.sizes.asked)]
        catalog = _catalog(days)
        contests = [
            Contest([bare], lambda: _percentiles(asked, _bare_week(connection), 50)),
            Contest([ours, tail], lambda: _percentiles(asked, _our_week(database, catalog), 50, 99)),
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "free slots")
    title = f"free slots of one master's week with {rows:,} bookings stored"
    targets = [Target(MOST_MILLISECONDS, tail.value, "ms, p99", "at most")]
    notes = [f"{MASTERS} masters, {days:,} days, {VISITS_A_DAY} visits a day; stored and indexed in {took:,.0f} s"]
    return [Row("free-slots", title, [bare, ours, tail], ours, bare, targets, notes)]


def _percentiles(
    asked: list[tuple[StaffId, date]], answer: Callable[[StaffId, date], object], *percents: int
) -> list[float]:
    """Milliseconds an answer takes, at these percentiles of all that is asked."""
    took = []
    for staff_id, monday in asked:
        started = time.perf_counter()
        answer(staff_id, monday)
        took.append((time.perf_counter() - started) * 1000)
    return [percentile(took, percent) for percent in percents]


def _our_week(database: Database, catalog: Catalog) -> Callable[[StaffId, date], object]:
    now = salon.midnight(salon.MONDAY - timedelta(days=1))

    def ask(staff_id: StaffId, monday: date) -> object:
        return free_slots(database, catalog, [salon.HAIRCUT], staff_id, monday, monday + timedelta(days=6), now)

    return ask


def _bare_week(connection: Connection) -> Callable[[StaffId, date], object]:
    query = sql.SQL(
        """SELECT starts_at, ends_at FROM {}
           WHERE staff_id = %s AND status <> 'cancelled' AND starts_at >= %s AND starts_at < %s ORDER BY starts_at"""
    ).format(sql.Identifier("bench_slots", "schedule"))

    def ask(staff_id: StaffId, monday: date) -> object:
        week = (staff_id, salon.midnight(monday), salon.midnight(monday + timedelta(days=7)))
        return connection.execute(query, week, prepare=True).fetchall()

    return ask


def _week(chance: random.Random, days: int) -> date:
    return salon.MONDAY + timedelta(days=7 * chance.randrange(days // 7))


def _fill(connection: Connection, bookings: int) -> tuple[int, float]:
    """A diary without overlaps, gaps of two hours a day somewhere in it, every tenth booking called off.

    Loaded bare, then indexed and guarded, as a rebuild would; gives rows and seconds.
    """
    started = time.perf_counter()
    connection.execute("SET search_path = bench_slots, public")
    row = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'schedule_no_overlap'"
    ).fetchone()
    connection.execute("ALTER TABLE schedule DROP CONSTRAINT schedule_no_overlap")
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'bench_slots' AND indexname LIKE 'schedule\\_%' "
        "AND indexname <> 'schedule_pkey'"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    sizes = {"bookings": bookings, "masters": MASTERS, "visits": VISITS_A_DAY, "first": salon.opening(salon.MONDAY)}
    connection.execute(_BOOKINGS, sizes)
    for _, definition in indexes:
        connection.execute(definition.encode())
    connection.execute(f"ALTER TABLE schedule ADD CONSTRAINT schedule_no_overlap {row[0] if row else ''}".encode())
    connection.execute("VACUUM ANALYZE schedule")
    counted = connection.execute("SELECT count(*) FROM schedule").fetchone()
    return counted[0] if counted else 0, time.perf_counter() - started


# A visit begins at the hour of its number in the day, plus one for each of the two gaps it stands behind.
_BOOKINGS = """
INSERT INTO schedule (booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status, origin,
    made_at)
SELECT n + 1, 1, mod(n, 50000) + 1, 100 + master, starts_at, starts_at + interval '1 hour', '{2001}', 250000,
    CASE mod(n, 10) WHEN 7 THEN 'cancelled' ELSE 'booked' END, 'bot', starts_at - interval '3 days'
FROM (
    SELECT n, master, %(first)s::timestamptz + day * interval '1 day' + (
        visit + (visit >= mod(day + master, 5))::int + (visit >= 5 + mod(day + master, 5))::int
    ) * interval '1 hour' AS starts_at
    FROM (
        SELECT n, mod(n, %(masters)s) AS master, mod(n / %(masters)s, %(visits)s) AS visit,
            n / %(masters)s / %(visits)s AS day
        FROM generate_series(0, %(bookings)s - 1) AS n
    ) numbered
) placed
"""


def _catalog(days: int) -> Catalog:
    staff_ids = salon.masters(MASTERS)
    facts = salon.catalog(staff_ids, salon.policy(horizon_days=days + 7))
    return Catalog(facts, salon.midnight(salon.MONDAY), {staff_id: salon.shifts(staff_id) for staff_id in staff_ids})
