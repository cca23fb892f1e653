"""A read model folded anew aside and held against the live rows, both ways, while appends go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg import sql

from ledger.postgres import Connection
from ledger.recorder import PostgresRecorder
from ledger.versions import check_versions
from projections.projector import Projection, aside, fold
from projections.rebuild import Progress
from projections.tables import existing, listed, tables_of

SHOWN = 10
"""Differing rows that are named, at most, for each table; all are counted."""


@dataclass(frozen=True)
class Difference:
    """A row that is not as the log says, by its key: only the names of columns are told, a value may be a person's.

    `missing` from the live table (without a key: the whole table), `extra` in it, or `different` in these columns. A
    `shape` is a column or a constraint that the live table lacks or has besides; `columns` then says which.
    """

    table: str
    kind: Literal["missing", "extra", "different", "shape"]
    key: dict[str, Any] = field(default_factory=dict)  # of whatever types the table's primary key is
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """A read model beside what the log says it should be; `count` is that of all differences, not only those named."""

    progress: Progress
    count: int
    differences: list[Difference]

    @property
    def equal(self) -> bool:
        return self.count == 0


def compare(
    recorder: PostgresRecorder, projection: Projection, *, watch: Callable[[Progress], None] = lambda _: None
) -> Comparison:
    """Folds it into temporary tables up to where the live one stands, and compares; changes nothing.

    Raises SchemaVersionError when the live one is of another version, which this program cannot fold.
    """
    began_at, schema, tables = time.monotonic(), recorder.database.schema, tables_of(projection)
    with recorder.database.transaction() as connection:
        live = existing(connection, schema, tables)
    found = [Difference(table, "missing") for table in tables if table not in live]
    count = len(found)
    with aside(recorder.database) as connection:
        if live:
            # Before the first look: tables that a rebuild puts in place later would be empty to this transaction.
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed(schema, live)))
        position = _position(connection, projection)

        def tell(reached: int) -> Progress:
            seconds = time.monotonic() - began_at
            progress = Progress(projection.name, projection.version, reached, position, seconds)
            watch(progress)
            return progress

        connection.execute(projection.tables.encode())
        fold(recorder, projection, connection, up_to=lambda one: one.position <= position, watch=tell)
        for table in live:
            count_here, found_here = _differences(connection, table, sql.Identifier(schema, table))
            count, found = count + count_here, found + found_here
        return Comparison(tell(position), count, found)


def _position(connection: Connection, projection: Projection) -> int:
    """The last event the live rows know of, in the state of the ledger that this transaction sees."""
    row = connection.execute(
        """SELECT version, CASE mode WHEN 'inline' THEN (SELECT coalesce(max(e.position), 0) FROM events e)
                                ELSE position END
           FROM projections WHERE name = %s""",
        (projection.name,),
    ).fetchone()
    check_versions({projection.name: projection.version}, {projection.name: row[0]} if row else {})
    return row[1] if row else 0


def _differences(connection: Connection, table: str, live: sql.Identifier) -> tuple[int, list[Difference]]:
    """How many there are between a live table and its namesake folded aside, and the first of them."""
    built = sql.Identifier("pg_temp", table)
    columns, constraints = _shape(connection, built)
    columns_live, constraints_live = _shape(connection, live)
    if shape := {name for name, _ in columns.items() ^ columns_live.items()}:
        return 1, [Difference(table, "shape", columns=sorted(shape))]
    broken = [Difference(table, "shape", columns=[one]) for one in sorted(constraints ^ constraints_live)]
    key = _key(connection, built)
    # Type json has no equality, and its text is what the model wrote.
    selected = sql.SQL(", ").join(
        sql.SQL("{0}::text AS {0}" if kind == "json" else "{0}").format(sql.Identifier(name))
        for name, kind in columns.items()
    )
    rows = connection.execute(
        sql.SQL(
            """WITH extra AS (SELECT {columns} FROM {live} EXCEPT ALL SELECT {columns} FROM {built}),
                    missing AS (SELECT {columns} FROM {built} EXCEPT ALL SELECT {columns} FROM {live})
               SELECT count(*) OVER (), to_jsonb(extra), to_jsonb(missing)
               FROM extra FULL JOIN missing USING ({key}) ORDER BY {key} LIMIT {shown}"""
        ).format(
            columns=selected, live=live, built=built, key=sql.SQL(", ").join(map(sql.Identifier, key)), shown=SHOWN
        )
    ).fetchall()
    count = rows[0][0] if rows else 0
    return len(broken) + count, broken + [_difference(table, key, columns, *both) for _, *both in rows]


def _difference(
    table: str, key: list[str], columns: Iterable[str], extra: dict[str, Any] | None, missing: dict[str, Any] | None
) -> Difference:
    """Any: JSON of a row, as the live table has it and as the log says."""
    row = extra or missing or {}
    named = {name: row[name] for name in key}
    if extra is None or missing is None:
        return Difference(table, "missing" if extra is None else "extra", named)
    return Difference(table, "different", named, [name for name in columns if extra[name] != missing[name]])


def _shape(connection: Connection, table: sql.Identifier) -> tuple[dict[str, str], set[str]]:
    """A table's columns with their types, and its constraints as SQL, without their names."""
    name = table.as_string(connection)
    columns = connection.execute(
        """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
           WHERE attrelid = %s::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
        (name,),
    ).fetchall()
    constraints = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::text::regclass AND contype <> 'n'",
        (name,),
    ).fetchall()
    return dict(columns), {definition for (definition,) in constraints}


def _key(connection: Connection, table: sql.Identifier) -> list[str]:
    rows = connection.execute(
        """SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
           WHERE i.indrelid = %s::text::regclass AND i.indisprimary ORDER BY a.attnum""",
        (table.as_string(connection),),
    ).fetchall()
    return [name for (name,) in rows]
