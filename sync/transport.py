"""One HTTP request on one fresh connection, bounded as a whole, that knows whether a byte of it ever left.

httpx bounds each single read, so a server that trickles a byte a second holds its caller for ever; and its errors do
not say for certain whether the request had begun to leave. Both are settled here, where the bytes go by. A fresh
connection for each request costs a handshake and is worth it: a kept one that the server has meanwhile closed fails in
the middle of a write, with an unknown outcome that need not have been.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from typing import cast

import httpcore
import httpx

_LONGEST_BODY = 32 * 1024 * 1024  # 200 records are about 1 MB
_LOST = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


class RequestLostError(httpx.TransportError):
    """No whole answer came; `sent` is False only if certainly nothing of the request left this machine."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason, self.sent = reason, sent


class AddressError(Exception):
    """The host's name leads nowhere; the text is the system's."""


class BoundedTransport(httpx.BaseTransport):
    """Sends each request within `deadline`, from the address look-up to the body's last byte.

    Raises RequestLostError. Follows no redirect, uses no proxy; certificates are httpx's (`SSL_CERT_FILE` is obeyed).
    """

    def __init__(self, deadline: timedelta) -> None:
        self._deadline = deadline
        self._ssl_context = httpx.create_ssl_context()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer, already read."""
        line = _Line(self._deadline)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        try:
            with httpcore.HTTPConnection(
                url.origin, ssl_context=self._ssl_context, network_backend=_Network(line)
            ) as connection:
                answer = connection.handle_request(_core_request(request, url))
                with closing(answer):
                    body = _whole_body(answer)
        except _LOST as error:
            raise RequestLostError(line.reason(error), sent=line.has_begun) from error
        return httpx.Response(answer.status, headers=answer.headers, stream=httpx.ByteStream(body))


class _Line:
    """The state of one request on its way: the time left, and whether writing has begun."""

    def __init__(self, deadline: timedelta) -> None:
        self._ends_at = time.monotonic() + deadline.total_seconds()
        self.has_begun = False

    def time_left(self, otherwise: type[httpcore.TimeoutException]) -> float:
        """Seconds left, always above zero; raises `otherwise` when there are none."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise otherwise("the deadline has passed")
        return left

    def reason(self, error: Exception) -> str:
        if isinstance(error, httpcore.TimeoutException):
            return "the deadline has passed"
        return f"{type(error).__name__} {error}".strip()


class _Network(httpcore.NetworkBackend):
    """Connections of one line; a `timeout` given to it or its streams gives way to what is left of the deadline."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - see the class
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        found = self._addresses(host, port)
        failed: Exception = httpcore.ConnectError("the name has no address")
        for tried, address in enumerate(found):
            # A dead first address must not use up the time of the living second one.
            share = self._line.time_left(httpcore.ConnectTimeout) / (len(found) - tried)
            try:
                stream = self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._line)
        raise failed

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return addresses(host, port, self._line.time_left(httpcore.ConnectTimeout))
        except AddressError as error:
            raise httpcore.ConnectError(str(error)) from error


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, line: _Line) -> None:
        self._stream, self._line = stream, line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._stream.read(max_bytes, self._line.time_left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        # A request of ours is a few kilobytes: the kernel takes it in one piece, so one bound is enough.
        left = self._line.time_left(httpcore.WriteTimeout)
        self._line.has_begun = True
        self._stream.write(buffer, left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        left = self._line.time_left(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._line)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _core_request(request: httpx.Request, url: httpcore.URL) -> httpcore.Request:
    content = cast("Iterable[bytes]", request.stream)  # a synchronous client makes no other
    return httpcore.Request(request.method, url, headers=request.headers.raw, content=content)


def _whole_body(answer: httpcore.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise httpcore.RemoteProtocolError("an answer longer than any diary")
    return bytes(body)


def addresses(host: str, port: int, within: float) -> list[str]:
    """The host's addresses. Raises AddressError when there are none, or none is found `within` so many seconds.

    The system's look-up knows no time limit, so it runs in a thread that may be left.
    """
    found: queue.Queue[list[str] | str] = queue.Queue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found.put(str(error))
        else:
            found.put(list(dict.fromkeys(str(address[0]) for *_, address in answers)))

    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        answer = found.get(timeout=within)
    except queue.Empty:
        raise AddressError("the name was not found in time") from None
    if isinstance(answer, str):
        raise AddressError(answer)
    return answer
