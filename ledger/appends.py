"""Commands of many threads stored in few transactions: who comes while one is under way goes along with the next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
import psycopg
from psycopg import sql

from ledger.errors import StoreUnavailableError
from ledger.postgres import Connection, Database

Along = Callable[[Connection, int], None]
"""What else belongs into an append's transaction; it is told the last position. The whole of it may be tried again."""
MOST_TOGETHER = 64
"""Commands in one transaction."""
_encode = msgspec.json.Encoder().encode


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
    """What one command wants to store, and on what condition: the form that `append_commands` reads."""

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


@dataclass(frozen=True)
class Outcome:
    """Where and when a command was stored, or why it was not; `live_models` with the refusal `models`."""

    position: int
    at: datetime
    refusal: Literal["condition", "lease", "models"] | None
    live_models: Mapping[str, int]


@dataclass(eq=False)
class _Ticket:
    """A command in the queue; its thread waits until `turn` can be taken."""

    text: bytes
    writers: frozenset[str]
    turn: threading.Lock = field(default_factory=threading.Lock)
    leads: bool = False
    outcome: Outcome | None = None
    error: BaseException | None = None


class Appender:
    """Stores commands in the order in which they come, each for itself accepted or refused.

    Who comes alone goes at once. Those who come while somebody is in the database wait, and then the first of them
    takes all of them along: one lock, one commit. Nobody works for others when its own command is answered.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mutex = threading.Lock()
        self._queue: deque[_Ticket] = deque()
        self._has_leader = False
        self._statements: dict[frozenset[str], bytes] = {}

    def append(self, command: Append) -> Outcome:
        """Raises the database's error about this very command, or that of a connection that was lost over it."""
        ticket = _Ticket(_encode(command), frozenset(command.changes))
        ticket.turn.acquire()
        try:
            self._enter(ticket)
            if not ticket.leads:
                ticket.turn.acquire()
            if ticket.leads:
                self._lead(ticket)
        except BaseException:
            self._leave(ticket)
            raise
        if ticket.error is not None:
            raise ticket.error
        return ticket.outcome or self._store([ticket])[0]

    def append_along(self, command: Append, along: Along) -> Outcome:
        """By itself, in a transaction that also holds what `along` does; where it is refused that is not done."""
        statement = self._statement(frozenset(command.changes))
        with self._database.transaction() as connection:
            row = connection.execute(statement, (f"[{_encode(command).decode()}]",), binary=True).fetchall()[0]
            outcome = Outcome(*row[:4])
            if outcome.refusal is None:
                along(connection, outcome.position)
        return outcome

    def _enter(self, ticket: _Ticket) -> None:
        with self._mutex:
            self._queue.append(ticket)
            if not self._has_leader:
                self._has_leader = ticket.leads = True

    def _leave(self, ticket: _Ticket) -> None:
        """Its thread was interrupted: nobody may wait for it."""
        with self._mutex:
            if ticket in self._queue:
                self._queue.remove(ticket)
            self._hand_over(ticket)

    def _hand_over(self, ticket: _Ticket) -> None:
        """Lets the first of those who wait lead, if this one does; the mutex is held."""
        if not ticket.leads:
            return
        ticket.leads, self._has_leader = False, bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].turn.release()

    def _lead(self, leader: _Ticket) -> None:
        with self._mutex:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_TOGETHER))]
        followers = [one for one in group if one is not leader]
        lost = "the thread that stored this command along with its own was ended"
        try:
            for ticket, outcome in zip(group, self._store(group), strict=True):
                ticket.outcome = outcome
            lost = ""
        except (psycopg.OperationalError, StoreUnavailableError) as error:
            leader.error, lost = error, str(error)
        except psycopg.Error as error:
            # Nothing was stored. Whose fault it was shows when each goes alone, in its own thread.
            leader.error, lost = None if followers else error, ""
        finally:
            with self._mutex:
                self._hand_over(leader)
            for one in followers:
                one.error = StoreUnavailableError(lost) if lost else None
                one.turn.release()

    def _store(self, tickets: Sequence[_Ticket]) -> list[Outcome]:
        """All in one transaction, one round trip."""
        statement = self._statement(frozenset[str]().union(*(one.writers for one in tickets)))
        commands = b"[" + b",".join(one.text for one in tickets) + b"]"
        with self._database.connection() as connection:
            rows = connection.execute(statement, (commands.decode(),), binary=True).fetchall()
        return [Outcome(*row[:4]) for row in rows]

    def _statement(self, models: frozenset[str]) -> bytes:
        """The read models' writers run once all commands are appended, for each that was not refused."""
        statement = self._statements.get(models)
        if statement is None:
            schema = sql.Identifier(self._database.schema)
            writers = [
                sql.SQL(", {}.{}(changes -> {})").format(schema, sql.Identifier(writer_name(one)), sql.Literal(one))
                for one in sorted(models)
            ]
            statement = (
                sql.SQL(
                    "SELECT last_position, appended_at, refusal, live_models{} FROM {}.append_commands({}, %s::jsonb)"
                )
                .format(sql.Composed(writers), schema, sql.Literal(self._database.schema))
                .as_bytes()
            )
            self._statements[models] = statement
        return statement


def writer_name(model: str) -> str:
    """The function in the database that writes a read model within an append; given NULL it does nothing."""
    return f"write_{model}"
