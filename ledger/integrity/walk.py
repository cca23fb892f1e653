"""A walk over the log as it is stored, row by row in the wire's own bytes, each held against the one before it.

A row of `COPY ... (FORMAT binary)` is a count of columns, then each column after its length in four bytes, big-endian:
which is how the hash layout joins its fields (`ledger.integrity.layout`). So the bytes that are hashed are cut out of
the row as they came, and nothing is decoded but the numbers; that is what makes a walk fast. An instant comes in
microseconds since 2000, an array of text as its dimensions and then the sized elements.
https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ledger.integrity.layout import VERSION, sized
from ledger.postgres import Database

PAGE = 20_000
"""Events a transaction: a tenth of a second, so that nobody waits for a walk."""
FIRST = -(1 << 63)

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
_HEADER = len(_SIGNATURE) + 8
_TRAILER = b"\xff\xff"
# columns, then each with its length: position, recorded_at, digest, hash; and the length of the type
_HEAD = struct.Struct(">hiqiqi32si32si")
_TYPE = _HEAD.size
_TAGS = struct.Struct(">iii")  # length, dimensions, has nulls; then type of elements, count, lower bound, elements
_FROM_ONE = b"\x00\x00\x00\x01"
_FROM_2000 = 946_684_800_000_000
_MASK = (1 << 64) - 1
_NO_TAGS = sized(bytes(4))
_unsigned = struct.Struct(">Q").pack
_size = struct.Struct(">I").pack

CONTENT = "the content does not match its digest"
HASH = "the hash does not follow from the event before it"
ORDER = "recorded before the event in front of it"
EARLY = "an event stands before position 1"


@dataclass(frozen=True)
class Progress:
    """How far a walk has come: so many events of so many, in so many seconds."""

    events: int
    head: int
    seconds: float

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None while there is none."""
        return (self.head - self.events) / self.events_per_second if self.events else None


Watch = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """Nobody waits."""


def stored_rows(database: Database, after: int, until: int) -> Iterator[bytes]:
    """Rows with these positions as the wire has them, in order; pages of PAGE, each in a transaction of its own."""
    while True:
        page = 0
        with (
            database.transaction() as connection,
            connection.cursor() as cursor,
            cursor.copy(_statement(after, until)) as copy,
        ):
            for data in copy:
                row = bytes(data)
                if row.startswith(_SIGNATURE):  # the server sends it with the first row
                    row = row[_HEADER:]
                if row and row != _TRAILER:
                    page += 1
                    after = position_of(row)
                    yield row
        if page < PAGE:
            return


def _statement(after: int, until: int) -> str:
    return f"""COPY (SELECT position, recorded_at, digest, hash, type, tags, data FROM events
        WHERE position > {after:d} AND position <= {until:d} ORDER BY position LIMIT {PAGE:d})
        TO STDOUT (FORMAT binary)"""  # noqa: S608  COPY takes no parameters; these are integers


def position_of(row: bytes) -> int:
    return int.from_bytes(row[6:14], "big", signed=True)


class Chain:
    """Where a walk has come to: the position, its hash and its instant. It starts before position 1, at the genesis.

    `at` is in microseconds since 2000, as the wire has it.
    """

    def __init__(self, previous: bytes, position: int = 0) -> None:
        self.position, self.at = position, FIRST
        self._previous = sized(previous)

    @property
    def hash(self) -> bytes:
        return self._previous[4:]

    def step(self, row: bytes) -> str | None:
        """Takes the next row; what is wrong with it there, None when nothing is."""
        try:
            columns, _, position, at_size, at, digest_size, digest, hash_size, hash_, type_size = _HEAD.unpack_from(row)
            if position != self.position + 1:
                return _misplaced(self.position + 1, position)
            if (columns, at_size, digest_size, hash_size) != (7, 8, 32, 32):
                return CONTENT
            tags = _TYPE + type_size
            tags_size, dimensions, nulls = _TAGS.unpack_from(row, tags)
        except struct.error:  # too short: something is NULL that never was
            return CONTENT
        if dimensions == 1 and not nulls and row[tags + 20 : tags + 24] == _FROM_ONE:
            # The wire's count and elements are the layout's tag block; data is all the rest.
            block = _size(tags_size - 16) + row[tags + 16 : tags + 20] + row[tags + 24 :]
        elif dimensions == 0:
            block = _NO_TAGS + row[tags + 16 :]
        else:
            return CONTENT
        if sha256(VERSION + row[_TYPE - 4 : tags] + block).digest() != digest:
            return CONTENT
        place = (VERSION, self._previous, row[2:14], row[14:18], _unsigned(at + _FROM_2000 & _MASK), row[26:62])
        if sha256(b"".join(place)).digest() != hash_:
            return HASH
        if at < self.at:
            return ORDER
        self.position, self.at, self._previous = position, at, row[62:98]
        return None


def _misplaced(wanted: int, found: int) -> str:
    if found < 1:
        return EARLY
    if found < wanted:
        return f"position {found} stands there twice"
    return f"position {wanted} is missing (the next event is {found})"


@dataclass(frozen=True)
class Content:
    """What a row says, for whoever wants more than to check it; `at` is in microseconds since 1970."""

    position: int
    at: int
    digest: bytes
    type: str
    tags: tuple[str, ...]
    data: str


def content(row: bytes) -> Content:
    """A row that a `Chain` has found sound."""
    _, _, position, _, at, _, digest, _, _, type_size = _HEAD.unpack_from(row)
    place = _TYPE + type_size
    tags_size, _, _ = _TAGS.unpack_from(row, place)
    tags, at_tag, end = list[str](), place + 24, place + 4 + tags_size
    while at_tag < end:
        size = int.from_bytes(row[at_tag : at_tag + 4], "big")
        tags.append(row[at_tag + 4 : at_tag + 4 + size].decode())
        at_tag += 4 + size
    type_, data = row[_TYPE:place].decode(), row[end + 4 :].decode()
    return Content(position, at + _FROM_2000, digest, type_, tuple(tags), data)


def place_of(row: bytes) -> tuple[int, int, bytes]:
    """Position, microseconds since 1970 and digest of a row that a `Chain` has found sound."""
    _, _, position, _, at, _, digest, *_ = _HEAD.unpack_from(row)
    return position, at + _FROM_2000, digest
