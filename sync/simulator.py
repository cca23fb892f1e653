"""A Yclients that runs on this machine over real HTTP, with outages at the turn of a switch.

It keeps a diary, checks tokens, limits calls and refuses what the real one is known to refuse; where the vendor
documents nothing, it does what outside teams have seen. It speaks the CRM's words, being the other side of `sync.wire`.
Under `/simulator` it can be watched and switched from other processes; `python -m sync.simulator` runs it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from sync.simulator_api import DiaryApi, refused
from sync.simulator_gate import (
    CUT_OFF,
    NOT_FOUND,
    PARTNER_TOKEN,
    USER_TOKEN,
    Keys,
    Limits,
    Mode,
    OutageSwitch,
    RateWindow,
    Refusal,
)
from sync.simulator_levers import levers
from sync.simulator_server import hang_up, running, serve
from sync.simulator_state import Diary, Json, NewEntry, NoSuchRecordError, Wanted

__all__ = ["Call", "Counts", "Limits", "Mode", "NewEntry", "NoSuchRecordError", "Simulator", "main", "running", "serve"]

_WRITES = frozenset({"POST", "PUT", "DELETE"})
_JOURNAL_LENGTH = 10_000
_EVERYTHING = Wanted(with_deleted=True)


class Call(msgspec.Struct, frozen=True):
    """One request as it was answered; `status` None when the connection was broken instead. No query, no body."""

    method: str
    path: str
    status: int | None
    at: datetime


class Counts(msgspec.Struct, frozen=True):
    """How much has happened since the start."""

    requests: int
    rate_limited: int
    hung_up: int
    records: int
    deleted: int


class Simulator:
    """An ASGI application and, for whoever runs it in the same process, its levers.

    Each call takes `delay` seconds, half before its work and half after. `answers_as` is the form of a new record's
    `data`: the vendor documents an array, running code has met an object.
    `clock` gives aware instants for creation and change; `monotonic` seconds for the limit on calls.
    """

    def __init__(
        self,
        *,
        company_id: int = 1,
        zone: ZoneInfo | None = None,
        partner_token: str = PARTNER_TOKEN,
        user_token: str = USER_TOKEN,
        partner_id: str = "",
        limits: Limits | None = None,
        most_per_page: int = 300,
        answers_as: Literal["array", "object"] = "array",
        delay: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.company_id, self.zone = company_id, zone or ZoneInfo("Europe/Moscow")
        self._keys = Keys(company_id, partner_token, user_token, partner_id)
        self._window = RateWindow(limits or Limits(), monotonic)
        self._switch = OutageSwitch()
        self._diary = Diary(company_id, self.zone, clock)
        self._clock, self._delay = clock, delay
        self._lock = threading.Lock()
        self._journal: deque[Call] = deque(maxlen=_JOURNAL_LENGTH)
        self._requests = self._rate_limited = self._hung_up = 0
        api = DiaryApi(self._diary, company_id, self.zone, most_per_page, answers_as)
        self._app = Starlette(routes=self._routes(api))
        # A redirect to the path with its closing slash would hide a wrong address.
        self._app.router.redirect_slashes = False

    @property
    def mode(self) -> Mode:
        """The present outage; `ok` for none."""
        return self._switch.mode

    @property
    def drop_share(self) -> float:
        """The share of answers to writes that `drop_after_write` loses."""
        return self._switch.drop_share

    def set_mode(self, mode: Mode, *, drop_share: float = 1.0, seed: int = 0) -> None:
        """Turns the switch; `drop_share` of the writes lose their answers in `drop_after_write`. Raises ValueError."""
        self._switch.set(mode, drop_share=drop_share, seed=seed)

    def records(self) -> list[Json]:
        """The whole diary as the API would show it, deleted records too."""
        return self._diary.records(_EVERYTHING)

    def add_by_hand(self, new: NewEntry) -> Json:
        """What the salon's staff write into the diary themselves; they may overbook."""
        return self._diary.add(new, is_by_hand=True)

    def remove_by_hand(self, record_id: int) -> Json | None:
        """What the salon's staff strike out; None if it is not there any more."""
        return self._diary.remove(record_id)

    def move_by_hand(self, record_id: int, starts_at: datetime, staff_id: int) -> Json:
        """What the salon's staff drag to another place; `starts_at` naive. Raises NoSuchRecordError."""
        return self._diary.move_by_hand(record_id, starts_at, staff_id)

    def comment_by_hand(self, record_id: int, comment: str) -> Json:
        """What the salon's staff note down in a record. Raises NoSuchRecordError."""
        return self._diary.comment_by_hand(record_id, comment)

    def journal(self) -> list[Call]:
        """The API's latest calls, oldest first."""
        with self._lock:
            return list(self._journal)

    def counts(self) -> Counts:
        """How many calls there were, and what came of them."""
        records = self.records()
        deleted = sum(1 for record in records if record["deleted"])
        with self._lock:
            return Counts(self._requests, self._rate_limited, self._hung_up, len(records), deleted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: the switches and the gate stand before `/api/`, nothing before `/simulator`."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
        elif self._switch.mode == "off":
            self._note(scope, None)
            await hang_up(scope, receive)
        elif self._switch.mode == "redirect":
            # As its host was seen to do when the API was cut off.
            self._note(scope, 301)
            await RedirectResponse("http://127.0.0.1:9/elsewhere", status_code=301)(scope, receive, send)
        elif (refusal := self._refusal(scope)) is not None:
            self._note(scope, refusal.status)
            await refused(refusal)(scope, receive, send)
        else:
            await self._admitted(scope, receive, send)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer is held back until it is decided whether it may be lost; the work is done by then."""
        answer: list[Message] = []

        async def hold_back(message: Message) -> None:
            answer.append(message)

        await asyncio.sleep(self._delay / 2)
        try:
            await self._app(scope, receive, hold_back)
        except ClientDisconnect:
            self._note(scope, None)  # the caller died in the middle of its request: nothing was written
            return
        await asyncio.sleep(self._delay / 2)
        status = int(answer[0]["status"])
        if scope["method"] in _WRITES and status < 300 and self._switch.drops_this_answer():
            self._note(scope, None)
            await hang_up(scope, receive)
            return
        self._note(scope, status)
        for message in answer:
            await send(message)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._window.refusal()
        if refused is None and self._switch.mode == "auth":
            refused = CUT_OFF
        if refused is None and self._switch.mode == "not_found":
            refused = NOT_FOUND
        return refused or self._keys.refusal(scope["path"], headers)

    def _note(self, scope: Scope, status: int | None) -> None:
        with self._lock:
            self._requests += 1
            self._rate_limited += status == 429
            self._hung_up += status is None
            self._journal.append(Call(scope["method"], scope["path"], status, self._clock()))

    def _routes(self, api: DiaryApi) -> list[Route]:
        return [*api.routes(), *levers(self)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a simulator alone until SIGTERM or SIGINT; prints its URL, one line, once it answers."""
    parser = argparse.ArgumentParser(prog="python -m sync.simulator", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes any free one")
    parser.add_argument("--company", type=int, default=1)
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("Europe/Moscow"))
    parser.add_argument("--partner-token", default=PARTNER_TOKEN)
    parser.add_argument("--user-token", default=USER_TOKEN)
    parser.add_argument("--partner-id", default="")
    parser.add_argument("--per-second", type=int, default=5, help="calls allowed in any second")
    parser.add_argument("--per-minute", type=int, default=200, help="calls allowed in any minute")
    parser.add_argument("--delay", type=float, default=0.0, help="how many seconds each call takes")
    chosen = parser.parse_args(arguments)
    simulator = Simulator(
        company_id=chosen.company,
        zone=chosen.zone,
        partner_token=chosen.partner_token,
        user_token=chosen.user_token,
        partner_id=chosen.partner_id,
        limits=Limits(chosen.per_second, chosen.per_minute),
        delay=chosen.delay,
    )
    # The server gives a signal it was stopped by back to its former handler.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: sys.exit(0))
    serve(simulator, port=chosen.port, on_ready=_print_line)


def _print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
