"""The way from our processes to the simulated CRM: it takes time, is watched, and is where processes freeze or die."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import msgspec

from sync.simulator import Simulator
from sync.simulator.faults import Fault
from sync.steps import Point
from sync.transport import RequestLostError
from tests.campaign.births import Births
from tests.campaign.hand import Hand

HOST = "crm.test"
ELSEWHERE = "another host"
OnTheWire = Callable[[str, Point], None]


@dataclass(frozen=True)
class Sent:
    """One request as the CRM's side of the line saw it; `at` by the stopwatch when it arrived there."""

    at: float
    method: str
    path: str
    api_id: str
    status: int | None
    said: str
    faults: tuple[Fault, ...]
    caller: str
    mode: str

    def __str__(self) -> str:
        faults = f" [{', '.join(self.faults)}]" if self.faults else ""
        what = f"{self.method} {self.path}{f' api_id={self.api_id}' if self.api_id else ''}"
        mode = "" if self.mode == "ok" else f" ({self.mode})"
        return f"{self.at:10.2f}s {self.caller}: {what} -> {self.status or 'lost'}{mode}{faults} {self.said}".rstrip()


class Journal:
    """Every request of every process, in the order in which they reached the CRM."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def about(self, *texts: str) -> list[Sent]:
        """The requests that carry one of these numbers."""
        return [one for one in self.sent if any(text in one.path or text == one.api_id for text in texts)]


class Line(httpx.BaseTransport):
    """One process's way to the CRM: over `inner`, with the time it takes; `on_the_wire` may freeze or end the caller.

    A request to any other host than the CRM's is noted and answered as a stranger might.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        simulator: Simulator,
        journal: Journal,
        births: Births,
        hand: Hand,
        dice: random.Random,
        caller: str,
        deadline: float,
        on_the_wire: OnTheWire,
    ) -> None:
        self._inner, self._simulator, self._journal, self._births = inner, simulator, journal, births
        self._hand, self._dice, self._caller, self._deadline = hand, dice, caller, deadline
        self._on_the_wire = on_the_wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        doing = _DOING.get(request.method, "")
        if request.url.host not in (HOST, "127.0.0.1") or request.url.port == _NOWHERE:
            self._note(request, 200, ELSEWHERE, ())
            return httpx.Response(200, json={"success": True, "data": []})
        if doing:
            self._on_the_wire(doing, Point.REQUEST_LEFT)
        self._hand.turn(self._dice.uniform(0.02, 0.15))
        heard, api_id = len(self._simulator.journal()), _api_id(request)
        was_given_up = request.method == "POST" and api_id in map(str, self._births.given_up())
        lost: RequestLostError | None = None
        try:
            response = self._inner.handle_request(request)
        except RequestLostError as error:
            lost, response = error, httpx.Response(0)
        self._note(
            request, None if lost else response.status_code, lost.reason if lost else "", self._faults_since(heard)
        )
        if lost is not None and "deadline" in lost.reason:
            self._hand.turn(self._deadline)
        if was_given_up:
            # An earlier create of the same booking arrives after this one, if it ever does.
            self._births.land(api_id)
        if doing:
            self._on_the_wire(doing, Point.CRM_WROTE)
        self._hand.turn(self._dice.uniform(0.02, 0.15))
        if lost is not None:
            raise lost
        return response

    def _faults_since(self, heard: int) -> tuple[Fault, ...]:
        return tuple(fault for call in self._simulator.journal()[heard:] for fault in call.faults)

    def _note(self, request: httpx.Request, status: int | None, said: str, faults: tuple[Fault, ...]) -> None:
        at, mode = self._hand.stopwatch(), self._simulator.mode
        api_id = _api_id(request)
        path = request.url.raw_path.decode("ascii")
        self._journal.sent.append(Sent(at, request.method, path, api_id, status, said, faults, self._caller, mode))


_DOING = {"POST": "create", "PUT": "move", "DELETE": "cancel"}
_NOWHERE = 9  # the port of the place an API that was cut off redirects to


def _api_id(request: httpx.Request) -> str:
    body = request.read()
    decoded = msgspec.json.decode(body) if body else {}
    return str(decoded.get("api_id", ""))
