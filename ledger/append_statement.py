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
_TYPES = {
    "types": "text[]",
    "tag_lists": "text[]",
    "texts": "text[]",
    "fresh": "text[]",
    "since": "bigint",
    "conditions": "jsonb",
    "lease": "text[]",
    "models": "jsonb",
    "changes": "jsonb",
}
"""A command's parameters: those of the function after the salon's name, and the changes."""
Parameters = Sequence[bytes | None]


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
        """Raises UnicodeEncodeError for a lone surrogate, and DataError for a NUL: libpq would end the text there."""
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
        if any(text is not None and "\0" in text for text in texts):
            raise psycopg.DataError("a NUL character cannot be stored")
        return [None if text is None else text.encode() for text in texts]


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
        self._made: dict[tuple[bool, frozenset[str]], Statement] = {}

    def run(self, connection: Connection, commands: Sequence[Parameters], models: frozenset[str]) -> list[Outcome]:
        """An outcome a command; `models` are those that any of them writes into. Raises the database's error."""
        is_alone = len(commands) == 1
        statement = self._made.get((is_alone, models))
        if statement is None:
            statement = self._made[is_alone, models] = Statement("append", self._query(models, is_alone=is_alone))
        parameters = commands[0] if is_alone else _by_column(commands)
        result = statement.run(connection, parameters if models else parameters[:-1])
        return [_outcome(result, row) for row in range(result.ntuples)]

    def _query(self, models: frozenset[str], *, is_alone: bool) -> bytes:
        """One command alone is the parameters themselves; of several each parameter is an array, a command a place."""
        schema = sql.Identifier(self._schema)
        places = [sql.SQL(f"${number}") for number in range(1, len(_TYPES) + 1)]
        names = [sql.SQL(name) for name in _TYPES]
        values = [
            sql.SQL("{}::{}").format(value, sql.SQL(type_))
            for value, type_ in zip(places if is_alone else names, _TYPES.values(), strict=True)
        ]
        writers = [
            sql.SQL(", CASE WHEN a.refusal IS NULL THEN {}.{}({} -> {}) END").format(
                schema, sql.Identifier(writer_name(one)), values[-1], sql.Literal(one)
            )
            for one in sorted(models)
        ]
        given = slice(None if models else -1)
        commands = sql.SQL("unnest({}) AS c ({}), ").format(
            sql.SQL(", ").join(sql.SQL("{}::text[]").format(place) for place in places[given]),
            sql.SQL(", ").join(names[given]),
        )
        query = "SELECT a.last_position, a.appended_at, a.refusal, a.live_models{} FROM {}{}.append_command({}, {}) a"
        parts = (
            sql.Composed(writers),
            sql.SQL("") if is_alone else commands,
            schema,
            sql.Literal(self._schema),
            sql.SQL(", ").join(values[:-1]),
        )
        return sql.SQL(query).format(*parts).as_bytes()


def writer_name(model: str) -> str:
    """The function in the database that writes a read model within an append; given NULL it does nothing."""
    return f"write_{model}"


def _by_column(commands: Sequence[Parameters]) -> Parameters:
    columns = zip(*commands, strict=True)
    return [array([None if value is None else value.decode() for value in column]).encode() for column in columns]


def _outcome(result: PGresult, row: int) -> Outcome:
    position, at, reason, live = (result.get_value(row, column) for column in range(4))
    if position is not None and at is not None:
        return Stored(bigint(position), instant(at))
    assert reason is not None  # noqa: S101  what the function says where it stores nothing
    said = cast('Literal["condition", "lease", "models"]', reason.decode())
    return Refused(said, msgspec.json.decode(live) if said == "models" and live else {})
