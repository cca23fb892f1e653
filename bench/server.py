"""A PostgreSQL to measure on: that of DATABASE_URL, or an embedded one with its usual, durable settings."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from statistics import median

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.database import start_embedded


@contextmanager
def throwaway_database(home: Path | None) -> Iterator[str]:
    """A database of this run alone, dropped at the end; gives its libpq connection string.

    A database, not a schema: the library's DCB recorder does not work outside `public`.
    """
    with _server(home) as url, database_on(url) as conninfo:
        yield conninfo


@contextmanager
def database_on(url: str) -> Iterator[str]:
    """The same on a server that runs already."""
    name = f"zapisnik_bench_{token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_conninfo(url, dbname=name)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def describe(conninfo: str) -> dict[str, str | int | float]:
    """What the figures depend on: the server, its durability, the machine."""
    with psycopg.connect(conninfo) as connection:
        shown = connection.execute(
            """SELECT current_setting('server_version'), current_setting('fsync'),
                   current_setting('synchronous_commit'), current_setting('shared_buffers')"""
        ).fetchone()
    names = ("postgresql", "fsync", "synchronous_commit", "shared_buffers")
    said = dict(zip(names, shown or (), strict=False))
    cores = os.cpu_count() or 0
    return {**said, "python": platform.python_version(), "cores": cores, "load": round(os.getloadavg()[0], 2)}


def fsync_milliseconds(directory: Path) -> float:
    """How long this disk takes to keep 300 bytes for certain: a durable commit cannot be faster."""
    took = []
    path = directory / f"fsync-{token_hex(4)}"
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(b"x" * 300)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - started)
    path.unlink()
    return median(took) * 1000


@contextmanager
def _server(home: Path | None) -> Iterator[str]:
    if home is None:
        yield os.environ["DATABASE_URL"]
        return
    try:
        embedded = start_embedded(home)
        try:
            yield embedded.url
        finally:
            embedded.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
