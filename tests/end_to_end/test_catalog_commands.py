"""`zapisnik catalog pull` and `show` as an operator runs them, and the sync process that reads by itself."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Callable, Iterator
from datetime import time

import pytest

from ledger.recorder import BoundaryItem
from ledger.tags import CATALOG
from projections.catalog import current_catalog
from sync.catalog_pull import last_reading
from sync.simulator import Catalog, Limits, Master, Service, Simulator, running
from tests.builders import ANNA, COLOURING, HAIRCUT, OLGA
from tests.salon import Salon
from tests.shell import Shell, crm, refused

WORKING = {weekday: ((time(10), time(14)), (time(15), time(20))) for weekday in range(7)}


@pytest.fixture
def offered() -> Catalog:
    """The salon of the tests, but haircuts are dearer and Olga is called otherwise."""
    services = (
        Service(HAIRCUT, "Стрижка", 1750, 3600, (ANNA, OLGA), "Волосы"),
        Service(COLOURING, "Окрашивание", 5000, 7200, (ANNA,), "Волосы"),
    )
    staff = (Master(ANNA, "Анна", "стилист", WORKING), Master(OLGA, "Ольга П.", "мастер", WORKING))
    return Catalog(services, staff)


@pytest.fixture
def simulator(offered: Catalog) -> Simulator:
    return Simulator(limits=Limits(1000, 100_000), catalog=offered)


@pytest.fixture
def url(simulator: Simulator) -> Iterator[str]:
    with running(simulator) as url:
        yield url


def quick(url: str) -> dict[str, str]:
    return crm(url) | {"SYNC_SPACING_SECONDS": "0.01"}


def published(salon: Salon) -> int:
    return len(salon.ledger.history(BoundaryItem(tags=[CATALOG])))


def test_a_pull_says_in_words_what_changed_and_the_second_says_nothing_did(
    shell: Shell, salon: Salon, url: str
) -> None:
    first = shell.run("catalog", "pull", **quick(url))
    second = shell.run("catalog", "pull", **quick(url))
    shown = shell.run("catalog", "show").stdout.splitlines()

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "service changed  Стрижка: 1500 RUB becomes 1750 RUB",
        "master changed   Ольга: now Ольга П., мастер",
        "Yclients: 3 changes published.",
    ]
    assert (second.returncode, second.stdout) == (0, "Yclients: nothing has changed.\n")
    assert published(salon) == 6
    assert shown[1] == "from Yclients, just now"
    assert shown[2].split() == ["1", "Стрижка", "1750", "RUB,", "60", "min:", "Анна,", "Ольга", "П."]


def test_a_dry_run_shows_and_publishes_nothing(shell: Shell, salon: Salon, url: str) -> None:
    shown = shell.run("catalog", "pull", "--dry-run", **quick(url))
    told = json.loads(shell.run("catalog", "pull", "--dry-run", "--json", **quick(url)).stdout)

    assert shown.stdout.splitlines()[-1] == "Nothing is published: this was a dry run."
    assert (told["outcome"], told["published"], told["dry_run"]) == ("published", 0, True)
    assert told.keys() == {"outcome", "published", "dry_run", "services", "staff", "shifts", "losses", "left_out"}
    assert told["services"]["changed"][0]["after"]["price"] == 175_000
    assert published(salon) == 3
    assert last_reading(salon.database) is None, "as if nobody had looked"


def test_a_catalogue_that_would_lose_most_needs_a_person_s_word(
    shell: Shell, salon: Salon, offered: Catalog, url: str
) -> None:
    offered.remove_service(HAIRCUT)
    offered.remove_service(COLOURING)

    done = shell.run("catalog", "pull", **quick(url))
    refused(done, "2 of 2 services", "--anyway", code=1)
    assert "service gone     Окрашивание" in done.stdout
    assert published(salon) == 3
    assert (last := last_reading(salon.database)) is not None
    assert last.outcome == "braked"

    meant = shell.run("catalog", "pull", "--anyway", **quick(url))
    assert meant.returncode == 0, meant.stderr
    assert published(salon) == 6


def test_without_credentials_it_is_one_sentence(shell: Shell, salon: Salon) -> None:
    refused(shell.run("catalog", "pull"), "YCLIENTS_PARTNER_TOKEN, YCLIENTS_USER_TOKEN, YCLIENTS_COMPANY_ID not set")


def test_a_no_of_the_crm_is_told_in_its_own_words(shell: Shell, salon: Salon, simulator: Simulator, url: str) -> None:
    simulator.set_mode("auth")
    refused(
        shell.run("catalog", "pull", **quick(url)),
        "«Не указан идентификатор партнера»",
        "run `zapisnik sync doctor`",
        code=1,
    )
    simulator.set_mode("off")
    refused(shell.run("catalog", "pull", **quick(url)), "cannot be read", "run `zapisnik sync doctor`", code=1)
    assert published(salon) == 3


@pytest.mark.parametrize("source", ["file", "yclients"])
def test_the_sync_process_reads_the_catalogue_only_where_it_is_to_be_the_crm_s(
    shell: Shell, salon: Salon, simulator: Simulator, url: str, source: str
) -> None:
    salon.resume()
    process = shell.start("sync", "run", **quick(url), CATALOG_SOURCE=source)
    try:
        if source == "yclients":
            until(lambda: in_force(salon) == "yclients")
        else:
            until(lambda: any("/records/" in call.path for call in simulator.journal()))
    finally:
        process.terminate()
        process.communicate(timeout=20)

    asked = {call.path for call in simulator.journal()}
    assert ("/api/v1/company/1/services" in asked) is (source == "yclients")
    assert in_force(salon) == source


def in_force(salon: Salon) -> str:
    salon.catch_up()
    found = current_catalog(salon.database)
    assert found is not None
    return found.facts.source


def until(is_so: Callable[[], bool]) -> None:
    deadline = clock.monotonic() + 20
    while not is_so():
        assert clock.monotonic() < deadline, "it does not come to that"
        clock.sleep(0.05)
