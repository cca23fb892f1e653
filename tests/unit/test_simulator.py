"""The simulated Yclients itself: it must refuse what the real one is known to refuse, or it proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any  # JSON from the wire, looked into key by key

import httpx
import pytest

from sync.simulator import Limits, Simulator

HEADERS = {"Authorization": "Bearer simulated-partner-token, User simulated-user-token"}
BODY: dict[str, object] = {
    "staff_id": 5,
    "services": [{"id": 3, "first_cost": 1500, "discount": 0, "cost": 1500}],
    "client": {"phone": "79161234567", "name": "Аня"},
    "datetime": "2026-12-01T10:00:00+03:00",
    "seance_length": 3600,
    "save_if_busy": False,
    "send_sms": False,
    "api_id": "777",
}


class SteppingClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
        self.seconds = 0.0

    def pass_(self, time: timedelta) -> None:
        self.now += time
        self.seconds += time.total_seconds()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def simulator(clock: SteppingClock) -> Simulator:
    return Simulator(
        limits=Limits(1_000, 1_000), most_per_page=2, clock=lambda: clock.now, monotonic=lambda: clock.seconds
    )


@pytest.fixture
async def crm(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=simulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://crm", headers=HEADERS) as client:
        yield client


async def book(crm: httpx.AsyncClient, **changed: object) -> httpx.Response:
    return await crm.post("/api/v1/records/1", json=BODY | changed)


async def listed(crm: httpx.AsyncClient, **query: str) -> list[int]:
    answer = (await crm.get("/api/v1/records/1", params={"count": "300", **query})).json()
    return [record["id"] for record in answer["data"]]


async def test_a_new_record_is_answered_and_read_back_with_the_documented_fields(crm: httpx.AsyncClient) -> None:
    """The names and the forms of the dates are those of the vendor's OpenAPI, records response."""
    answer = await book(crm)

    assert answer.status_code == 201
    assert answer.json()["success"] is True
    assert answer.json()["meta"] == []
    [record] = answer.json()["data"]
    assert (record["date"], record["datetime"]) == ("2026-12-01 10:00:00", "2026-12-01T10:00:00+03:00")
    assert record["create_date"] == record["last_change_date"] == "2026-12-01T00:30:00+0300"
    assert (record["seance_length"], record["length"], record["api_id"]) == (3600, 3600, "777")
    assert (record["deleted"], record["online"]) == (False, False)
    assert record["client"]["phone"] == "79161234567"
    assert record["services"][0] | {"id": 3, "cost": 1500, "first_cost": 1500, "discount": 0} == record["services"][0]
    again = await crm.get(f"/api/v1/record/1/{record['id']}")
    assert again.json() == {"success": True, "data": record, "meta": []}


async def test_a_naive_start_is_taken_on_the_branch_s_clock(crm: httpx.AsyncClient) -> None:
    [record] = (await book(crm, datetime="2026-12-01 10:00:00")).json()["data"]

    assert record["datetime"] == "2026-12-01T10:00:00+03:00"


