"""A salon's schema on a PostgreSQL server: short transactions from a pool, and the numbered migrations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import psycopg
from psycopg import Rollback, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from ledger.errors import MalformedValueError, SchemaVersionError, StoreUnavailableError

Connection = psycopg.Connection[TupleRow]

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")


class Database:
    """The only way to the store. No session state: each transaction names the schema anew.

    `url` is a libpq URL; `schema` must be a plain lower-case identifier, since it also names a channel.
    Raises MalformedValueError for a schema name that is not.
    """

    def __init__(
        self, url: str, schema: str = "zapisnik", *, max_connections: int = 10, wait_seconds: float = 10
    ) -> None:
        if not re.fullmatch(r"(?!pg_)[a-z_][a-z0-9_]{0,47}", schema):
            raise MalformedValueError("ZAPISNIK_SCHEMA", "lower-case letters, digits, _; at most 48, no pg_ in front")
        self.url, self.schema = url, schema
        self.channel = f"{schema}_events"
        # Shown in pg_stat_activity; a name in the URL wins.
        self._name = conninfo_to_dict(url).get("application_name") or f"zapisnik {schema}"
        self._wait_seconds = wait_seconds
        # Without parameters both go to the server as one message.
        begin = sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = {}, public")
        self._begin = begin.format(sql.Identifier(schema)).as_bytes()
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=max_connections,
            timeout=wait_seconds,
            max_idle=60,
            open=False,
            name=f"zapisnik-{schema}",
            kwargs={"connect_timeout": 5, "autocommit": True, "application_name": self._name},
        )

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One from the pool, outside of any transaction: what is executed commits by itself, and must name the schema.

        Raises StoreUnavailableError when none can be had; errors of the server itself pass through.
        """
        try:
            self._pool.open()
            connection = self._pool.getconn()
        except PoolTimeout as error:
            raise StoreUnavailableError(
                f"the database did not give a connection within {self._wait_seconds:g} seconds"
            ) from error
        try:
            yield connection
        except psycopg.errors.ReadOnlySqlTransaction:
            connection.close()  # the server is a primary no more: a new connection may find the one that is
            raise
        except psycopg.OperationalError:
            if connection.broken:
                # Its neighbours in the pool died with it: forget them too, so that a retry gets a live one.
                self._pool.check()
            raise
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One READ COMMITTED transaction in this schema; commits at the end, rolls back on any exception.

        psycopg's Rollback ends it without being raised further. Raises as `connection` does.
        """
        with self.connection() as connection:
            connection.execute(self._begin)
            try:
                yield connection
            except Rollback:
                connection.rollback()
            except BaseException:
                if not connection.broken:
                    connection.rollback()
                raise
            else:
                connection.commit()

    def connect(self) -> Connection:
        """A connection of one's own in autocommit, for listening; the caller closes it."""
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5, application_name=self._name)

    def close(self) -> None:
        self._pool.close()


def explain_connection(url: str) -> str | None:
    """Tries the server once: None when it is of use, else why not in one line, without the password."""
    try:
        password = str(conninfo_to_dict(url).get("password") or "")
    except psycopg.ProgrammingError:
        # libpq would repeat the text it cannot read, password and all.
        return "it is not an address like postgresql://user:password@host:5432/database"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute("SHOW default_transaction_isolation").fetchone()
    except psycopg.Error as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return first_line.replace(password, "***") if password else first_line
    if row is not None and row[0] != "read committed":
        return (
            f"it begins transactions as {row[0]}, and an append needs read committed: "
            "ALTER DATABASE … SET default_transaction_isolation = 'read committed', or take the option out of the URL"
        )
    return None


def migrate(database: Database) -> list[str]:
    """Brings the schema up to this program's version, forward only, in one transaction; names what it ran.

    Raises SchemaVersionError when the schema was written by a newer program or btree_gist cannot be had.
    """
    with database.transaction() as connection:
        # Migrations of one server wait for each other: creating an extension twice at once fails.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('zapisnik migrations'))")
        _ensure_btree_gist(connection)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(database.schema)))
        connection.execute("""CREATE TABLE IF NOT EXISTS migrations (
            number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())""")
        applied = {row[0] for row in connection.execute("SELECT number FROM migrations")}
        known = _migration_files()
        if newer := applied - known.keys():
            raise SchemaVersionError(
                f"schema {database.schema} has migration {max(newer)}, which this program does not know: "
                "upgrade the program"
            )
        done = []
        for number, (name, text) in sorted(known.items()):
            if number not in applied:
                connection.execute(text.encode())
                connection.execute("INSERT INTO migrations (number, name) VALUES (%s, %s)", (number, name))
                done.append(name)
        return done


def check_migrated(database: Database) -> None:
    """Raises SchemaVersionError unless the schema stands exactly at this program's migrations."""
    with database.transaction() as connection:
        table = connection.execute("SELECT to_regclass(%s)", (f"{database.schema}.migrations",)).fetchone()
        applied: set[Any] = set()
        if table is not None and table[0] is not None:
            applied = {row[0] for row in connection.execute("SELECT number FROM migrations")}
    if applied != _migration_files().keys():
        raise SchemaVersionError(
            f"schema {database.schema} is not at this program's version: run `zapisnik migrate`, or set "
            f"ZAPISNIK_SCHEMA (that of a trial is {database.schema}_try)"
        )


def _ensure_btree_gist(connection: Connection) -> None:
    """One per database, in `public`: in a salon's schema it would vanish with that salon."""
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'").fetchone():
        return
    try:
        connection.execute("CREATE EXTENSION btree_gist SCHEMA public")
    except psycopg.Error as error:
        raise SchemaVersionError(
            "this database lacks the extension btree_gist and this role may not create it; as a superuser run: "
            "CREATE EXTENSION btree_gist SCHEMA public"
        ) from error


def _migration_files() -> dict[int, tuple[str, str]]:
    found = {}
    for file in resources.files("ledger.sql").iterdir():
        if match := _MIGRATION.fullmatch(file.name):
            found[int(match[1])] = (file.name, file.read_text("utf-8"))
    return found
