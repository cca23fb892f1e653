"""A salon on each server under test, and the command line that works on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.salon import Salon, open_test_salon
from tests.shell import Shell


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def shell(salon: Salon, database_url: str, schema: str) -> Shell:
    return Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=salon.master_key)
