"""A read model's tables by their names: which they are, and how others take their place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psycopg import sql

from ledger.postgres import Connection
from projections.projector import Projection


def tables_of(projection: Projection) -> list[str]:
    """The tables it consists of, by the SQL that creates them: a list of its own could fall behind."""
    return re.findall(r"CREATE TABLE (\w+)", projection.tables)


def existing(connection: Connection, schema: str, tables: Sequence[str]) -> list[str]:
    """Those that are there in this very schema: a name alone might be found further down the search path."""
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename = ANY (%s)", (schema, list(tables))
    )
    return [name for (name,) in rows]


def listed(schema: str, tables: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)


def drop(connection: Connection, schema: str, tables: Sequence[str]) -> None:
    """Drops those that are there."""
    if found := existing(connection, schema, tables):
        connection.execute(sql.SQL("DROP TABLE {}").format(listed(schema, found)))


def lock(connection: Connection, schema: str, tables: Sequence[str]) -> None:
    """Keeps everybody else away from those that are there. Raises LockNotAvailable after the lock_timeout."""
    if found := existing(connection, schema, tables):
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(listed(schema, found)))


def put_in_place(connection: Connection, schema: str, tables: Sequence[str], suffix: str) -> None:
    """Drops these tables and gives their names to those with the suffix.

    Raises LockNotAvailable when they are in use for longer than the transaction's lock_timeout, and
    DependentObjectsStillExist when something foreign, a view perhaps, was built on them.
    """
    lock(connection, schema, tables)
    drop(connection, schema, tables)
    for table in tables:
        _rename(connection, table + suffix, table)


def _rename(connection: Connection, old: str, new: str) -> None:
    """Renames a table and what is named after it: its indexes and constraints."""
    named_after = connection.execute(
        """SELECT 'ALTER INDEX {old} RENAME TO {new}', c.relname
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           WHERE i.indrelid = %(table)s::text::regclass AND starts_with(c.relname, %(table)s)
           UNION ALL
           SELECT 'ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}', conname
           FROM pg_constraint -- those with an index were renamed with it
           WHERE conrelid = %(table)s::text::regclass AND conindid = 0 AND starts_with(conname, %(table)s)""",
        {"table": old},
    ).fetchall()
    with connection.pipeline():
        for statement, name in [*named_after, ("ALTER TABLE {old} RENAME TO {new}", old)]:
            names = {"table": old, "old": name, "new": new + name.removeprefix(old)}
            identifiers = {word: sql.Identifier(text) for word, text in names.items()}
            connection.execute(sql.SQL(statement).format(**identifiers))
