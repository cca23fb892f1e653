"""A line to PostgreSQL on which any single message of the protocol can be the last one, or be answered by an error.

Messages are told apart by the protocol's own framing (https://www.postgresql.org/docs/current/protocol-message-formats.html),
so a test knows nothing of the statements an append consists of.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CLIENT = {b"Q": "Query", b"P": "Parse", b"B": "Bind", b"D": "Describe", b"E": "Execute", b"S": "Sync", b"H": "Flush",
          b"C": "Close", b"X": "Terminate", b"d": "CopyData", b"c": "CopyDone"}  # fmt: skip
SERVER = {b"1": "ParseComplete", b"2": "BindComplete", b"3": "CloseComplete", b"C": "CommandComplete", b"D": "DataRow",
          b"E": "ErrorResponse", b"N": "NoticeResponse", b"Z": "ReadyForQuery", b"T": "RowDescription", b"n": "NoData",
          b"t": "ParameterDescription", b"S": "ParameterStatus", b"I": "EmptyQuery"}  # fmt: skip
ENDS_A_BATCH = (b"S", b"Q")
Side = Literal["client", "server"]


@dataclass(frozen=True)
class Step:
    """The n-th message that one side sent on the lines that were open when counting began."""

    side: Side
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.side} {self.number}: {self.what}"


@dataclass
class Plan:
    """At which message what is done: it is `cut` off after a client's or instead of a server's, or `act` is called.

    `refuse` is an SQLSTATE with which the server itself is made to answer the client's message. With `what` only
    messages of this name are counted: how many rows an answer has differs from one append to the next.
    """

    side: Side
    number: int
    act: Callable[[], object] | None = None
    refuse: str | None = None
    is_done: bool = False
    what: str = ""


class Wire:
    """Forwards a TCP port to the server of a URL, message by message, and counts while told to."""

    def __init__(self, url: str) -> None:
        known = conninfo_to_dict(url)
        host, port = str(known.get("host") or "localhost"), int(known.get("port") or 5432)
        self.target: str | tuple[str, int] = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.RLock()
        self._lines: list[_Line] = []
        self._is_closed = False
        self.refuse_connections: str | None = None
        self.steps: list[Step] = []
        self.plan: Plan | None = None
        self.counts_new = False
        kept = {key: value for key, value in known.items() if key not in ("host", "port", "requirepeer", "hostaddr")}
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.url = make_conninfo(**{**kept, **plain, "host": "127.0.0.1", "port": self._listener.getsockname()[1]})
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()  # wakes accept
        self._accepting.join(timeout=10)
        self._listener.close()
        for line in self._lines:
            line.close()

    def watch(self, plan: Plan | None = None, *, is_for_new_lines: bool = False) -> None:
        """Counts from here on, on the lines that are open now, others pass freely; or on those that come, only."""
        with self._lock:
            self.steps, self.plan, self.counts_new = [], plan, is_for_new_lines
            for line in self._lines:
                line.is_counted = not line.is_for_notifications and not is_for_new_lines

    def seen(self, line: _Line, side: Side, kind: bytes, body: bytes) -> Plan | None:
        """Notes a message; the plan, if it is its turn."""
        with self._lock:
            if not line.is_counted:
                return None
            number = sum(step.side == side for step in self.steps) + 1
            self.steps.append(Step(side, number, described(side, kind, body)))
            plan = self.plan
            if plan is None or plan.is_done or plan.side != side or self.count(side, plan.what) != plan.number:
                return None
            if not self.steps[-1].what.startswith(plan.what):
                return None
            plan.is_done = True
            return plan

    def count(self, side: Side, what: str = "") -> int:
        """How many messages of this name, or of any, that side has sent by now."""
        return sum(step.side == side and step.what.startswith(what) for step in self.steps)

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._is_closed:
                client.close()
                return
            if self.refuse_connections:
                client.recv(4096)
                client.sendall(error_response(self.refuse_connections))
                client.close()
                continue
            line = _Line(self, client)
            with self._lock:
                line.is_counted = self.counts_new
                self._lines.append(line)
            line.start()


class _Line:
    """One connection, both ways, each in a thread of its own."""

    def __init__(self, wire: Wire, client: socket.socket) -> None:
        self._wire, self._client = wire, client
        self._server = socket.socket(socket.AF_UNIX if isinstance(wire.target, str) else socket.AF_INET)
        # Small messages, one by one: without this each would wait for the other side's delayed acknowledgement.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._threads: list[threading.Thread] = []
        self.is_counted = self.is_for_notifications = False
        self._is_swallowing = False

    def start(self) -> None:
        try:
            self._server.connect(self._wire.target)
            if self._server.family == socket.AF_INET:
                self._server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.cut()  # the server is down
            return
        for work in (self._from_client, self._from_server):
            self._threads.append(threading.Thread(target=self._until_cut, args=(work,), daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join(timeout=10)

    def cut(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _until_cut(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, EOFError):
            self.cut()

    def _from_client(self) -> None:
        size = _exactly(self._client, 4)
        self._server.sendall(size + _exactly(self._client, int.from_bytes(size) - 4))  # the startup message has no kind
        while True:
            kind, body = _message(self._client)
            if kind == b"Q" and body.startswith((b"NOTIFY", b"LISTEN")):
                self.is_for_notifications, self.is_counted = True, False
            if self._is_swallowing:
                self._is_swallowing = kind not in ENDS_A_BATCH
                continue
            plan = self._wire.seen(self, "client", kind, body)
            if plan is not None and plan.refuse:
                self._is_swallowing = kind not in ENDS_A_BATCH
                kind, body = b"Q", failing(plan.refuse)
            self._server.sendall(kind + (len(body) + 4).to_bytes(4) + body)
            if plan is not None and plan.act:
                plan.act()
            elif plan is not None and not plan.refuse:
                raise EOFError

    def _from_server(self) -> None:
        while True:
            kind, body = _message(self._server)
            plan = self._wire.seen(self, "server", kind, body)
            if plan is not None and plan.act is None:
                raise EOFError
            if plan is not None and plan.act is not None:
                plan.act()
            self._client.sendall(kind + (len(body) + 4).to_bytes(4) + body)


def described(side: Side, kind: bytes, body: bytes) -> str:
    """`Parse SELECT last_position`, `CommandComplete COMMIT`."""
    name = (CLIENT if side == "client" else SERVER).get(kind, kind.decode("latin-1"))
    if name in ("Query", "Parse", "CommandComplete"):
        text = body.rpartition(b"\0")[0] if name != "Parse" else body.split(b"\0")[1]
        name += " " + " ".join(text.decode("utf-8", "replace").split())[:40]
    return name


def failing(sqlstate: str) -> bytes:
    """A statement that the server answers with this error."""
    return f"DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{sqlstate}'; END $$\0".encode()


def error_response(sqlstate: str) -> bytes:
    """What a server says that does not let anybody in."""
    body = b"SFATAL\0VFATAL\0C" + sqlstate.encode() + b"\0Mplanted\0\0"
    return b"E" + (len(body) + 4).to_bytes(4) + body


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    kind, size = _exactly(source, 1), int.from_bytes(_exactly(source, 4))
    return kind, _exactly(source, size - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    """Raises EOFError when the other end has hung up."""
    found = bytearray()
    while len(found) < size:
        piece = source.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)
