"""A statement without a cursor: what goes in comes out, and no connection is believed to know it still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from psycopg import Rollback

from ledger.postgres import Connection
from ledger.statements import Statement, array, bigint, instant
from tests.store import Salon, kill_sessions

TEXTS = [
    [],
    [""],
    ["a"],
    ["a", None, "NULL", "null"],
    ['"', "\\", '\\"', "'", "{}", "{,}", ",", " ", "\n\t"],
    ["Ключ", "🪮", "e\u0301"],
    [array(["a", array(['"'])]), array([])],
]


@pytest.fixture
def connection(salon: Salon) -> Iterator[Connection]:
    with salon.database.connection() as one:
        yield one


@pytest.mark.parametrize("texts", TEXTS, ids=repr)
def test_an_array_is_read_as_it_was_written(connection: Connection, texts: list[str | None]) -> None:
    row = connection.execute("SELECT %s::text::text[]", (array(texts),)).fetchone()

    assert row == (texts,)


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_a_number_comes_out_as_it_went_in(connection: Connection, number: int) -> None:
    result = Statement("number", b"SELECT $1::bigint, NULL").run(connection, [str(number).encode()])

    value = result.get_value(0, 0)
    assert value is not None
    assert bigint(value) == number
    assert result.get_value(0, 1) is None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2030, 1, 7, 10, 0, 0, 1, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=3))),
    ],
)
def test_an_instant_comes_out_to_the_microsecond(connection: Connection, moment: datetime) -> None:
    result = Statement("instant", b"SELECT $1::timestamptz").run(connection, [moment.isoformat().encode()])

    value = result.get_value(0, 0)
    assert value is not None
    assert instant(value) == moment


def test_it_is_prepared_once_a_connection_and_anew_where_it_was_forgotten(connection: Connection) -> None:
    statement = Statement("kept", b"SELECT $1::int")

    def names() -> list[str]:
        return [row[0] for row in connection.execute("SELECT name FROM pg_prepared_statements WHERE name ~ '^kept_'")]

    statement.run(connection, [b"1"])
    statement.run(connection, [b"2"])
    assert len(names()) == 1

    connection.execute("DEALLOCATE ALL")
    assert names() == []
    assert statement.run(connection, [b"3"]).ntuples == 1
    assert len(names()) == 1


def test_two_made_alike_share_a_connection(connection: Connection) -> None:
    one, other = Statement("alike", b"SELECT $1::int"), Statement("alike", b"SELECT $1::int, 1")

    assert [one.run(connection, [b"1"]).nfields, other.run(connection, [b"1"]).nfields] == [1, 2]
    assert [one.run(connection, [b"1"]).nfields, other.run(connection, [b"1"]).nfields] == [1, 2]


def test_a_transaction_does_not_depend_on_what_the_connection_remembers(salon: Salon) -> None:
    statement = Statement("inside", b"SELECT $1::int")
    with salon.database.connection() as connection:
        statement.run(connection, [b"1"])
        connection.execute("DEALLOCATE ALL")
        connection.execute("BEGIN")
        assert statement.run(connection, [b"2"]).ntuples == 1
        connection.execute("COMMIT")


def test_the_servers_error_is_the_one_psycopg_has_for_it(salon: Salon) -> None:
    statement = Statement("wrong", b"SELECT 1 / $1::int")

    with salon.database.connection() as connection, pytest.raises(psycopg.errors.DivisionByZero, match="by zero"):
        statement.run(connection, [b"0"])
    with salon.database.transaction() as connection:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            statement.run(connection, [b"x"])
        raise Rollback
    with salon.database.connection() as connection:
        assert statement.run(connection, [b"1"]).ntuples == 1


def test_a_connection_that_died_is_said_and_not_used_again(salon: Salon) -> None:
    statement = Statement("lost", b"SELECT $1::int")

    def is_cut_off() -> None:
        with salon.database.connection() as connection:
            statement.run(connection, [b"1"])
            kill_sessions(salon.database)
            statement.run(connection, [b"2"])

    with pytest.raises(psycopg.OperationalError):
        is_cut_off()
    with salon.database.connection() as connection:
        assert statement.run(connection, [b"3"]).ntuples == 1
