"""A log like that of `bench.logs`, but a sound one: with its real digests, hashes and tag rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from psycopg import sql

from bench.logs import story
from bench.salon import MONDAY, midnight
from ledger import events as e
from ledger.codec import encode, stored_name
from ledger.integrity import chain_hash, event_digest
from ledger.postgres import Connection, Database, migrate
from ledger.tags import command_tag, tags_of
from ledger.values import Actor

_AT = midnight(MONDAY)


def lay_down(database: Database, events: int) -> None:
    """Makes an empty ledger's log that long. By COPY, past `append_events`, but as that would have stored it."""
    migrate(database)
    with database.transaction() as connection:
        row = connection.execute("SELECT genesis FROM ledger").fetchone()
        _copy_events(connection, bytes(row[0]) if row else b"", events)
        # From the events themselves: the key's index grows faster when it is filled in its own order.
        connection.execute(
            """INSERT INTO event_tags SELECT DISTINCT tag, position FROM events, unnest(tags) AS t (tag)
               ORDER BY tag, position"""
        )
    with database.connect() as connection:
        for table in ("events", "event_tags"):
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(database.schema, table)))


def _copy_events(connection: Connection, genesis: bytes, events: int) -> None:
    previous = genesis
    columns = "position, recorded_at, type, tags, data, digest, hash"
    with connection.cursor() as cursor, cursor.copy(f"COPY events ({columns}) FROM STDIN") as copy:
        for position, (one, cause) in enumerate(islice(_commands(), events), 1):
            data = encode(one, by=Actor("client", str(one.client_id)), at=_AT, cause=cause).decode()
            at = _AT + position * _AT.resolution
            type_, tags = stored_name(type(one)), [*tags_of(one), command_tag(cause)]
            digest = event_digest(type_, tags, data)
            previous = chain_hash(previous, position, at, digest)
            copy.write_row((position, at, type_, tags, data, digest, previous))


def _commands() -> Iterator[tuple[e.SlotHeld | e.BookingMade | e.BookingCancelled, str]]:
    for number, one in enumerate(story(), 1):
        yield one, f"tg:1234567890:{number}:{one.booking_id}"
