"""A simulated CRM without a socket, by a clock that stands still, and what a caller of its API says to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any  # JSON from the wire, looked into key by key

import httpx

from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Catalog, Fault, Faults, Limits, Simulator, simulator_line
from sync.simulator.hooks import Carry

AUTHORIZATION = f"Bearer {PARTNER_TOKEN}, User {USER_TOKEN}"
BOOKING: dict[str, object] = {
    "staff_id": 101,
    "services": [{"id": 2001, "first_cost": 2500, "discount": 0, "cost": 2500}],
    "client": {"phone": "79161234567", "name": "Аня"},
    "datetime": "2026-12-01T10:00:00+03:00",
    "seance_length": 3600,
    "save_if_busy": False,
    "send_sms": False,
    "api_id": "777",
}


class SimulatedCrm:
    """A simulator and a caller on its line; `asked` gives the answer, or None when the request was lost."""

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        catalog: Catalog | None = None,
        carry_hook: Carry | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.now = datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
        self.seconds = 0.0
        self.simulator = Simulator(
            limits=limits or Limits(100_000, 1_000_000),
            clock=lambda: self.now,
            monotonic=lambda: self.seconds,
            faults=faults,
            catalog=catalog,
            carry_hook=carry_hook,
        )
        self.http = httpx.Client(
            transport=simulator_line(self.simulator),
            base_url="http://crm",
            headers={"Authorization": AUTHORIZATION},
            trust_env=False,
        )

    def pass_(self, time: timedelta) -> None:
        self.now += time
        self.seconds += time.total_seconds()

    def asked(self, method: str, path: str, body: object = None, **query: Any) -> httpx.Response | None:
        try:
            return self.http.request(method, f"/api/v1/{path}", json=body, params=query or None)
        except httpx.TransportError:
            return None

    def answer(self, method: str, path: str, body: object = None, **query: Any) -> httpx.Response:
        answer = self.asked(method, path, body, **query)
        assert answer is not None
        return answer

    def data(self, path: str, **query: Any) -> Any:
        answer = self.answer("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def book(self, **changed: object) -> httpx.Response | None:
        return self.asked("POST", "records/1", BOOKING | changed)

    def booked(self, **changed: object) -> int:
        """Books where nothing goes wrong; the record's number."""
        answer = self.book(**changed)
        assert answer is not None
        assert answer.status_code == 201, answer.text
        return self.simulator.entries()[-1].record_id

    def move(self, record_id: int, to: str, **changed: object) -> httpx.Response | None:
        return self.asked("PUT", f"record/1/{record_id}", BOOKING | {"datetime": to} | changed)


def always(fault: Fault, **durations: float) -> Faults:
    """A fault that befalls every request it can."""
    return Faults(1, {fault: 1.0}, **durations)  # type: ignore[arg-type]  # the durations' own names


def keys(record: Mapping[str, object]) -> set[str]:
    return set(record)
