"""Runs an ASGI application on the loopback interface, and can hang up on a caller in the middle of a request."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HANG_UP = "zapisnik.hang_up"
"""The key in the ASGI scope of a function that breaks the caller's connection."""
_LONGEST_START = 10.0  # seconds
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time at all: RST instead of FIN


def serve(app: ASGIApp, *, port: int = 0, on_ready: Callable[[str], None] | None = None) -> None:
    """Serves until SIGTERM or SIGINT (in the main thread); `on_ready` gets the URL, with the real port for port 0."""
    listener, url = _listen(port)
    _Server(app, lambda: on_ready(url) if on_ready else None).run(sockets=[listener])


@contextmanager
def running(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serves in a thread of its own while the block runs; gives the URL."""
    listener, url = _listen(port)
    ready = threading.Event()
    server = _Server(app, ready.set)
    thread = threading.Thread(target=server.run, args=([listener],), name=f"serve {url}", daemon=True)
    thread.start()
    try:
        if not ready.wait(_LONGEST_START):
            raise TimeoutError(f"{url} has not started")
        yield url
    finally:
        server.should_exit = True
        thread.join(_LONGEST_START)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Breaks the connection, and returns once the server knows it is broken, so that it answers nothing.

    Raises ConnectionAbortedError where there is no connection to break (an in-process test client).
    """
    break_off = scope.get(HANG_UP)
    if break_off is None:
        raise ConnectionAbortedError
    break_off()
    while (await receive())["type"] != "http.disconnect":
        pass


def _listen(port: int) -> tuple[socket.socket, str]:
    listener = socket.create_server(("127.0.0.1", port))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready and gives each request the means to hang up."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        transports: dict[tuple[str, int], asyncio.Transport] = {}

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            transport = transports.get(tuple(scope.get("client") or ()))
            if transport is not None:
                scope[HANG_UP] = lambda: _break(transport)
            await app(scope, receive, send)

        config = uvicorn.Config(
            with_hang_up,
            http=_tracking(transports),
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _tracking(transports: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    """uvicorn's own protocol, which also notes each connection's transport under its caller's address."""

    class Tracking(H11Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            stream = cast("asyncio.Transport", transport)  # TCP connections have no other kind
            super().connection_made(stream)
            self._caller = cast("tuple[str, int]", transport.get_extra_info("peername")[:2])
            transports[self._caller] = stream

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self._caller, None)
            super().connection_lost(exc)

    return Tracking


def _break(transport: asyncio.Transport) -> None:
    with suppress(OSError):  # a caller who has given up already is gone
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
