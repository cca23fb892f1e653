"""The simulator's page: what an administrator sees on it, and what its forms do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest

from sync.simulator import FAULTS, Faults, NewEntry, Rule, Simulator, page_words
from sync.simulator.gate import MODES
from tests.simulated import SimulatedCrm

PAGE = "/simulator/page"
TODAY = {"day": "2026-12-01"}


@pytest.fixture
def crm() -> SimulatedCrm:
    return SimulatedCrm()


@pytest.fixture
async def browser(crm: SimulatedCrm) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=crm.simulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://crm", follow_redirects=True) as client:
        yield client


async def shown(browser: httpx.AsyncClient, **query: str) -> str:
    answer = await browser.get(PAGE, params=query)
    assert answer.status_code == 200
    return answer.text


async def test_it_shows_today_s_diary_by_master_and_time(crm: SimulatedCrm, browser: httpx.AsyncClient) -> None:
    crm.booked()
    crm.booked(datetime="2026-12-03 12:00:00", client={"phone": "79160000000", "name": "Оля <b>"})

    today, thursday = await shown(browser), await shown(browser, day="2026-12-03")

    assert "<b>10:00–11:00</b> Аня" in today
    assert "Женская стрижка" in today
    assert "Сегодня, вт 01.12 · 1" in today
    assert "чт 03.12 · 1" in today
    assert "Оля" not in today
    assert "Оля &lt;b&gt;" in thursday
    assert (await browser.get("/")).url.path == PAGE


async def test_it_shows_how_each_request_was_answered_and_which_fault_it_met(
    crm: SimulatedCrm, browser: httpx.AsyncClient
) -> None:
    crm.booked()
    crm.simulator.set_faults(Faults(1, {"dropped_after": 1.0, "ids_as_strings": 0.5}))
    crm.asked("DELETE", "record/1/1000001")

    page = await shown(browser)

    assert "Создать запись" in page
    assert "201 записал" in page
    assert "Удалить запись 1000001" in page
    assert "<code>DELETE /api/v1/record/1/1000001</code>" in page
    assert "связь оборвана" in page
    assert page.count("Сделано, но ответ потерялся") == 3  # counted, in the journal, on its form
    assert "Сделано, но ответ потерялся: <b>1</b>" in page


async def test_a_record_can_be_written_moved_and_struck_out_by_hand(
    crm: SimulatedCrm, browser: httpx.AsyncClient
) -> None:
    form = {**TODAY, "start": "14:30", "minutes": "90", "staff_id": "103", "service_id": "2007", "name": "Вера"}
    written = await browser.post(f"{PAGE}/records", data=form)
    assert "<b>14:30–16:00</b> Вера" in written.text
    moved = await browser.post(
        f"{PAGE}/records/1000001/move", data={"day": "2026-12-02", "start": "09:00", "staff_id": "101"}
    )
    assert moved.url.params["day"] == "2026-12-02"
    [record] = crm.simulator.records()
    assert (record["date"], record["staff_id"]) == ("2026-12-02 09:00:00", 101)
    assert [service["id"] for service in record["services"]] == [2007]  # type: ignore[attr-defined]  # JSON
    struck = await browser.post(f"{PAGE}/records/1000001/delete", data={"shown": "2026-12-02"})
    assert "record hand gone" in struck.text
    again = await browser.post(f"{PAGE}/records/1000001/delete", data={})
    assert (again.status_code, "Этой записи уже нет." in again.text) == (404, True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"start": ""}, "Укажите день и время"),
        ({"minutes": "час"}, "Длительность"),
        ({"minutes": "0"}, "Длительность"),
        ({"staff_id": "0"}, "Выберите мастера"),
    ],
)
async def test_a_form_that_cannot_be_done_says_why_and_changes_nothing(
    crm: SimulatedCrm, browser: httpx.AsyncClient, wrong: dict[str, str], said: str
) -> None:
    form = {**TODAY, "start": "14:30", "minutes": "90", "staff_id": "103"} | wrong

    answer = await browser.post(f"{PAGE}/records", data=form)

    assert (answer.status_code, said in answer.text) == (422, True)
    assert crm.simulator.records() == []


async def test_the_switch_is_turned_and_said(crm: SimulatedCrm, browser: httpx.AsyncClient) -> None:
    page = await browser.post(f"{PAGE}/mode", data={"mode": "off"})

    assert crm.simulator.mode == "off"
    assert '<p class="state out">Не отвечает вовсе</p>' in page.text
    assert (await browser.post(f"{PAGE}/mode", data={"mode": "on"})).status_code == 422


async def test_faults_are_set_in_percent_with_a_seed(crm: SimulatedCrm, browser: httpx.AsyncClient) -> None:
    await browser.post(f"{PAGE}/faults", data={"seed": "5", "late": "12,5", "dropped_after": "100", "html_after": ""})

    faults = crm.simulator.faults
    assert (faults.seed, {rule.fault: rule.share for rule in faults.rules}) == (5, {"late": 0.125, "dropped_after": 1})
    assert 'name="late" min="0" max="100" step="any" placeholder="0" value="12.5"' in await shown(browser)
    for percent in ("101", "-1", "nan", "много"):
        assert (await browser.post(f"{PAGE}/faults", data={"late": percent})).status_code == 422
    assert crm.simulator.faults is faults


async def test_faults_with_conditions_are_said_to_be_there(crm: SimulatedCrm, browser: httpx.AsyncClient) -> None:
    crm.simulator.set_faults(Faults(rules=[Rule("late", 0.5, times=1)]))

    assert "ещё помехи с условиями (1)" in await shown(browser)


async def test_rights_and_the_licence_are_taken_and_given_back(crm: SimulatedCrm, browser: httpx.AsyncClient) -> None:
    kept = {right: "1" for right in page_words.RIGHTS if right != "delete_records_access"}

    page = await browser.post(f"{PAGE}/account", data={**kept, "licence": "403"})

    assert crm.simulator.account.withdrawn == {"delete_records_access"}
    assert (crm.simulator.account.licence, crm.simulator.minds_own_time) == (403, False)
    assert "Лицензия филиала закончилась" in page.text
    assert "Отобраны права: удалять записи" in page.text
    await browser.post(f"{PAGE}/account", data=dict.fromkeys(page_words.RIGHTS, "1"))
    assert (crm.simulator.account.withdrawn, crm.simulator.account.licence) == (frozenset(), None)


async def test_an_hour_that_is_taken_and_a_record_outside_of_hours_are_seen(
    crm: SimulatedCrm, browser: httpx.AsyncClient
) -> None:
    at_night = datetime(2026, 12, 1, 22, 30)  # noqa: DTZ001 - a wall clock
    crm.simulator.add_by_hand(NewEntry(7, at_night, 3 * 3600))
    crm.booked(seance_length=2 * 3600)

    page = await shown(browser)

    assert "занято до 12:00" in page
    assert "Мастер 7" in page
    assert "<b>22:30–01:30</b> без клиента" in page
    assert "<th>23:00</th>" in page


async def test_it_loads_nothing_from_elsewhere_and_is_looked_at_without_being_counted(
    crm: SimulatedCrm, browser: httpx.AsyncClient
) -> None:
    page = await shown(browser)

    assert "//" not in page.replace("http://crm", "").split("<script>")[0].split("</style>")[1]
    assert "На этот день записей нет." in page
    assert crm.simulator.counts().requests == 0


def test_every_fault_and_state_has_words() -> None:
    assert set(page_words.FAULTS) == set(FAULTS)
    assert set(page_words.MODES) == set(MODES)
    assert page_words.call("PATCH", "/api/v9/x") == "Неизвестный запрос"
    assert page_words.status(418) == "418"


async def test_the_page_of_a_simulator_by_the_real_clock_is_shown() -> None:
    transport = httpx.ASGITransport(app=Simulator())
    async with httpx.AsyncClient(transport=transport, base_url="http://crm") as browser:
        assert "Сегодня" in await shown(browser)
