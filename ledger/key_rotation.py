"""Another master key for the same clients' keys: every row is wrapped anew, no event is touched, nobody has to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.errors import SealError
from ledger.master_keys import SETTING, MasterKey, MasterKeys
from ledger.postgres import Connection, Database
from ledger.privacy import HOUSE
from ledger.values import ClientId

BATCH = 200
"""Rows wrapped anew in one transaction: each is locked for a moment only."""


@dataclass(frozen=True)
class Rotation:
    """How many rows were wrapped anew under `key_id`, and whose rows no key opens, because somebody altered them."""

    key_id: str
    rewrapped: int
    damaged: tuple[ClientId, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """How many rows are under each master key, by its id; whose rows do not open although their key is there."""

    in_force: str | None
    rows: dict[str, int]
    missing: tuple[str, ...]
    damaged: tuple[ClientId, ...]


def rows_by_key(database: Database) -> dict[str, int]:
    """How many clients' keys, the house's among them, are under each master key."""
    with database.transaction() as connection:
        rows = connection.execute("SELECT key_id, count(*) FROM client_keys GROUP BY key_id ORDER BY key_id").fetchall()
    return dict(rows)


def inspect(database: Database, keys: MasterKeys) -> Inspection:
    """Tries these keys on every row; nothing is changed."""
    damaged: list[ClientId] = []
    after = -1
    while True:
        with database.transaction() as connection:
            rows = connection.execute(
                "SELECT client_id, key_id, wrapped FROM client_keys WHERE client_id > %s ORDER BY client_id LIMIT 1000",
                (after,),
            ).fetchall()
        if not rows:
            break
        after = rows[-1][0]
        damaged += [row[0] for row in rows if (key := keys.find(row[1])) and not _opens(key, row[0], bytes(row[2]))]
    with database.transaction() as connection:
        house = connection.execute("SELECT key_id FROM client_keys WHERE client_id = %s", (HOUSE,)).fetchone()
    found = rows_by_key(database)
    missing = tuple(key_id for key_id in found if keys.find(key_id) is None)
    return Inspection(house[0] if house else None, found, missing, tuple(damaged))


def rotate(database: Database, keys: MasterKeys, at: Callable[[str], None] = lambda _: None) -> Rotation:
    """Wraps every row that is not under the first of these keys under it; may be killed and begun again at any point.

    The house's row goes first, and decides what new clients' keys are wrapped under from then on. Each transaction is
    short. `at` is told every step that was committed. Raises SealError, before anything is changed, when some row is
    under a key that is not among these; and when another rotation, to another key, has taken over.
    """
    for key_id in rows_by_key(database):
        keys.named(key_id)
    rewrapped = _rewrap_house(database, keys)
    at("house")
    damaged: list[ClientId] = []
    while batch := _rewrap_some(database, keys, damaged):
        rewrapped += batch
        at("batch")
    return Rotation(keys.first.key_id, rewrapped, tuple(damaged))


def _rewrap_house(database: Database, keys: MasterKeys) -> int:
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT key_id, wrapped FROM client_keys WHERE client_id = %s FOR UPDATE", (HOUSE,)
        ).fetchone()
        if row is None or row[0] == keys.first.key_id:
            return 0
        key = keys.named(row[0]).unwrap(HOUSE, bytes(row[1]))
        _put(connection, HOUSE, keys.first, key)
        return 1


def _rewrap_some(database: Database, keys: MasterKeys, damaged: list[ClientId]) -> int:
    """One batch; 0 when none is left. Rows of clients that are being erased are simply gone by then."""
    with database.transaction() as connection:
        house = connection.execute("SELECT key_id FROM client_keys WHERE client_id = %s FOR SHARE", (HOUSE,)).fetchone()
        if house is not None and house[0] != keys.first.key_id:
            raise SealError(
                f"another rotation, to key {house[0]}, has taken over: let it finish, then put that key first in "
                f"{SETTING}"
            )
        rows = connection.execute(
            """SELECT client_id, key_id, wrapped FROM client_keys WHERE key_id <> %s AND client_id <> ALL (%s)
               ORDER BY client_id LIMIT %s FOR UPDATE""",
            (keys.first.key_id, damaged, BATCH),
        ).fetchall()
        done = 0
        for client_id, key_id, wrapped in rows:
            try:
                key = keys.named(key_id).unwrap(client_id, bytes(wrapped))
            except SealError:
                if keys.find(key_id) is None:
                    raise
                damaged.append(client_id)
            else:
                _put(connection, client_id, keys.first, key)
                done += 1
    return done or (_rewrap_some(database, keys, damaged) if rows else 0)


def _put(connection: Connection, client_id: ClientId, master: MasterKey, key: bytes) -> None:
    connection.execute(
        "UPDATE client_keys SET key_id = %s, wrapped = %s WHERE client_id = %s",
        (master.key_id, master.wrap(client_id, key), client_id),
    )


def _opens(key: MasterKey, client_id: ClientId, wrapped: bytes) -> bool:
    try:
        key.unwrap(client_id, wrapped)
    except SealError:
        return False
    return True
