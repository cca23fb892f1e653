"""Who was erased, in a file outside the database: a backup that is restored brings their keys back, this does not.

A line is a JSON object: which ledger (its random genesis), the client's number, when, and at which position of the log.
Nothing personal is in it. Lines are only ever added, and are on the disk before the key they are about is destroyed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from ledger.postgres import Database
from ledger.values import ClientId


class Line(msgspec.Struct, frozen=True):
    """One erasure. The position is of no use in a database that went back to before it."""

    ledger: str
    client_id: ClientId
    erased_at: datetime
    position: int


@dataclass(frozen=True)
class Register:
    """The erased of one ledger, the last line about each; `unreadable` lines were torn by a crash or altered."""

    lines: Mapping[ClientId, Line]
    unreadable: int = 0


class ErasedRegister:
    """The file, and which ledger's lines are ours: several may share it."""

    def __init__(self, path: Path, ledger: str) -> None:
        self.path, self.ledger = path, ledger

    def note(self, client_id: ClientId, erased_at: datetime, position: int) -> None:
        """Adds a line and waits until it is on the disk. Raises OSError."""
        line = msgspec.json.encode(Line(self.ledger, client_id, erased_at, position)) + b"\n"
        is_new = not self.path.exists()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            # What a crash tore off must not swallow the next line.
            is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" + line if is_torn else line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_directory(self.path.parent)

    def read(self) -> Register:
        """What the file says of this ledger; nothing when there is none. Raises OSError."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return Register({})
        lines: dict[ClientId, Line] = {}
        unreadable = 0
        for text in raw.splitlines():
            try:
                line = msgspec.json.decode(text, type=Line)
            except msgspec.DecodeError:
                unreadable += 1
                continue
            if line.ledger == self.ledger:
                lines[line.client_id] = line
        return Register(lines, unreadable)


def ledger_id(database: Database) -> str:
    """The ledger's own random number, the genesis of its chain: a restored database has the same."""
    with database.transaction() as connection:
        row = connection.execute("SELECT genesis FROM ledger").fetchone()
    return bytes(row[0]).hex() if row else ""


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
