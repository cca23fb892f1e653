"""A client to ask with, a booking to send, and hosts that answer in whatever right or wrong way a test names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ledger.values import BookedService, ServiceId
from sync.access import Access
from sync.simulator import Simulator
from sync.wire import NewCrmRecord
from sync.yclients import Yclients

MOSCOW = ZoneInfo("Europe/Moscow")
ACCESS = Access("http://127.0.0.1:9", "simulated-partner-token", "simulated-user-token", 1)
NEW = NewCrmRecord(
    booking_id=1234567890123,
    staff_id=5,
    starts_at=datetime(2026, 12, 1, 10, 0, tzinfo=MOSCOW),
    minutes=90,
    services=(BookedService(ServiceId(3), 150050, 90),),
    phone="+79161234567",
    name="Аня",
)


def client(url: str, *, access: Access = ACCESS, seconds: float = 5, turns: list[None] | None = None) -> Yclients:
    taken: list[None] = [] if turns is None else turns
    return Yclients(
        replace(access, url=url),
        wait_turn=lambda: taken.append(None),
        zone=MOSCOW,
        deadline=timedelta(seconds=seconds),
    )


class Branch:
    """A CRM that answers some calls as it is told to, and leaves all others to the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.asked: list[str] = []
        self._answers: dict[str, Response] = {}

    def say(self, path: str, data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answers each call to this path with `data` in the CRM's form; `data` as a str is a refusal in its words."""
        is_refusal = isinstance(data, str)
        body = {
            "success": not is_refusal,
            "data": None if is_refusal else data,
            "meta": {"message": data} if is_refusal else [],
        }
        self._answers[path] = JSONResponse(body, status_code=status, headers=headers)

    def show(self, path: str, page: Response) -> None:
        """Answers each call to this path with something that is not the CRM's."""
        self._answers[path] = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(f"{scope['method']} {scope['path']}")
        answer = self._answers.get(scope["path"], self.simulator) if self.simulator.mode == "ok" else self.simulator
        await answer(scope, receive, send)


@contextmanager
def host(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A host that reads one request a connection, notes it, and then does as `answer` says."""
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with closing(connection):
                requests.append(_whole_request(connection))
                try:
                    answer(connection)
                except OSError:
                    continue  # the client has hung up, which some of these tests are about

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _whole_request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def saying(body: bytes, *, status: str = "200 OK", headers: str = "") -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
    return lambda connection: connection.sendall(head + body)
