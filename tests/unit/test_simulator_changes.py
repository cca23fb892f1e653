"""How the simulated Yclients changes a record: by PUT as a full replacement, and by staff's own hands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from sync.simulator import Limits, Simulator
from tests.unit.test_simulator import BODY, HEADERS, book


@pytest.fixture
async def crm() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Simulator(limits=Limits(1_000, 1_000)))
    async with httpx.AsyncClient(transport=transport, base_url="http://crm", headers=HEADERS) as client:
        yield client


async def made(crm: httpx.AsyncClient) -> int:
    return int((await book(crm)).json()["data"][0]["id"])


async def change(crm: httpx.AsyncClient, record_id: int, **changed: object) -> httpx.Response:
    return await crm.put(f"/api/v1/record/1/{record_id}", json=BODY | changed)


async def test_a_change_answers_a_smaller_record_under_201(crm: httpx.AsyncClient) -> None:
    answer = await change(crm, await made(crm), datetime="2026-12-01T15:00:00+03:00", staff_id=6)

    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["date"], data["staff"]["id"], "staff_id" in data) == ("2026-12-01 15:00:00", 6, False)


async def test_a_change_is_a_full_replacement_and_a_part_is_refused(crm: httpx.AsyncClient) -> None:
    record_id = await made(crm)

    part = await crm.put(f"/api/v1/record/1/{record_id}", json={"datetime": "2026-12-01 15:00:00"})
    await change(crm, record_id, services=[], datetime="2026-12-01 15:00:00")

    assert part.status_code == 422
    after = (await crm.get(f"/api/v1/record/1/{record_id}")).json()["data"]
    assert (after["services"], after["date"]) == ([], "2026-12-01 15:00:00")


async def test_its_own_old_time_and_others_are_busy_unless_it_is_to_be_saved_anyway(crm: httpx.AsyncClient) -> None:
    record_id = await made(crm)
    await book(crm, datetime="2026-12-01 15:00:00")

    for start in ("2026-12-01 10:30:00", "2026-12-01 15:30:00"):
        assert (await change(crm, record_id, datetime=start)).status_code == 409
        assert (await change(crm, record_id, datetime=start, save_if_busy=True)).status_code == 201


async def test_what_was_removed_or_never_was_cannot_be_changed(crm: httpx.AsyncClient) -> None:
    record_id = await made(crm)
    await crm.delete(f"/api/v1/record/1/{record_id}")

    assert (await change(crm, record_id)).status_code == 404
    assert (await change(crm, 77)).status_code == 404


async def test_a_move_by_hand_loses_the_callers_number(crm: httpx.AsyncClient) -> None:
    record_id = await made(crm)

    moved = await crm.post(
        f"/simulator/records/{record_id}/move", json={"starts_at": "2026-12-01T18:00:00+05:00", "staff_id": 6}
    )

    assert (moved.json()["date"], moved.json()["staff_id"], moved.json()["api_id"]) == ("2026-12-01 18:00:00", 6, "")
    place = {"starts_at": "2026-12-01T18:00:00", "staff_id": 6}
    assert (await crm.post("/simulator/records/77/move", json=place)).status_code == 404
    assert (await crm.post(f"/simulator/records/{record_id}/move", json={"staff_id": 6})).status_code == 422
