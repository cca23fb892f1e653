"""A statement run often, at less cost than a cursor: prepared once a connection, text in, the server's bytes out.

psycopg's cursor is more than a short append can bear: parameters looked at for their types, a plan for the rows, an
object for each. What is left here is libpq's own protocol, waited for as psycopg waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from weakref import WeakSet

from psycopg import generators
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

from ledger.postgres import Connection

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_numbers = count(1)


class Statement:
    """`query` has $1, $2 and so on, each with a cast. May be run on any connection, by several threads on several."""

    def __init__(self, name: str, query: bytes) -> None:
        # Names belong to a connection, and one connection may serve two statements made alike.
        self._name = f"{name}_{next(_numbers)}".encode()
        self._query = query
        self._prepared: WeakSet[Connection] = WeakSet()

    def run(self, connection: Connection, parameters: Sequence[bytes | None]) -> PGresult:
        """The rows, whose values are in PostgreSQL's binary form.

        Parameters must be without NUL, at which libpq ends a text. Raises the server's error, and an OperationalError
        where the connection is lost.
        """
        pgconn = connection.pgconn
        if pgconn.transaction_status != TransactionStatus.IDLE:
            # Were it forgotten there, the transaction would be lost.
            pgconn.send_query_params(self._query, parameters, result_format=Format.BINARY)
            return _answer(connection)
        if connection in self._prepared:
            pgconn.send_query_prepared(self._name, parameters, result_format=Format.BINARY)
            try:
                return _answer(connection)
            except InvalidSqlStatementName:
                # psycopg lets a connection forget all it has prepared when a transaction is rolled back.
                self._prepared.discard(connection)
        pgconn.send_prepare(self._name, self._query)
        _answer(connection)
        self._prepared.add(connection)
        pgconn.send_query_prepared(self._name, parameters, result_format=Format.BINARY)
        return _answer(connection)


def _answer(connection: Connection) -> PGresult:
    result: PGresult = connection.wait(generators.execute(connection.pgconn))[-1]
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    raise error_from_result(result)


def array(texts: Iterable[str | None]) -> str:
    """An array as PostgreSQL reads it from text; None is NULL."""
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in texts]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return '"' + text.replace('"', '\\"') + '"'


def bigint(value: bytes) -> int:
    """From its binary form, https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES."""
    return int.from_bytes(value, "big", signed=True)


def instant(value: bytes) -> datetime:
    """A timestamptz from its binary form: microseconds since the year 2000, in UTC."""
    return _EPOCH + timedelta(microseconds=bigint(value))
