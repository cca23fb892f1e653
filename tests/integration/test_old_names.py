"""A ledger with events under an old name: whatever looks for them by what they say today finds them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventsourcing.dcb.api import DCBEvent

from ledger import events as e
from ledger.codec import encode
from ledger.decisions import boundaries
from ledger.decisions.brake import AcceptCrmChange, BrakeCrmChange
from ledger.errors import NotBrakedError
from ledger.integrity import verify_chain
from ledger.tags import INTEGRATION
from ledger.values import Actor
from projections.crm_diary import brake_state
from tests.builders import NOW
from tests.salon import Salon, open_test_salon
from tests.shell import Shell
from tests.site import Browser, open_site, text_of

OPERATOR, PROGRAM = Actor("operator", "1"), Actor("system", "sync")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        salon.ledger.execute(BrakeCrmChange(salon.order(), removed=9, moved=1, known=20))
        yield salon


def release(salon: Salon, by: Actor) -> int:
    """As a program of that time stored it: the shape has not changed, only the name."""
    data = encode(e.CrmChangeAccepted(9, 1), by=by, at=NOW, cause="c")
    return salon.recorder.append([DCBEvent(type="crm_change_released", data=data, tags=[INTEGRATION])])


def test_a_decision_sees_what_stands_under_an_old_name(salon: Salon) -> None:
    position = release(salon, OPERATOR)

    state = brake_state(salon.ledger)

    assert state is not None
    assert (state.position, state.is_on, state.is_vouched_for) == (position, False, True)
    with pytest.raises(NotBrakedError):
        salon.ledger.execute(AcceptCrmChange(salon.order()))


def test_what_the_program_released_nobody_vouched_for(salon: Salon) -> None:
    release(salon, PROGRAM)

    state = brake_state(salon.ledger)

    assert state is not None
    assert not state.is_vouched_for
    (last,) = salon.ledger.history(boundaries.brake())
    assert last.event == e.CrmChangeSubsided(9, 1)


def test_the_append_condition_knows_the_old_name(salon: Salon) -> None:
    """An older program beside this one, in the middle of an upgrade: what it stores is not overlooked."""
    decision = AcceptCrmChange(salon.order())
    read: list[int] = []

    class Late(AcceptCrmChange):
        def decide(self, history):  # type: ignore[no-untyped-def]  # as its parent
            if not read:
                read.append(release(salon, PROGRAM))
            return super().decide(history)

    with pytest.raises(NotBrakedError):
        salon.ledger.execute(Late(decision.order))
    assert read


def test_a_read_model_takes_it_for_what_it_says(salon: Salon) -> None:
    position = release(salon, PROGRAM)

    salon.catch_up()

    with salon.database.transaction() as connection:
        kept = connection.execute("SELECT kind FROM notices WHERE position = %s", (position,)).fetchall()
    assert kept == [("integration",)]
    assert verify_chain(salon.recorder).ok


async def test_the_console_finds_it_by_todays_name_and_by_its_own(salon: Salon) -> None:
    position = release(salon, PROGRAM)
    with open_site(salon) as console:
        browser = Browser(console)
        for name in ("crm_change_subsided", "crm_change_released"):
            page = await browser.get(f"/?type={name}")
            assert page.status_code == 200
            assert f"/events/{position}" in page.text, name
            assert "Больших перемен в CRM больше нет crm_change_released" in text_of(page)
        assert (await browser.get("/?type=crm_change_relaxed")).status_code == 400
        assert "Больших перемен в CRM больше нет" in text_of(await browser.get(f"/events/{position}"))


def test_the_command_line_finds_it_and_shows_it_as_it_stands(salon: Salon, database_url: str, schema: str) -> None:
    position = release(salon, OPERATOR)
    shell = Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=salon.master_key)

    (found,) = shell.lines("events", "--type", "crm_change_accepted")

    assert (found["position"], found["type"], found["facts"]) == (
        position,
        "crm_change_released",
        {"removed": 9, "moved": 1},
    )