@pytest.mark.parametrize(
    "missing", ["staff_id", "services", "client", "datetime", "seance_length", "save_if_busy", "send_sms"]
)
async def test_each_of_the_seven_fields_is_asked_for(
    crm: httpx.AsyncClient, simulator: Simulator, missing: str
) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}

    answer = await crm.post("/api/v1/records/1", json=body)

    assert answer.status_code == 422
    assert answer.json()["success"] is False
    assert [list(error) for error in answer.json()["meta"]["errors"]] == [[missing]]
    assert simulator.records() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff_id": "5"},
        {"staff_id": 0},
        {"services": [{"id": 3, "cost": "1500"}]},
        {"client": {"phone": 79161234567}},
        {"datetime": "2026-12-01"},
        {"datetime": 1700000000},
        {"seance_length": 0},
        {"seance_length": 10**12},
        {"save_if_busy": 1},
        {"send_sms": "no"},
        {"api_id": 777},
    ],
)
async def test_a_field_of_a_wrong_type_is_refused(crm: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    assert (await book(crm, **wrong)).status_code == 422


async def test_a_body_that_is_not_json_is_refused(crm: httpx.AsyncClient) -> None:
    assert (await crm.post("/api/v1/records/1", content=b"{")).status_code == 400
    assert (await crm.post("/api/v1/records/1", content=b"[]")).status_code == 422


async def test_a_busy_master_is_refused_unless_told_to_save_anyway(crm: httpx.AsyncClient) -> None:
    await book(crm)

    refused = await book(crm, datetime="2026-12-01 10:59:00")

    assert refused.status_code == 409
    assert refused.json() == {
        "success": False,
        "data": None,
        "meta": {"message": "Мастер занят или не работает: 2026-12-01 10:59", "conflict": True},
    }
    assert (await book(crm, datetime="2026-12-01 11:00:00")).status_code == 201
    assert (await book(crm, staff_id=6)).status_code == 201
    assert (await book(crm, save_if_busy=True)).status_code == 201


async def test_a_deleted_record_stays_readable_frees_its_time_and_cannot_be_deleted_twice(
    crm: httpx.AsyncClient, clock: SteppingClock
) -> None:
    [record] = (await book(crm)).json()["data"]
    clock.pass_(timedelta(hours=1))

    gone = await crm.delete(f"/api/v1/record/1/{record['id']}")

    assert (gone.status_code, gone.content) == (204, b"")
    left = (await crm.get(f"/api/v1/record/1/{record['id']}")).json()["data"]
    assert left == record | {"deleted": True, "last_change_date": "2026-12-01T01:30:00+0300"}
    assert (await crm.delete(f"/api/v1/record/1/{record['id']}")).status_code == 404
    assert await listed(crm) == []
    assert await listed(crm, with_deleted="1") == [record["id"]]
    assert (await book(crm)).status_code == 201


async def test_an_unknown_record_and_an_unknown_call_are_not_found_in_the_crm_s_words(crm: httpx.AsyncClient) -> None:
    for path in ("/api/v1/record/1/5", "/api/v2/anything", "/api/v1/records/1/"):
        answer = await crm.get(path)
        assert answer.status_code == 404
        assert answer.json()["meta"]["message"] == "Не найдено"


async def test_a_listing_comes_in_pages_with_the_count_of_all(crm: httpx.AsyncClient) -> None:
    for hour in (10, 11, 12):
        await book(crm, datetime=f"2026-12-01 {hour}:00:00")

    async def page(number: int) -> Any:
        return (await crm.get("/api/v1/records/1", params={"page": number, "count": 200})).json()

    pages = [await page(number) for number in (1, 2, 3)]
    assert [len(answer["data"]) for answer in pages] == [2, 1, 0]
    assert pages[0]["meta"] == {"page": 1, "total_count": 3}
    assert (await crm.get("/api/v1/records/1", params={"page": 0})).status_code == 422


async def test_a_listing_is_filtered_by_visit_creation_change_and_master(
    crm: httpx.AsyncClient, clock: SteppingClock
) -> None:
    [old] = (await book(crm)).json()["data"]
    clock.pass_(timedelta(days=2))
    [new] = (await book(crm, staff_id=6, datetime="2026-12-20 10:00:00")).json()["data"]
    old_id, new_id = old["id"], new["id"]
    assert await listed(crm, start_date="2026-12-02") == [new_id]
    assert await listed(crm, start_date="2026-12-01", end_date="2026-12-01") == [old_id]
    assert await listed(crm, c_start_date="2026-12-01", c_end_date="2026-12-01") == [old_id]
    assert await listed(crm, c_start_date="2026-12-02") == [new_id]
    assert await listed(crm, staff_id="6") == [new_id]
    assert await listed(crm, changed_after="2026-12-02T00:00:00") == [new_id]
    assert (await crm.get("/api/v1/records/1", params={"start_date": "soon"})).status_code == 422


@pytest.mark.parametrize(
    ("authorization", "status", "message"),
    [
        ("", 401, "Не указаны авторизационные данные"),
        ("Bearer another, User simulated-user-token", 401, "Не указан идентификатор партнера"),
        ("Bearer simulated-partner-token", 401, "Необходима авторизация"),
        ("Bearer simulated-partner-token, User another", 403, "Нет прав на управление филиалом 1"),
    ],
)
async def test_a_caller_without_the_right_tokens_is_refused_as_the_crm_does_it(
    crm: httpx.AsyncClient, authorization: str, status: int, message: str
) -> None:
    answer = await crm.post("/api/v1/records/1", json=BODY, headers={"Authorization": authorization})

    assert answer.status_code == status
    assert answer.json() == {"success": False, "data": None, "meta": {"message": message}}


async def test_another_branch_is_refused(crm: httpx.AsyncClient) -> None:
    for path in ("/api/v1/records/2", "/api/v1/company/2/"):
        assert (await crm.get(path)).status_code == 403


async def test_the_partner_s_number_is_asked_for_where_it_is_set() -> None:
    transport = httpx.ASGITransport(app=Simulator(partner_id="42"))
    async with httpx.AsyncClient(transport=transport, base_url="http://crm", headers=HEADERS) as crm:
        without_it = await crm.get("/api/v1/company/1/")
        with_it = await crm.get("/api/v1/company/1/", headers={"X-Partner-Id": "42"})

    assert (without_it.status_code, with_it.status_code) == (401, 200)


async def test_the_branch_tells_its_zone_with_and_without_the_closing_slash(crm: httpx.AsyncClient) -> None:
    for path in ("/api/v1/company/1/", "/api/v1/company/1"):
        assert (await crm.get(path)).json()["data"]["timezone_name"] == "Europe/Moscow"


async def test_calls_are_limited_by_the_second_and_by_the_minute(clock: SteppingClock) -> None:
    simulator = Simulator(limits=Limits(per_second=2, per_minute=4), monotonic=lambda: clock.seconds)
    transport = httpx.ASGITransport(app=simulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://crm", headers=HEADERS) as crm:

        async def call(after: float) -> tuple[int, str | None]:
            clock.pass_(timedelta(seconds=after))
            answer = await crm.get("/api/v1/company/1/")
            return answer.status_code, answer.headers.get("retry-after")

        assert [await call(0), await call(0.5)] == [(200, None), (200, None)]
        assert await call(0) == (429, "1")
        assert [await call(0.5), await call(0.5)] == [(200, None), (200, None)]
        assert await call(1) == (429, "58")
        assert await call(57.5) == (200, None)
    assert simulator.counts().rate_limited == 2


async def test_the_switch_cuts_the_api_off_as_in_july_2025(crm: httpx.AsyncClient, simulator: Simulator) -> None:
    await crm.post("/simulator/mode", json={"mode": "auth"})

    answer = await book(crm)

    assert (answer.status_code, answer.json()["meta"]["message"]) == (401, "Не указан идентификатор партнера")
    assert simulator.records() == []


async def test_the_switch_refuses_what_it_does_not_know(crm: httpx.AsyncClient, simulator: Simulator) -> None:
    for turn in ({"mode": "broken"}, {"mode": "off", "drop_share": 2}, {}):
        assert (await crm.post("/simulator/mode", json=turn)).status_code == 422
    assert simulator.mode == "ok"


async def test_the_salon_s_staff_can_write_and_strike_out_by_hand(crm: httpx.AsyncClient) -> None:
    await book(crm)

    by_hand = {"staff_id": 5, "datetime": "2026-12-01 10:00:00", "seance_length": 3600}
    mark = await crm.post("/simulator/records", json=by_hand)

    assert mark.status_code == 201
    assert (mark.json()["client"], mark.json()["services"], mark.json()["api_id"]) == (None, [], "")
    struck = await crm.post(f"/simulator/records/{mark.json()['id']}/delete")
    assert struck.json()["deleted"] is True
    assert (await crm.post(f"/simulator/records/{mark.json()['id']}/delete")).status_code == 404
    assert (await crm.post("/simulator/records", json={"staff_id": 5})).status_code == 422


async def test_it_can_be_watched_without_being_counted_and_the_journal_holds_nothing_personal(
    crm: httpx.AsyncClient, simulator: Simulator, clock: SteppingClock
) -> None:
    await book(crm)
    await crm.get("/api/v1/records/1", params={"client_phone": "79161234567"})

    seen = (await crm.get("/simulator")).json()

    assert seen["mode"] == "ok"
    assert seen["counts"] == {"requests": 2, "rate_limited": 0, "hung_up": 0, "records": 1, "deleted": 0}
    assert seen["records"] == simulator.records()
    assert [(call["method"], call["path"], call["status"]) for call in seen["journal"]] == [
        ("POST", "/api/v1/records/1", 201),
        ("GET", "/api/v1/records/1", 200),
    ]
    assert simulator.journal()[0].at == clock.now
