"""A page put on a port: taken before anything else starts, answered from until this process is stopped."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from console.errors import UsageError

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  only ever with a password
GRACE_SECONDS = 1


def listen(host: str, port: int) -> socket.socket:
    """A socket that holds the port from now on. Raises UsageError naming PORT when it cannot be had."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Two may bind the same port while neither listens: only this tells the second one.
        listening.listen()
    except OSError as error:
        listening.close()
        why = "is taken on this machine" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UsageError(f"PORT: {port} {why}; set another, e.g. PORT=8081") from error
    return listening


def port_of(listening: socket.socket) -> int:
    """The port that was given, also for PORT=0."""
    return int(listening.getsockname()[1])


def serve(app: ASGIApp, listening: socket.socket, stopped: threading.Event, *, close: Callable[[], None]) -> None:
    """Answers on this socket until stopped; `close` then ends what would go on for ever.

    Requests are not logged: their addresses hold the ids people searched for.
    """
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    async def watch() -> None:
        while not stopped.is_set():  # noqa: ASYNC110  set from a signal handler and from other threads
            await asyncio.sleep(0.1)
        close()
        server.should_exit = True

    async def answer() -> None:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            await server.serve(sockets=[listening])
            watching.cancel()

    asyncio.run(answer())
