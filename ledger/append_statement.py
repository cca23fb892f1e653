"""What a command becomes on its way to `append_command`, and what its answer becomes on the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import msgspec
import psycopg
from psycopg import sql
from psycopg.pq.abc import PGresult

from ledger.postgres import Connection
from ledger.statements import Statement, array, bigint, instant

_encode = msgspec.json.Encoder().encode
_PARAMETERS = 9
"""Of `append_commands`, behind the salon's name."""
Parameters = Sequence[str | None]


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to be stored; `data` is the exact text of its envelope."""

    type: str
    tags: Sequence[str]
    data: str


class Condition(msgspec.Struct, frozen=True, gc=False):
    """No event of these types with all these tags stands after a position; an empty list means any."""

    types: Sequence[str]
    tags: Sequence[str]
    after: int


class Append(msgspec.Struct, frozen=True):
    """What one command wants to store, and on what condition."""

    events: Sequence[NewEvent]
    fresh: Sequence[str]
    """Tags that no event has yet."""
    after: int
    """Events up to here break no condition."""
    conditions: Sequence[Condition]
    lease: tuple[str, str, int] | None = None
    models: Mapping[str, int] | None = None
    """The read models that are written along, with their versions, which must be the live ones; None: not asked."""
    changes: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What is written into them; Any, as each has its own form."""

    def parameters(self) -> Parameters:
        """What `append_commands` has for each command. Raises UnicodeEncodeError for a lone surrogate, and DataError
        for a NUL, where libpq would end the text.
        """
        events = self.events
        texts = [
            array([event.type for event in events]),
            array([array(event.tags) for event in events]),
            array([event.data for event in events]),
            array(self.fresh) if self.fresh else None,
            str(self.after),
            _encode(self.conditions).decode() if self.conditions else "[]",
            array(map(str, self.lease)) if self.lease else None,
            None if self.models is None else _encode(self.models).decode(),
            _encode(self.changes).decode(),
        ]
        for text in texts:
            if text is not None and (not text.isascii() or "\0" in text):
                text.encode()
                if "\0" in text:
                    raise psycopg.DataError("a NUL character cannot be stored")
        return texts


@dataclass(frozen=True)
class Stored:
    """Where a command's last event stands, and when it was recorded."""

    position: int
    at: datetime


@dataclass(frozen=True)
class Refused:
    """Why a command left nothing behind; `live_models` where it was for other models."""

    reason: Literal["condition", "lease", "models"]
    live_models: Mapping[str, int]


Outcome = Stored | Refused


class AppendStatement:
    """Appends commands in one statement; each one's changes are written behind it, if it was not refused."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._made: dict[frozenset[str], Statement] = {}

    def run(self, connection: Connection, commands: Sequence[Parameters], models: frozenset[str]) -> list[Outcome]:
        """An outcome a command; `models` are those that any of them writes into. Raises the database's error."""
        statement = self._made.get(models)
        if statement is None:
            statement = self._made[models] = Statement("append", self._query(models))
        columns = [array(column).encode() for column in zip(*commands, strict=True)]
        result = statement.run(connection, columns)
        return [_outcome(result, row) for row in range(result.ntuples)]

    def _query(self, models: frozenset[str]) -> bytes:
        schema = sql.Identifier(self._schema)
        writers = [
            sql.SQL(", {}.{}(a.written -> {})").format(schema, sql.Identifier(writer_name(one)), sql.Literal(one))
            for one in sorted(models)
        ]
        query = "SELECT a.last_position, a.appended_at, a.refusal, a.live_models{} FROM {}.append_commands({}, {}) a"
        places = sql.SQL(", ".join(f"${number}" for number in range(1, _PARAMETERS + 1)))
        return sql.SQL(query).format(sql.Composed(writers), schema, sql.Literal(self._schema), places).as_bytes()


def writer_name(model: str) -> str:
    """The function in the database that writes a read model within an append; given NULL it does nothing."""
    return f"write_{model}"


def _outcome(result: PGresult, row: int) -> Outcome:
    position, at, reason, live = (result.get_value(row, column) for column in range(4))
    if position is not None and at is not None:
        return Stored(bigint(position), instant(at))
    assert reason is not None  # noqa: S101  what the function says where it stores nothing
    said = cast('Literal["condition", "lease", "models"]', reason.decode())
    return Refused(said, msgspec.json.decode(live) if said == "models" and live else {})
