"""Telling readers that something was appended: only a hurry-up, since readers poll anyway."""

from __future__ import annotations

import contextlib
import threading
import time

import psycopg
from psycopg import sql

from ledger.postgres import Connection, Database

DEBOUNCE_SECONDS = 0.05
"""At most 20 notifications a second a ledger: a NOTIFY in every commit couples all salons of a server."""


class Notifier:
    """Sends NOTIFY after commits, from a thread of its own, many appends in one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def notify_soon(self) -> None:
        """Asks for one notification; returns at once."""
        self._wanted.set()
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
                self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        statement = sql.SQL("NOTIFY {}").format(sql.Identifier(self._database.channel))
        connection: Connection | None = None
        while not self._closed.is_set():
            self._wanted.wait()
            self._wanted.clear()
            try:
                connection = connection or self._database.connect()
                connection.execute(statement)
            except psycopg.Error:
                # Readers poll; a notification that could not be sent costs them at most a second.
                if connection is not None:
                    connection.close()
                connection = None
            time.sleep(DEBOUNCE_SECONDS)
        if connection is not None:
            connection.close()


class Listener:
    """Waits for a notification or a time-out, whichever comes first; a dead connection is replaced."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._closed = threading.Event()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, seconds: float) -> None:
        """Returns when something was appended, or after `seconds`."""
        if self._closed.is_set():
            return
        try:
            if self._connection is None:
                self._connection = self._database.connect()
                self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._database.channel)))
                return  # something may have come between the last read and LISTEN: read again at once
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error:
            self._drop()
            self._closed.wait(min(seconds, 0.2))

    def close(self) -> None:
        self._closed.set()
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()
