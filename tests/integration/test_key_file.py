"""The embedded server's key file: rotated as a whole, whatever happens in between, for every ledger it seals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql

from console.errors import UsageError
from console.key_file import alone_with, key_file
from console.rotation import rotate_file
from ledger.key_rotation import rows_by_key
from ledger.master_keys import MasterKeys, new_master_key
from ledger.postgres import Database, migrate
from ledger.privacy import Vault


class KilledError(BaseException):
    """As if by SIGKILL."""


@contextmanager
def ledger_at(url: str) -> Iterator[Database]:
    name = f"test_{token_hex(6)}"
    with Database(url, name) as database:
        migrate(database)
        yield database
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


@pytest.fixture
def ledger(embedded_url: str) -> Iterator[Database]:
    with ledger_at(embedded_url) as database:
        yield database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


def running(ledger: Database, path: Path) -> Vault:
    """A program that has been running since before."""
    vault = Vault(ledger, lambda: key_file(path))
    for number in range(3):
        vault.client_for("telegram", str(number))
    return vault


def killed(step: str) -> Callable[[str], None]:
    def at(reached: str) -> None:
        if reached == step:
            raise KilledError

    return at


def test_the_file_ends_with_the_new_key_alone_and_programs_go_on(ledger: Database, path: Path) -> None:
    vault = running(ledger, path)
    old = MasterKeys.parse(key_file(path)).first.key_id

    done = rotate_file(ledger, path)

    new = MasterKeys.parse(key_file(path)).ids
    assert (done.dropped, done.kept) == ((old,), ())
    assert len(new) == 1
    assert new[0] != old
    assert rows_by_key(ledger) == {new[0]: 4}
    assert path.stat().st_mode & 0o777 == 0o600
    assert vault.find("telegram", "1") is not None
    assert vault.client_for("telegram", "later") == vault.find("telegram", "later")


@pytest.mark.parametrize("step", ["written", "house", "batch", "rewrapped", "dropped"])
def test_killed_at_any_step_it_is_finished_by_the_next_and_nothing_is_lost(
    ledger: Database, path: Path, step: str
) -> None:
    vault = running(ledger, path)

    with pytest.raises(KilledError):
        rotate_file(ledger, path, at=killed(step))

    between = key_file(path).split()
    assert set(rows_by_key(ledger)) <= set(MasterKeys.parse(key_file(path)).ids)
    assert vault.client_for("telegram", "meanwhile") == vault.find("telegram", "meanwhile")
    rotate_file(ledger, path)
    after = key_file(path).split()
    assert len(after) == 1
    assert step == "dropped" or after == between[:1], "it makes no further key, but finishes with the one it made"
    assert rows_by_key(ledger) == {MasterKeys.parse(after[0]).first.key_id: 5}
    assert Vault(ledger, after[0]).find("telegram", "meanwhile") is not None


def test_every_ledger_of_the_server_that_the_file_seals_is_rotated(
    ledger: Database, embedded_url: str, path: Path
) -> None:
    with ledger_at(embedded_url) as trial, ledger_at(embedded_url) as foreign:
        running(ledger, path)
        running(trial, path)
        strange = new_master_key()
        Vault(foreign, strange).client_for("telegram", "1")

        done = rotate_file(ledger, path)

        assert set(done.ledgers) == {ledger.schema, trial.schema}
        assert Vault(trial, key_file(path)).find("telegram", "1") is not None
        assert Vault(foreign, strange).find("telegram", "1") is not None


def test_the_old_key_stays_where_older_backups_are_to_open(ledger: Database, path: Path) -> None:
    running(ledger, path)
    old = key_file(path)

    first, second = rotate_file(ledger, path, keep_old=True), rotate_file(ledger, path, keep_old=True)

    assert len(first.kept) == 1
    assert len(second.kept) == 2
    assert key_file(path).split()[-1] == old


def test_two_rotations_of_one_file_are_never_at_work_at_once(ledger: Database, path: Path) -> None:
    running(ledger, path)
    before = key_file(path)

    with alone_with(path), pytest.raises(UsageError, match="another `zapisnik keys rotate`"):
        rotate_file(ledger, path)

    assert key_file(path) == before
