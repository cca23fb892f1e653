"""Schemas: brought up to date once, refused when newer, apart from each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import ledger
from ledger import events as e
from ledger.append_statement import NewEvent
from ledger.errors import MalformedValueError, SchemaVersionError
from ledger.postgres import Database, check_migrated, explain_connection, migrate
from ledger.recorder import PostgresRecorder
from projections.projector import check_installed, install
from projections.schedule import Schedule
from tests.builders import BOOKING, DARIA, OTHER_BOOKING, held, history, made, slot
from tests.store import Salon, read_models, salon_at

PROJECT = Path(ledger.__file__).parents[1]
MIGRATIONS = sorted(file.name for file in PROJECT.joinpath("ledger/sql").glob("*.sql"))
MIGRATE = """
import sys
from ledger.postgres import Database, migrate
with Database(sys.argv[1], sys.argv[2]) as database:
    sys.stdin.readline()
    print(migrate(database))
"""


def test_a_second_migration_does_nothing(database_url: str, schema: str) -> None:
    with Database(database_url, schema) as database:
        with pytest.raises(SchemaVersionError, match="zapisnik migrate"):
            check_migrated(database)

        assert migrate(database) == MIGRATIONS
        assert migrate(database) == []
        check_migrated(database)


def test_every_migration_has_a_number_of_its_own() -> None:
    assert [name[:4] for name in MIGRATIONS] == [f"{n:04}" for n in range(1, len(MIGRATIONS) + 1)]


def test_two_processes_that_migrate_at_once_do_it_once(database_url: str, schema: str) -> None:
    command = [sys.executable, "-c", MIGRATE, database_url, schema]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()

    said = sorted(child.communicate(timeout=60)[0].strip() for child in children)

    assert said == [str(MIGRATIONS), "[]"]
    assert [child.returncode for child in children] == [0, 0]


def test_a_schema_of_a_newer_program_is_refused(salon: Salon) -> None:
    with salon.database.transaction() as connection:
        connection.execute("INSERT INTO migrations (number, name) VALUES (9999, '9999_future.sql')")

    with pytest.raises(SchemaVersionError, match=r"migration 9999.*upgrade the program"):
        migrate(salon.database)
    with pytest.raises(SchemaVersionError):
        check_migrated(salon.database)


@pytest.mark.parametrize(
    "name", ["", "Salon", "1salon", "a-b", "a b", "салон", "a" * 49, 'x"; DROP', "x\n", "a.b", "pg_salon"]
)
def test_a_schema_name_that_is_no_plain_identifier_is_refused(name: str) -> None:
    with pytest.raises(MalformedValueError, match="ZAPISNIK_SCHEMA"):
        Database("postgresql://unused", name)


def test_two_salons_on_one_server_know_nothing_of_each_other(salon: Salon, database_url: str, schema: str) -> None:
    with salon_at(database_url, f"{schema}_b") as other:
        try:
            other.open()
            salon.book()

            assert "booking_made" not in other.types()
            assert salon.rows("SELECT genesis FROM ledger") != other.rows("SELECT genesis FROM ledger")
            assert other.hold().repeated is False
        finally:
            drop(other)


def test_dropping_one_salon_leaves_the_others_guard_alive(salon: Salon, database_url: str, schema: str) -> None:
    with salon_at(database_url, f"{schema}_b") as other:
        other.open()
        drop(other)

    with pytest.raises(psycopg.errors.ExclusionViolation):
        apply(salon, made(), made(slot("10:30"), booking_id=OTHER_BOOKING, client_id=DARIA))
    apply(salon, made(), made(slot("11:00"), booking_id=OTHER_BOOKING, client_id=DARIA))


def apply(salon: Salon, *events: e.AnyEvent) -> None:
    """Straight into the read model, past the log and every rule."""
    with salon.database.transaction() as connection:
        Schedule().apply(connection, history(*events))


def drop(salon: Salon) -> None:
    with salon.database.transaction() as connection:
        connection.execute(f"DROP SCHEMA {salon.database.schema} CASCADE".encode())


def test_btree_gist_stands_in_public_even_when_the_schema_was_there_first(database_url: str, schema: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {schema} TEMPLATE template0".encode())
        try:
            with Database(make_conninfo(database_url, dbname=schema), schema) as database:
                with database.transaction() as connection:
                    connection.execute(f"CREATE SCHEMA {schema}".encode())
                migrate(database)
                with database.transaction() as connection:
                    found = connection.execute(
                        """SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                           WHERE extname = 'btree_gist'"""
                    ).fetchall()
        finally:
            administrator.execute(f"DROP DATABASE {schema} WITH (FORCE)".encode())

    assert found == [("public",)]


def test_installing_on_an_existing_log_folds_the_inline_model_first(database_url: str, schema: str) -> None:
    with salon_at(database_url, schema) as salon:
        migrate(salon.database)
        with salon.database.transaction() as connection:
            salon.append_past_the_rules(connection, held(), made(), held(slot("12:00"), booking_id=OTHER_BOOKING))

        install(salon.recorder, read_models())

        rows = salon.rows("SELECT booking_id, status FROM schedule ORDER BY booking_id")
        assert rows == [(BOOKING, "booked"), (OTHER_BOOKING, "held")]
        install(salon.recorder, read_models())  # a second time changes nothing
        assert salon.rows("SELECT booking_id, status FROM schedule ORDER BY booking_id") == rows


def test_a_read_model_at_an_older_version_is_given_back_for_a_rebuild(salon: Salon) -> None:
    later = Schedule()
    later.version = 99

    assert install(salon.recorder, [later]) == [later]
    assert salon.rows("SELECT version FROM projections WHERE name = 'schedule'") == [(Schedule.version,)]
    with pytest.raises(SchemaVersionError, match=f"schedule stands at version {Schedule.version}.*`zapisnik migrate`"):
        check_installed(salon.database, [later])


def test_a_read_model_of_a_newer_program_is_refused_with_the_remedy(salon: Salon) -> None:
    with salon.database.transaction() as connection:
        connection.execute("UPDATE projections SET version = 99 WHERE name = 'schedule'")

    for check in (
        lambda: install(salon.recorder, read_models()),
        lambda: check_installed(salon.database, [Schedule()]),
    ):
        with pytest.raises(SchemaVersionError, match=r"schedule stands at version 99.*start that one"):
            check()


def test_a_server_that_does_not_answer_is_explained_without_its_password() -> None:
    said = explain_connection("postgresql://someone:s3cret@127.0.0.1:1/nowhere")

    assert said is not None
    assert "s3cret" not in said


def test_a_server_that_answers_needs_no_explanation(database_url: str) -> None:
    assert explain_connection(database_url) is None


def test_a_server_whose_transactions_see_one_snapshot_is_explained_before_the_first_append(database_url: str) -> None:
    url = make_conninfo(database_url, options="-c default_transaction_isolation=serializable")

    said = explain_connection(url)

    assert said is not None
    assert "begins transactions as serializable" in said
    assert "default_transaction_isolation = 'read committed'" in said


def test_an_append_in_any_other_isolation_stores_nothing(salon: Salon) -> None:
    before = salon.types()
    url = make_conninfo(salon.database.url, options="-c default_transaction_isolation=repeatable\\ read")
    with Database(url, salon.database.schema) as database:
        recorder = PostgresRecorder(database)
        with pytest.raises(psycopg.errors.InvalidTransactionState, match=r"READ COMMITTED.*repeatable read"):
            recorder.append_if_unchanged([NewEvent("a", [], "{}")], [], 0)
        recorder.close()

    assert salon.types() == before
