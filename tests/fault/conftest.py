"""A salon with its read models and catalogue, on each server under test; and a whole one with everybody around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from tests.fault.day import Day, open_day
from tests.store import Salon, salon_at


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with salon_at(database_url, schema) as one:
        one.open()
        yield one


@pytest_asyncio.fixture
async def day(embedded_url: str, tmp_path: Path) -> AsyncIterator[Day]:
    """On the embedded server only: what a bad day does to the processes, it does on any."""
    schema = f"test_{token_hex(8)}"
    async with open_day(embedded_url, schema, tmp_path) as one:
        yield one
    with psycopg.connect(embedded_url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
