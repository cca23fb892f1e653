"""Rotating the master key: by the setting, which an operator changes, or by the embedded server's file, which we do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.errors import UsageError
from console.key_file import alone_with, key_file, write_keys
from ledger.errors import SealError
from ledger.key_rotation import Rotation, rotate, rows_by_key
from ledger.master_keys import MasterKeys, new_master_key
from ledger.postgres import Database

At = Callable[[str], None]


@dataclass(frozen=True)
class Rotated:
    """What became of each ledger, by its schema; key ids that were taken out of the file, and that stay in it."""

    ledgers: dict[str, Rotation]
    dropped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def rotate_setting(database: Database, texts: str, at: At = lambda _: None) -> Rotated:
    """Wraps everything under the setting's first key. Raises UsageError for a row under a key that is not there."""
    keys = MasterKeys.parse(texts)
    return Rotated({database.schema: _rotate(database, keys, at)}, kept=keys.ids[1:])


def rotate_file(database: Database, path: Path, *, keep_old: bool = False, at: At = lambda _: None) -> Rotated:
    """Makes a key, puts it before the old one in the file, wraps everything anew, takes the old one out.

    One that was begun and killed is finished instead. All ledgers of this server are sealed by this file, so all are
    done: an old key goes only when no row of any is under it. `at` is told each step. Raises UsageError.
    """
    with alone_with(path), _ledgers(database) as ledgers:
        texts = key_file(path).split()
        is_begun = any(_old_rows(one, texts) for one in ledgers) or (len(texts) > 1 and not keep_old)
        if not is_begun:
            texts = [new_master_key(), *texts]
            write_keys(path, texts)
            at("written")
        keys = MasterKeys.parse("\n".join(texts))
        done = {one.schema: _rotate(one, keys, at) for one in ledgers if _is_ours(one, keys)}
        at("rewrapped")
        if keep_old or any(rotation.damaged for rotation in done.values()):
            return Rotated(done, kept=keys.ids[1:])
        write_keys(path, texts[:1])
        at("dropped")
        return Rotated(done, dropped=keys.ids[1:])


def _rotate(database: Database, keys: MasterKeys, at: At) -> Rotation:
    try:
        return rotate(database, keys, at)
    except SealError as error:
        raise UsageError(f"{database.schema}: {error}") from error


def _old_rows(database: Database, texts: list[str]) -> bool:
    """Whether a row is under one of the file's older keys."""
    older = MasterKeys.parse("\n".join(texts)).ids[1:]
    return any(key_id in older for key_id in rows_by_key(database))


def _is_ours(database: Database, keys: MasterKeys) -> bool:
    """Whether a ledger is sealed by the file at all; another may have been given its keys by the setting."""
    return any(key_id in keys.ids for key_id in rows_by_key(database))


@contextmanager
def _ledgers(database: Database) -> Iterator[list[Database]]:
    """This ledger, and every other of this server."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = 'client_keys' AND c.relkind = 'r' ORDER BY n.nspname"""
        ).fetchall()
    schemas = [row[0] for row in rows if re.fullmatch(r"[a-z_][a-z0-9_]{0,47}", row[0])]
    others = [Database(database.url, schema, max_connections=1) for schema in schemas if schema != database.schema]
    try:
        yield [database, *others]
    finally:
        for other in others:
            other.close()
