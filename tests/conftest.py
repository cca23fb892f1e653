"""What every test may ask for: a throwaway PostgreSQL, and a schema of its own on each server under test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from console.database import start_embedded

settings.register_profile("steady", derandomize=True)
settings.register_profile("wandering", derandomize=False)
# The same examples in every run: a change is to blame for what fails. HYPOTHESIS_PROFILE=wandering looks further.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

SERVERS = ["embedded", "server"] if os.environ.get("TEST_DATABASE_URL") else ["embedded"]


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A home not made yet: short enough for a socket, and where root's system user may go (so not `tmp_path`)."""
    home = Path(f"/tmp/zapisnik-test-{token_hex(4)}")
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """One home for a module's tests that need no new one: initdb and the copied programs cost seconds."""
    home = Path(f"/tmp/zapisnik-test-{token_hex(4)}")
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """An embedded server for the whole run; nobody needs its data after a power cut."""
    home = Path(f"/tmp/zapisnik-tests-{token_hex(4)}")
    try:
        database = start_embedded(home, options={"fsync": "off"})
        yield database.url
        database.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session", params=SERVERS)
def database_url(request: pytest.FixtureRequest) -> str:
    """Each server under test in turn: the embedded one, and that of TEST_DATABASE_URL if it is set."""
    if request.param == "server":
        return os.environ["TEST_DATABASE_URL"]
    return str(request.getfixturevalue("embedded_url"))


@pytest.fixture
def schema(database_url: str) -> Iterator[str]:
    """A name for a schema of this test alone, which is dropped afterwards; btree_gist stays in `public`."""
    name = f"test_{token_hex(8)}"
    yield name
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")  # a forgotten transaction fails its test, in words
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
