"""A salon with its read models and catalogue, on each server under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store import Salon, salon_at


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with salon_at(database_url, schema) as one:
        one.open()
        yield one
