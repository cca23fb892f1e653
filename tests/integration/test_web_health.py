"""The console while things are wrong: the probes tell what, the pages say it in words, and it mends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.web.app import Console
from console.web.health import HOPELESS_SECONDS
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from tests.builders import slot
from tests.fakes.switched_line import SwitchedLine
from tests.salon import Salon, open_test_salon
from tests.site import Browser, house_of, open_site, text_of


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def console(salon: Salon) -> Iterator[Console]:
    with open_site(salon) as console:
        yield console


@pytest.fixture
def browser(console: Console) -> Browser:
    return Browser(console)


def make_late(salon: Salon, seconds: float) -> None:
    """As if the events the read models lack had been recorded so long ago."""
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET recorded_at = clock_timestamp() - make_interval(secs => %s)", (seconds,))
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")


async def test_a_good_ledger_is_ready(browser: Browser) -> None:
    alive, ready = await browser.get("/healthz"), await browser.get("/readyz")

    assert (alive.status_code, alive.text) == (200, "ok")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "not_ready": []})


async def test_another_schema_than_this_programs_is_not_ready(salon: Salon, browser: Browser) -> None:
    with salon.database.transaction() as connection:
        connection.execute("INSERT INTO migrations (number, name) VALUES (9999, 'of a newer program')")

    ready = await browser.get("/readyz")

    assert (ready.status_code, ready.json()) == (503, {"ready": False, "not_ready": ["schema"]})
    assert (await browser.get("/healthz")).status_code == 200


async def test_a_schema_that_is_not_there_is_said_on_the_pages(
    database_url: str, salon: Salon, browser: Browser
) -> None:
    with salon.database.transaction() as connection:
        connection.execute(f"DROP SCHEMA {salon.database.schema} CASCADE".encode())

    page, ready = await browser.get("/"), await browser.get("/readyz")

    assert (page.status_code, ready.status_code) == (503, 503)
    assert "zapisnik migrate" in text_of(page)
    assert ready.json()["not_ready"] == ["schema"]
    assert salon.database.schema not in page.text + ready.text


async def test_read_models_of_another_version_or_hopelessly_late_are_not_ready(salon: Salon, browser: Browser) -> None:
    salon.book(slot("10:00"))
    make_late(salon, HOPELESS_SECONDS - 60)
    assert (await browser.get("/readyz")).status_code == 200

    make_late(salon, HOPELESS_SECONDS + 60)
    late = await browser.get("/readyz")
    assert (late.status_code, late.json()["not_ready"]) == (503, ["read_models"])
    salon.catch_up()
    assert (await browser.get("/readyz")).status_code == 200

    with salon.database.transaction() as connection:
        connection.execute("UPDATE projections SET version = version + 1 WHERE name = 'catalog'")
    assert (await browser.get("/readyz")).json()["not_ready"] == ["read_models"]


async def test_a_lost_database_is_said_and_the_pages_come_back_with_it(salon: Salon) -> None:
    line = SwitchedLine(salon.database.url)
    try:
        with Database(line.url, salon.database.schema, max_connections=2, wait_seconds=0.3) as database:
            recorder = PostgresRecorder(database)
            house = replace(house_of(salon), database=database, recorder=recorder, ledger=Ledger(recorder))
            browser = Browser(Console(house, None))
            assert (await browser.get("/")).status_code == 200
            line.cut()
            for address in ("/", "/events/1", "/bookings/501", "/status"):
                page = await browser.get(address)
                assert page.status_code == 503
                assert "База данных не отвечает" in text_of(page)
                assert "127.0.0.1" not in page.text
            ready = await browser.get("/readyz")
            assert (ready.status_code, ready.json()) == (503, {"ready": False, "not_ready": ["database"]})
            assert (await browser.get("/healthz")).status_code == 200
            line.mend()
            async with asyncio.timeout(20):
                while (await browser.get("/")).status_code != 200:  # noqa: ASYNC110  the pool connects in its own time
                    await asyncio.sleep(0.05)
            assert (await browser.get("/readyz")).status_code == 200
    finally:
        line.close()


async def test_a_fault_in_the_program_is_said_without_its_details(
    salon: Salon, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("details nobody should read")

    monkeypatch.setattr("ledger.browsing.leaf", broken)

    page = await browser.get("/")

    assert page.status_code == 500
    assert "Ошибка в программе" in text_of(page)
    assert "details" not in page.text
    assert page.headers["x-frame-options"] == "DENY"
