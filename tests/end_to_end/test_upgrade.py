"""A ledger made by the release before moves, brought up by `zapisnik migrate` with all its bookings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.privacy import new_master_key
from ledger.values import BookingId
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    MARIA,
    OLGA,
    OTHER_BOOKING,
    cancelled,
    catalog,
    held,
    made,
    shifts,
    slot,
)
from tests.shell import ROOT, Shell, refused
from tests.store import Salon, salon_at

ROWS = """
INSERT INTO schedule (booking_id, version, client_id, staff_id, starts_at, ends_at, service_ids, price, status, origin)
VALUES (501, 1, 1001, 7, '2030-01-07 10:00+03', '2030-01-07 11:00+03', '{1}', 150000, 'booked', 'bot'),
       (502, 2, 1002, 7, '2030-01-07 12:00+03', '2030-01-07 13:00+03', '{1}', 150000, 'cancelled', 'bot');
INSERT INTO projections (name, version, mode) VALUES
    ('schedule', 1, 'inline'), ('catalog', 1, 'following'), ('backlog', 1, 'following');
INSERT INTO migrations (number, name) VALUES (1, '0001_ledger.sql');
"""


@pytest.fixture
def old(database_url: str, schema: str) -> Iterator[Salon]:
    """By that release's own SQL: a booking, a cancelled one, a read model that is behind."""
    with salon_at(database_url, schema) as salon:
        with salon.database.transaction() as connection:
            connection.execute(f"CREATE SCHEMA {schema}".encode())
            connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
            connection.execute(
                """CREATE TABLE migrations (number int PRIMARY KEY, name text NOT NULL,
                       applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"""
            )
            for file in ("ledger/sql/0001_ledger.sql", "tests/golden/read_models_1.sql"):
                connection.execute((ROOT / file).read_bytes())
            connection.execute(ROWS.encode())
            second = slot("12:00")
            salon.append_past_the_rules(
                connection,
                catalog(),
                shifts(ANNA),
                shifts(OLGA),
                held(),
                made(),
                held(second, booking_id=OTHER_BOOKING, client_id=DARIA),
                made(second, booking_id=OTHER_BOOKING, client_id=DARIA),
                cancelled(second, booking_id=OTHER_BOOKING, client_id=DARIA),
            )
        yield salon


def test_migrate_brings_up_a_ledger_of_the_former_release(old: Salon, database_url: str, schema: str) -> None:
    shell = Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=new_master_key())
    refused(shell.run("status"), "zapisnik migrate")

    migrated = shell.run("migrate")

    assert migrated.returncode == 0, migrated.stderr
    assert "schedule: version 3 is live, folded from 8 events" in migrated.stdout
    assert "backlog: version 3 is live, folded from 8 events" in migrated.stdout
    assert "catalog" not in migrated.stdout  # it stands where it should
    assert shell.run("rebuild", "--all", "--check").returncode == 0
    replay = shell.json("audit", "replay")
    assert {one["booking_id"]: one["status"] for one in replay["bookings"]} == {501: "booked", 502: "cancelled"}
    again = shell.run("migrate")
    assert "is live" not in again.stdout
    assert again.returncode == 0
    with old.database.transaction() as connection:  # as a program would find it whose schema alone was brought up
        connection.execute("UPDATE projections SET version = 1 WHERE name = 'schedule'")
    refused(shell.run("status"), "schedule stands at version 1", "`zapisnik migrate`")
    assert "version 3 is live" in shell.run("rebuild", "schedule").stdout
    old.hold(slot("18:00"), BookingId(9), MARIA)
    assert old.rows("SELECT status FROM schedule WHERE booking_id IN (9, %s) ORDER BY 1", BOOKING) == [
        ("booked",),
        ("held",),
    ]
