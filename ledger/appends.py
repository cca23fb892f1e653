"""Commands of many threads stored in few transactions: who comes while one is under way goes along with the next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg

from ledger.append_statement import Append, AppendStatement, Outcome, Parameters, Stored
from ledger.errors import StoreUnavailableError
from ledger.postgres import Connection, Database

Along = Callable[[Connection, int], None]
"""What else belongs into an append's transaction; it is told the last position. The whole of it may be tried again."""
MOST_TOGETHER = 64
"""Commands in one transaction."""


@dataclass(eq=False)
class _Ticket:
    """A command in the queue; its thread waits until `turn` can be taken."""

    parameters: Parameters
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
        self._statement = AppendStatement(database.schema)

    def append(self, command: Append) -> Outcome:
        """Raises the database's error about this very command, or that of a connection that was lost over it."""
        ticket = _Ticket(command.parameters(), frozenset(command.changes))
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
        parameters = command.parameters()
        with self._database.transaction() as connection:
            outcome = self._statement.run(connection, [parameters], frozenset(command.changes))[0]
            if isinstance(outcome, Stored):
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
        models = frozenset[str]().union(*(one.writers for one in tickets))
        with self._database.connection() as connection:
            return self._statement.run(connection, [one.parameters for one in tickets], models)
