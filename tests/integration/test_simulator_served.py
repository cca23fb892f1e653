"""The simulator over real connections: the same faults as on the line without sockets, and notices that travel."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any  # JSON from the wire

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.simulator import FAULTS, Faults, HookSettings, Limits, NewEntry, Rule, Simulator, running, simulator_line
from sync.transport import BoundedTransport, RequestLostError
from tests.simulated import AUTHORIZATION, BOOKING, always

NOW = datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
TEN = datetime(2026, 12, 1, 10)  # noqa: DTZ001 - a wall clock


@pytest.fixture(autouse=True)
def undocumented() -> list[str]:
    """Here the simulator is spoken to by hand, and with levers no CRM has: what is sent need not be as documented."""
    return []


def simulated(faults: Faults | None = None) -> Simulator:
    return Simulator(limits=Limits(10_000, 100_000), clock=lambda: NOW, faults=faults)


def caller(url: str, transport: httpx.BaseTransport) -> httpx.Client:
    headers = {"Authorization": AUTHORIZATION}
    return httpx.Client(base_url=url, transport=transport, headers=headers, timeout=30, trust_env=False)


@contextmanager
def served(simulator: Simulator, *, seconds: float = 5) -> Iterator[httpx.Client]:
    with running(simulator) as url, caller(url, BoundedTransport(timedelta(seconds=seconds))) as http:
        yield http


def story(http: httpx.Client) -> list[str]:
    """What some ninety requests meet."""
    met = []
    for number in range(30):
        hour = TEN + timedelta(hours=number)
        body = BOOKING | {"datetime": f"{hour:%Y-%m-%d %H:%M:%S}", "api_id": str(number)}
        record = f"/api/v1/record/1/{1_000_001 + number // 2}"
        for method, path, sent in (
            ("POST", "/api/v1/records/1", body),
            ("GET", "/api/v1/records/1", None),
            ("DELETE", record, None),
        ):
            try:
                answer = http.request(method, path, json=sent)
            except RequestLostError:
                met.append("lost")
            else:
                met.append(f"{answer.status_code} {answer.headers.get('retry-after')} {answer.text}")
    return met


def test_the_line_without_sockets_and_the_network_meet_the_same_answers_and_the_same_losses() -> None:
    def faults() -> Faults:
        # A late write is done when its time has come, and here time goes at two speeds.
        return Faults(4, {fault: 0.06 for fault in FAULTS if fault != "late"}, slow_seconds=0)

    on_the_line, over_http = simulated(faults()), simulated(faults())
    with caller("http://crm", simulator_line(on_the_line)) as http:
        quick = story(http)
    with served(over_http) as http:
        slow = story(http)

    assert quick == slow
    assert on_the_line.records() == over_http.records()
    assert on_the_line.faults.counts() == over_http.faults.counts()
    assert "lost" in quick
    assert [(call.status, call.faults) for call in on_the_line.journal()] == [
        (call.status, call.faults) for call in over_http.journal()
    ]


@pytest.mark.parametrize(("fault", "records"), [("slow_before", 0), ("slow_after", 1)])
def test_a_slow_answer_comes_after_the_caller_s_deadline_and_holds_nobody_else_up(fault: Any, records: int) -> None:
    simulator = simulated(Faults(rules=[Rule(fault, times=1)], slow_seconds=60))
    with served(simulator, seconds=0.3) as http:
        began = time.monotonic()
        with pytest.raises(RequestLostError) as lost:
            http.post("/api/v1/records/1", json=BOOKING)
        taken = time.monotonic() - began
        assert http.get("/api/v1/records/1").status_code == 200

    assert (lost.value.reason, lost.value.sent) == ("the deadline has passed", True)
    assert 0.25 < taken < 5
    assert len(simulator.records()) == records


def test_a_slow_answer_breaks_off_by_itself_when_nobody_gives_up() -> None:
    slow = simulated(Faults(1, {"slow_before": 1.0}, slow_seconds=0.2))
    with served(slow) as http, pytest.raises(RequestLostError) as lost:
        http.get("/api/v1/records/1")

    assert lost.value.reason != "the deadline has passed"


def test_a_truncated_answer_promises_more_than_comes() -> None:
    with served(simulated(always("truncated"))) as http, pytest.raises(RequestLostError) as lost:
        http.post("/api/v1/records/1", json=BOOKING)

    assert lost.value.sent


def test_faults_and_the_account_are_levers_over_http_too() -> None:
    with served(simulated()) as http:
        set_ = http.post("/simulator/faults", json={"seed": 3, "shares": {"html_before": 1.0}})
        struck = http.get("/api/v1/records/1")
        seen = http.get("/simulator").json()
        wrong = http.post("/simulator/faults", json={"shares": {"latte": 1}})
        http.post("/simulator/faults", json={})
        stand = http.post(
            "/simulator/account", json={"withdrawn": ["delete_records_access"], "licence": 402, "blacklist": ["+7 1"]}
        )
        unpaid = http.get("/api/v1/records/1")
        nonsense = http.post("/simulator/account", json={"withdrawn": ["everything"]})
        again = http.post("/simulator/account", json={})

    assert set_.json() == {"seed": 3, "rules": 1}
    assert struck.status_code == 502
    assert (seen["faults"], seen["journal"][0]["faults"]) == ({"html_before": 1}, ["html_before"])
    assert (wrong.status_code, "latte" in wrong.json()["error"]) == (422, True)
    assert stand.json() == {
        "withdrawn": ["delete_records_access"],
        "licence": 402,
        "blacklisted": 1,
        "minds_own_time": True,
    }
    assert (unpaid.status_code, nonsense.status_code) == (402, 422)
    assert again.json() == {"withdrawn": [], "licence": None, "blacklisted": 0, "minds_own_time": True}


def test_the_catalogue_is_a_lever_too() -> None:
    massage = {"service_id": 5, "title": "Массаж", "price": 3000, "seconds": 5400, "staff_ids": [8]}
    zoe = {"staff_id": 8, "name": "Зоя", "week": {"1": [["09:00:00", "13:00:00"]]}, "days": {"2026-12-08": []}}
    with served(simulated()) as http:
        changed = http.post(
            "/simulator/catalog",
            json={"services": [massage], "staff": [zoe], "removed_services": [2001], "dismissed": [104]},
        )
        wrong = http.post("/simulator/catalog", json={"services": [{}]})
        titles = [one["title"] for one in http.get("/api/v1/company/1/services").json()["data"]]
        fired = [one["id"] for one in http.get("/api/v1/company/1/staff").json()["data"] if one["fired"]]
        days = {"start_date": "2026-12-01", "end_date": "2026-12-08", "staff_ids[]": "8"}
        schedule = http.get("/api/v1/company/1/staff/schedule", params=days).json()["data"]

    assert (changed.json(), wrong.status_code) == ({"services": 12, "staff": 5}, 422)
    assert ("Массаж" in titles, "Женская стрижка" in titles, fired) == (True, False, [104])
    assert [day["slots"] for day in schedule if day["slots"]] == [[{"from": "09:00", "to": "13:00"}]]


class Receiver:
    """Takes notices over HTTP."""

    def __init__(self) -> None:
        self.notices: queue.Queue[Any] = queue.Queue()
        self.app = Starlette(routes=[Route("/hooks", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.notices.put(await request.json())
        return Response(status_code=500)

    def next(self) -> Any:
        return self.notices.get(timeout=10)


def test_a_notice_is_posted_once_whatever_the_receiver_answers() -> None:
    receiver, simulator = Receiver(), simulated()
    with running(receiver.app) as url:
        simulator.hooks.settings = HookSettings((f"{url}/hooks",))
        record = simulator.add_by_hand(NewEntry(101, TEN, 3600))
        first = receiver.next()
        simulator.add_by_hand(NewEntry(102, TEN, 3600))
        second = receiver.next()

    assert first == {
        "company_id": 1,
        "resource": "record",
        "resource_id": record["id"],
        "status": "create",
        "data": record,
    }
    assert second["resource_id"] == 1_000_002
    assert receiver.notices.empty()
    assert simulator.post.deliveries()[0].status == 500


def test_a_receiver_that_is_away_has_missed_it() -> None:
    receiver, simulator = Receiver(), simulated()
    simulator.hooks.settings = HookSettings(("http://127.0.0.1:9/hooks", "nowhere"))
    simulator.add_by_hand(NewEntry(101, TEN, 3600))
    with running(receiver.app) as url:
        simulator.hooks.settings = HookSettings((f"{url}/hooks",))
        simulator.remove_by_hand(1_000_001)
        told = receiver.next()

    assert told["status"] == "delete"
    assert [delivery.status for delivery in simulator.post.deliveries()][:2] == [None, None]


def test_a_notice_that_nothing_overtakes_comes_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.simulator.crm._HELD_SECONDS", 0.1)
    receiver, simulator = Receiver(), simulated(always("hook_overtaken"))
    with running(receiver.app) as url:
        simulator.hooks.settings = HookSettings((f"{url}/hooks",))
        simulator.add_by_hand(NewEntry(101, TEN, 3600))
        told = receiver.next()

    assert told["status"] == "create"
